{# The level of an organisation by its published name, from the level of the returns: TRUST, ICB, NATIONAL. #}
{% macro returns_organisation_level(level) -%}
    case when {{ level }} = 'NATIONAL' then 'england' else lower({{ level }}) end
{%- endmacro %}

{# The level of a provider: trust, or other_provider where dim_organisation (joined as `place`) knows no trust of its code. #}
{% macro provider_level(place) -%}
    case when {{ place }}.organisation_level = 'trust' then 'trust' else 'other_provider' end
{%- endmacro %}

{#
    The level of an organisation of a file that calls providers so and names the other levels itself.
    Inputs: level, that of the file; place, dim_organisation joined on its code, whose level a provider has.
#}
{% macro level_of_file(level, place) -%}
    case
        when {{ level }} <> 'provider' then {{ level }} else coalesce({{ place }}.organisation_level, 'other_provider')
    end
{%- endmacro %}

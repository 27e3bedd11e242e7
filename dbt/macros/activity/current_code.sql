{#
    The organisation of today that answers for a code; a code that no source knows stands for itself.
    Inputs: code; organisation, the alias of int_organisation_current or dim_organisation joined on it.
    NULL: where there is no single organisation of today.
#}
{% macro current_code(code, organisation) -%}
    case
        when {{ organisation }}.organisation_code is null
        then {{ code }}
        else {{ organisation }}.current_organisation_code
    end
{%- endmacro %}

{# The quintile of deprivation of a decile as the returns write it: `1` to `5`, `99` where the decile is not known. #}
{% macro returns_fifth(decile) -%}
    case when {{ decile }} = '99' then '99' else {{ quintile_of_decile(decile) }} end
{%- endmacro %}

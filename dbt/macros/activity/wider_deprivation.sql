{# The quintile of deprivation of a decile, as text: `1` for deciles 1 and 2. NULL where it is no number. #}
{% macro quintile_of_decile(decile) -%}
    cast(cast(ceil(try_cast({{ decile }} as integer) / 2.0) as integer) as string)
{%- endmacro %}

{# The most deprived quintile of England, `core20`, or the `rest`. A quintile that is not known is no group of these two. #}
{% macro core20_of_quintile(quintile) -%} case {{ quintile }} when '1' then 'core20' else 'rest' end {%- endmacro %}

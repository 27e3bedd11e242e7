{#
    Parts shared by the macros that take a relation. Such a macro renders a whole SELECT, to be put in brackets or in a
    CTE: `select * from ({{ slope_index(ref("int_x"), ["organisation_code"], "decile", "population", "value") }})`.

    group_by is a list of plain column names, or of {"expression": ..., "name": ...}; one result row per combination
    (NULL is its own group). An empty list makes the whole relation one group.
#}
{# The keys as a list of {"expression", "name"}. #}
{% macro measure_keys(group_by) -%}
    {%- set keys = [] -%}
    {%- for key in ([group_by] if group_by is string or group_by is mapping else group_by) -%}
        {%- do keys.append(key if key is mapping else {"expression": key, "name": key}) -%}
    {%- endfor -%}
    {{ return(keys) }}
{%- endmacro %}

{# "expression as name, " for each key: opens the select list over the caller's relation. #}
{% macro measure_key_columns(group_by) -%}
    {%- for key in measure_keys(group_by) -%} {{ key.expression }} as {{ key.name }}, {% endfor -%}
{%- endmacro %}

{# "name, " for each key, with an optional table alias: opens the select list over an inner CTE. #}
{% macro measure_key_names(group_by, alias=none) -%}
    {%- for key in measure_keys(group_by) -%} {{ alias ~ "." if alias }}{{ key.name }}, {% endfor -%}
{%- endmacro %}

{# "partition by a, b", or nothing without keys; `further` adds columns. #}
{% macro measure_partition(group_by, further=[]) -%}
    {%- set names = measure_keys(group_by) | map(attribute="name") | list + further -%}
    {{ return("partition by " ~ names | join(", ") if names else "") }}
{%- endmacro %}

{# "group by a, b", or nothing without keys; `further` adds columns. #}
{% macro measure_group_by(group_by, further=[]) -%}
    {%- set names = measure_keys(group_by) | map(attribute="name") | list + further -%}
    {{ return("group by " ~ names | join(", ") if names else "") }}
{%- endmacro %}

{# A Jinja true or false as a SQL literal; anything else is a SQL expression already. #}
{% macro measure_boolean(value) -%}
    {%- if value is boolean -%} {{ return("true" if value else "false") }} {%- endif -%} {{ return(value) }}
{%- endmacro %}

{#
    1 where every row of the aggregate fulfils the condition, else 0: a portable bool_and that counts NULL as
    unfulfilled.
#}
{% macro measure_all(condition) -%} min(case when {{ condition }} then 1 else 0 end) = 1 {%- endmacro %}

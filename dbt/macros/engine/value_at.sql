{#
    The expression in one row of a group. Both take a key that decides among rows that stand equal.

    value_at_largest: where `by` is largest, of several such rows the first in the order of `tie`; rows in which either is NULL do not count.
    value_at_last: in the last row of the order of the columns `by`, NULL where it is NULL there; none of `by` may be NULL.
#}
{% macro value_at_largest(expression, by, tie=none) -%}
    {{ return(adapter.dispatch("value_at_largest")(expression, by, tie or expression)) }}
{%- endmacro %}

{% macro default__value_at_largest(expression, by, tie) -%}
    get(
        array_sort(
            collect_list(named_struct('by', {{ by }}, 'tie', {{ tie }}, 'value', {{ expression }})) filter (
                where {{ by }} is not null and {{ expression }} is not null
            ),
            (a, b) -> case
                when a.by > b.by
                then -1
                when a.by < b.by
                then 1
                when a.tie < b.tie
                then -1
                when a.tie > b.tie
                then 1
                else 0
            end
        ),
        0
    ).value
{%- endmacro %}

{% macro duckdb__value_at_largest(expression, by, tie) -%}
    max_by({{ expression }}, {{ by }} order by {{ tie }})
{%- endmacro %}

{% macro value_at_last(expression, by) -%}
    {{ return(adapter.dispatch("value_at_last")(expression, by | join(", "))) }}
{%- endmacro %}

{% macro default__value_at_last(expression, by) -%} max_by({{ expression }}, struct({{ by }})) {%- endmacro %}

{% macro duckdb__value_at_last(expression, by) -%} last({{ expression }} order by {{ by }}) {%- endmacro %}

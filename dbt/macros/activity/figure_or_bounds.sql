{#
    A figure as three columns: itself, and its bounds (_low, _high) in its place where a hidden count stands in it.
    Inputs: column, its name; figure, an expression with {} for least and most; is_bounded, whether a count is hidden.
#}
{% macro figure_or_bounds(column, figure, is_bounded) -%}
    case when not {{ is_bounded }} then {{ figure.format("least") }} end as {{ column }},
    case when {{ is_bounded }} then {{ figure.format("least") }} end as {{ column }}_low,
    case when {{ is_bounded }} then {{ figure.format("most") }} end as {{ column }}_high
{%- endmacro %}

{#
    An aggregate (sum, avg, stddev_samp, ...) over doubles that gives the same last digit in every build.

    Inputs: function; expression, or the body of a call block where it is long. A filter or an over clause may follow.
    Method: the numbers are taken in the order of their own size, so nothing hangs on which thread met which row first. Adding
    doubles in another order changes the last digit: two first nightly runs of one estate differed in 2,607 of 41,952 values, and
    stddev_samp changes with the number of threads (DuckDB 1.5.6). Rounding before storing was left aside: it moves the point
    at which two builds differ and does not take it away, and thresholds before the store would still see the unrounded figure.
    Counts are whole numbers, whose sums are exact below 2^53: they need no order. It takes 6 to 9 times as long as a plain
    aggregate (2 million rows: 3 s), so it is for sums of products, shares, weights and squares.
    The macros of the published file are plain: DuckDB before 1.3 knows no order within a window, and their answers are not stored.
#}
{% macro in_order(function, expression=none) -%}
    {%- set numbers = (caller() if expression is none else expression) | trim -%}
    {{ return(adapter.dispatch("in_order")(function, numbers)) }}
{%- endmacro %}

{% macro default__in_order(function, numbers) -%} {{ return(function ~ "(" ~ numbers ~ ")") }} {%- endmacro %}

{% macro duckdb__in_order(function, numbers) -%}
    {%- if model is defined and model.resource_type == "analysis" -%}
        {{ return(default__in_order(function, numbers)) }}
    {%- endif -%}
    {{ return(function ~ "(" ~ numbers ~ " order by " ~ numbers ~ ")") }}
{%- endmacro %}

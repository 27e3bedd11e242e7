{# Days from one day to another; days begun are none. #}
{% macro days_between(first, last) -%} {{ return(adapter.dispatch("days_between")(first, last)) }} {%- endmacro %}

{% macro default__days_between(first, last) -%} datediff({{ last }}, {{ first }}) {%- endmacro %}

{% macro duckdb__days_between(first, last) -%} date_diff('day', {{ first }}, {{ last }}) {%- endmacro %}

{# Months from the month of one day to the month of another. dbt's own datediff counts whole months on Spark, and beginnings of months on DuckDB. #}
{% macro months_apart(first, last) -%} {{ return(adapter.dispatch("months_apart")(first, last)) }} {%- endmacro %}

{% macro default__months_apart(first, last) -%}
    cast(months_between(trunc({{ last }}, 'month'), trunc({{ first }}, 'month')) as bigint)
{%- endmacro %}

{% macro duckdb__months_apart(first, last) -%} date_diff('month', {{ first }}, {{ last }}) {%- endmacro %}

{# A day some days later, or earlier where the number (INTEGER) is below 0. #}
{% macro days_later(day, days) -%} {{ return(adapter.dispatch("days_later")(day, days)) }} {%- endmacro %}

{% macro default__days_later(day, days) -%} date_add({{ day }}, {{ days }}) {%- endmacro %}

{% macro duckdb__days_later(day, days) -%}({{ day }} + {{ days }}) {%- endmacro %}

{# A day some months later, or earlier where the number is below 0; the last day of a shorter month. The type is the engine's: cast it. #}
{% macro months_later(day, months) -%} {{ return(adapter.dispatch("months_later")(day, months)) }} {%- endmacro %}

{% macro default__months_later(day, months) -%} add_months({{ day }}, {{ months }}) {%- endmacro %}

{% macro duckdb__months_later(day, months) -%}({{ day }} + to_months({{ months }})) {%- endmacro %}

{# An expression that stops the query with these words (an expression of text) when a row comes to it. #}
{% macro stops(words) -%} {{ return(adapter.dispatch("stops")(words)) }} {%- endmacro %}

{% macro default__stops(words) -%} raise_error({{ words }}) {%- endmacro %}

{% macro duckdb__stops(words) -%} error({{ words }}) {%- endmacro %}

{# One row for each whole number from one to another, in the select list. #}
{% macro each_number(first, last) -%} {{ return(adapter.dispatch("each_number")(first, last)) }} {%- endmacro %}

{% macro default__each_number(first, last) -%} explode(sequence({{ first }}, {{ last }})) {%- endmacro %}

{% macro duckdb__each_number(first, last) -%} unnest(generate_series({{ first }}, {{ last }})) {%- endmacro %}

{# One row for each day, or each month (step), from one date to another, in the select list; both are dates. #}
{% macro each_day(first, last, step="day") -%}
    {{ return(adapter.dispatch("each_day")(first, last, step)) }}
{%- endmacro %}

{% macro default__each_day(first, last, step) -%}
    explode(sequence({{ first }}, {{ last }}, interval 1 {{ step }}))
{%- endmacro %}

{% macro duckdb__each_day(first, last, step) -%}
    cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 {{ step }})) as date)
{%- endmacro %}

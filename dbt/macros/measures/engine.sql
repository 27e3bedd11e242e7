{#
    Helpers that every measure is built on. What differs between engines stands here, behind adapter.dispatch, and
    nowhere else.

    Arguments of all measure macros: a Jinja string is a SQL expression (a column, mostly), a Jinja number is a literal.
    Literals are written with an exponent, because DuckDB reads `1.96` as DECIMAL(3, 2) and multiplies decimals exactly
    until they overflow, while it reads `1.96e0` as DOUBLE, as Spark does.
#}
{% macro measure_double(expression) -%} {{ return(adapter.dispatch("measure_double")(expression)) }} {%- endmacro %}

{% macro default__measure_double(expression) -%}
    {%- if expression is number -%}
        {%- set text = expression | string -%} {{ return(text if "e" in text else text ~ "e0") }}
    {%- endif -%}
    {{ return("cast(" ~ expression ~ " as double)") }}
{%- endmacro %}

{# True where the expression is neither NaN nor infinite; NULL where it is NULL. #}
{% macro measure_is_finite(expression) -%}
    {{ return(adapter.dispatch("measure_is_finite")(expression)) }}
{%- endmacro %}

{% macro default__measure_is_finite(expression) -%}
    {{ return("(abs(" ~ measure_double(expression) ~ ") <= 1.7976931348623157e308)") }}
{%- endmacro %}

{% macro duckdb__measure_is_finite(expression) -%}
    {{ return("isfinite(" ~ measure_double(expression) ~ ")") }}
{%- endmacro %}

{#
    The expression as text, in the engine's own type (DuckDB text, Spark string); a bare NULL of that type without an
    argument.
#}
{% macro measure_text(expression="null") -%}
    {{ return("cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")") }}
{%- endmacro %}

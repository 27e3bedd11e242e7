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

{#
    Square root of a variance, which rounding may bring just below 0 where it is 0: the root is 0 there. NULL stays NULL, which
    greatest(0, x) does not do: it skips what is not known and gives 0.
#}
{% macro measure_root(variance) -%}
    sqrt(case when {{ variance }} < 0e0 then 0e0 else {{ variance }} end)
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
    Logarithm of the gamma function of a number above 0. Where the engine has none: Lanczos' approximation with g = 7 and nine
    terms (relative error of the gamma function below 1e-14), so that limits made of it agree with scipy's to 1e-12.
#}
{% macro measure_log_gamma(expression) -%}
    {{ return(adapter.dispatch("measure_log_gamma")(expression)) }}
{%- endmacro %}

{% macro default__measure_log_gamma(expression) -%}
    {%- set terms = [
        "676.5203681218851e0",
        "-1259.1392167224028e0",
        "771.3234287776531e0",
        "-176.6150291621406e0",
        "12.507343278686905e0",
        "-0.13857109526572012e0",
        "9.984369578019572e-6",
        "1.5056327351493116e-7",
    ] -%}
    {%- set x = "(" ~ expression ~ ")" -%}
    (
        0.9189385332046727e0
        + ({{ x }} - 0.5e0) * ln({{ x }} + 6.5e0)
        - ({{ x }} + 6.5e0)
        + ln(0.9999999999998099e0 {%- for term in terms %} + {{ term }} / ({{ x }} + {{ loop.index0 }}e0) {%- endfor %})
    )
{%- endmacro %}

{% macro duckdb__measure_log_gamma(expression) -%} {{ return("lgamma(" ~ expression ~ ")") }} {%- endmacro %}

{#
    The expression as text, in the engine's own type (DuckDB text, Spark string); a bare NULL of that type without an
    argument.
#}
{% macro measure_text(expression="null") -%}
    {{ return("cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")") }}
{%- endmacro %}

{#
    A count, 0 or more, as DOUBLE where the reason is NULL, else NULL: the formula around it then gives NULL by itself.
    abs() changes nothing in such a count. It stands there because DuckDB evaluates an expression that occurs several times once,
    but never looks for one inside CASE, nor takes a CASE for one: with the formula inside the CASE, and without abs() around
    it, a million Wilson intervals took about twice as long.
#}
{% macro measure_guarded(expression, reason) -%}
    {{ return("abs(case when " ~ reason ~ " is null then " ~ measure_double(expression) ~ " end)") }}
{%- endmacro %}

{# " * multiplier", or nothing where it is the number 1. #}
{% macro measure_times(multiplier) -%}
    {{ return("" if multiplier is number and multiplier == 1 else "* " ~ measure_double(multiplier)) }}
{%- endmacro %}

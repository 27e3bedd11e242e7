{#
    Texts of a group put after one another, in an order: NULL where there is none, as every aggregate.

    Inputs: expression and separator (text); order, which must be total; with distinct the order is that of the
    expression itself; where, a condition. dbt's own listagg leaves the order out on Spark, with no more than a warning.
#}
{% macro listed_text(expression, separator=", ", order=none, distinct=false, where=none) -%}
    {%- set chosen = ("distinct " if distinct else "") ~ expression -%}
    {{
        return(
            adapter.dispatch("listed_text")(chosen, "'" ~ separator ~ "'", order or expression)
            ~ (" filter (where " ~ where ~ ")" if where else "")
        )
    }}
{%- endmacro %}

{% macro default__listed_text(chosen, separator, order) -%}
    {{ return("listagg(" ~ chosen ~ ", " ~ separator ~ ") within group (order by " ~ order ~ ")") }}
{%- endmacro %}

{% macro duckdb__listed_text(chosen, separator, order) -%}
    {{ return("string_agg(" ~ chosen ~ ", " ~ separator ~ " order by " ~ order ~ ")") }}
{%- endmacro %}

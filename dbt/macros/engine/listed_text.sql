{#
    Texts of a group put after one another, in an order: NULL where there is none, as every aggregate.

    Inputs: expression and separator (text); order, which must be total and never NULL; with distinct the order is that of the
    expression itself; where, a condition. dbt's own listagg leaves the order out on Spark, with no more than a warning. Spark has
    listagg from 4.0 on, and 4.1 fails where one SELECT has two listagg(distinct ...): a sorted array stands there (NULL for '').
#}
{% macro listed_text(expression, separator=", ", order=none, distinct=false, where=none) -%}
    {%- set condition = " filter (where " ~ where ~ ")" if where else "" -%}
    {{
        return(
            adapter.dispatch("listed_text")(
                expression,
                "'" ~ separator ~ "'",
                order or expression,
                distinct,
                condition,
            )
        )
    }}
{%- endmacro %}

{% macro default__listed_text(expression, separator, order, distinct, condition) -%}
    {%- if distinct -%} {%- set texts = "array_sort(collect_set(" ~ expression ~ ")" ~ condition ~ ")" -%}
    {%- else -%}
        {%- set placed = "collect_list(struct(" ~ order ~ " as place, " ~ expression ~ " as said))" ~ condition -%}
        {%- set texts = "transform(array_sort(" ~ placed ~ "), x -> x.said)" -%}
    {%- endif -%}
    {{ return("nullif(array_join(" ~ texts ~ ", " ~ separator ~ "), '')") }}
{%- endmacro %}

{% macro duckdb__listed_text(expression, separator, order, distinct, condition) -%}
    {%- set chosen = ("distinct " if distinct else "") ~ expression -%}
    {{ return("string_agg(" ~ chosen ~ ", " ~ separator ~ " order by " ~ order ~ ")" ~ condition) }}
{%- endmacro %}

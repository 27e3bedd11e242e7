{#
    The rows of a select for which a condition over windows holds, as the body of a call block:
    `{% call kept("row_number() over (partition by a order by b) = 1") %} select ... {% endcall %}`.

    DuckDB has QUALIFY. Spark has not (4.1; Databricks has): there the condition becomes one more column of the same
    select, and the rows are chosen outside of it. So the condition may name columns of the tables, none that the
    select makes.
#}
{% macro kept(condition) -%} {{ return(adapter.dispatch("kept")(caller() | trim, condition | trim)) }} {%- endmacro %}

{% macro default__kept(query, condition) -%}
    {%- if not query.startswith("select") -%}
        {{ exceptions.raise_compiler_error("kept() takes the text of a select, not: " ~ query[:40]) }}
    {%- endif -%}
    select {{ all_but(["is_kept"]) }}
    from (select {{ condition }} as is_kept, {{ query[6:] }}) as judged
    where is_kept
{%- endmacro %}

{% macro duckdb__kept(query, condition) -%} {{ query }} qualify {{ condition }} {%- endmacro %}

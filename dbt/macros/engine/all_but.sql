{#
    Every column of a relation but those of a list: `select {{ all_but(["a", "b"], of="figure") }}`.

    DuckDB says `* exclude`. Spark has `* except` from 4.0 on (Databricks too), and none in 3.5; a name in backticks is a regular
    expression to every version where the session says so (`spark.sql.parser.quotedRegexColumnNames`, in
    dagster_project/transform/spark_session.py), so no other name in a select list stands in backticks.
#}
{% macro all_but(columns, of=none) -%}
    {{ return(adapter.dispatch("all_but")(of ~ "." if of else "", columns)) }}
{%- endmacro %}

{% macro default__all_but(of, columns) -%} {{ return(of ~ "`(?!(?:" ~ columns | join("|") ~ ")$).+`") }} {%- endmacro %}

{% macro duckdb__all_but(of, columns) -%} {{ return(of ~ "* exclude (" ~ columns | join(", ") ~ ")") }} {%- endmacro %}

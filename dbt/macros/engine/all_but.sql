{#
    Every column of a relation but those of a list: `select {{ all_but(["a", "b"], of="figure") }}`.

    DuckDB says `* exclude`, Spark and Databricks say `* except`; there is no word that both know.
#}
{% macro all_but(columns, of=none) -%}
    {{ return((of ~ "." if of else "") ~ "* " ~ adapter.dispatch("all_but")() ~ " (" ~ columns | join(", ") ~ ")") }}
{%- endmacro %}

{% macro default__all_but() -%} {{ return("except") }} {%- endmacro %}

{% macro duckdb__all_but() -%} {{ return("exclude") }} {%- endmacro %}

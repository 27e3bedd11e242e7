{#
    Every column of a relation, some of them made anew, as the body of a call block:
    `select {% call all_with(["a"], of="figure") %} upper(figure.a) as a {% endcall %}`.

    DuckDB replaces a column in its place, Spark has it after the others: read such a relation by the names of its columns.
#}
{% macro all_with(columns, of=none) -%}
    {{ return(adapter.dispatch("all_with")(columns, of, caller() | trim)) }}
{%- endmacro %}

{% macro default__all_with(columns, of, made) -%} {{ all_but(columns, of=of) }}, {{ made }} {%- endmacro %}

{% macro duckdb__all_with(columns, of, made) -%} {{ of ~ "." if of else "" }}* replace ({{ made }}) {%- endmacro %}

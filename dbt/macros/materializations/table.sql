{#
    A table takes the place of its predecessor in one transaction. dbt-duckdb's own materialization makes it under another name, renames
    twice and drops: twenty milliseconds of macros for each of 155 tables and views. Contracts are kept as there. Hooks, grants and
    indexes, which no model of this project has, are not.
#}
{% materialization table, adapter = "duckdb" %}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- do drop_other_kind(target_relation) -%}
    {%- set sql = from_engine(sql) -%}
    {%- call statement("main") -%}
        {%- if config.get("contract").enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif -%}
        {{ create_whole_table(target_relation, sql) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}

{# Statements that make a table of a SELECT, in the order of its contract where it has one. The caller asks for its columns. #}
{% macro create_whole_table(relation, sql) -%}
    {%- if config.get("contract").enforced -%}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        insert into {{ relation }} {{ get_column_names() }} ({{ get_select_subquery(sql) }});
    {%- else -%}
        create or replace table {{ relation }} as (
        {{ sql }}
        );
    {%- endif -%}
{%- endmacro %}

{#
    A view takes the place of its predecessor in one transaction; see table.sql. In DuckLake it is a table: DuckLake keeps a view as DuckDB
    1.5 prints it, in which 1e0, a double, is 1.0, a decimal, so that the figures differ; and the files that staging reads are this machine's.
#}
{% materialization view, adapter = "duckdb" %}
    {%- set kind = "table" if adapter.is_ducklake(this) else "view" -%}
    {%- set target_relation = this.incorporate(type=kind) -%}
    {%- do drop_other_kind(target_relation) -%}
    {%- call statement("main") -%}
        create or replace {{ kind }} {{ target_relation }} as (
        {{ sql }}
        );
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}

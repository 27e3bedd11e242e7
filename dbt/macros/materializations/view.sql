{# A view takes the place of its predecessor in one transaction; see table.sql. #}
{% materialization view, adapter = "duckdb" %}
    {%- set target_relation = this.incorporate(type="view") -%}
    {%- do drop_other_kind(target_relation) -%}
    {%- call statement("main") -%}
        create or replace view {{ target_relation }} as (
        {{ sql }}
        );
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}

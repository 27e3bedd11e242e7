{# `create or replace` replaces a table by a table and a view by a view; a model that was the other kind before is dropped first. #}
{% macro drop_other_kind(target_relation) -%}
    {%- set existing_relation = load_cached_relation(target_relation) -%}
    {%- if existing_relation is not none and existing_relation.type != target_relation.type -%}
        {%- do drop_relation(existing_relation) -%}
    {%- endif -%}
{%- endmacro %}

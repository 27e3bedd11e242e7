{# Schemas are called as they are in dbt_project.yml, without the target's name in front. #}
{% macro generate_schema_name(custom_schema_name, node) -%} {{ custom_schema_name or target.schema }} {%- endmacro %}

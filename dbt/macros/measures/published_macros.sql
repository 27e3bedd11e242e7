{#
    The measures as macros of DuckDB, rendered from the dbt macros of the same name, for the published file: an analyst
    runs them on data of their own, and there is one definition.

    published_measure_macros(schema) gives one text of statements `create or replace macro ...; comment on macro ... is
    ...;`, to be executed on the candidate file; schema qualifies the names ("main", or "candidate.main" when attached).

    A spec is {name, kind (scalar or table), required, defaults, arguments, description}. In a scalar macro the
    parameters are expressions (columns, numbers; aggregates where the measure is one). In a table macro the first is
    the name of a table or CTE and the others are columns of it or expressions over them. `arguments` says what is
    passed to the dbt macro where it is not the parameter itself. The parameters of table macros have names that are no
    column of the body, because DuckDB puts the argument wherever the name stands.
#}
{% macro published_measure_macros(schema="main") -%}
    {%- for spec in published_measures() -%} {{ measure_create_macro(spec, schema) }} {% endfor -%}
{%- endmacro %}

{# All specs. Also the list from which the dictionary of the published macros can be written. #}
{% macro published_measures() -%}
    {{ return(measure_published_scalars() + measure_published_aggregates() + measure_published_tables()) }}
{%- endmacro %}

{% macro measure_create_macro(spec, schema) -%}
    {%- set parameters = spec.required | list -%}
    {%- set arguments = {} -%}
    {%- for name in spec.required -%} {%- do arguments.update({name: name}) -%} {%- endfor -%}
    {%- for name, value in spec.defaults.items() -%}
        {%- do parameters.append(name ~ " := " ~ measure_sql_default(value)) -%}
        {%- do arguments.update({name: name}) -%}
    {%- endfor -%}
    {%- if spec.kind == "table" -%} {%- set arguments = {} -%} {%- endif -%}
    {%- do arguments.update(spec.arguments) -%}
    create or replace macro {{ schema }}.{{ spec.name }}({{ parameters | join(", ") }}) as {{ "table" if spec.kind == "table" }}
    (
    {{ context[spec.name](**arguments) }}
    );
    comment on macro {{ "table" if spec.kind == "table" }} {{ schema }}.{{ spec.name }} is {{ measure_sql_text(spec.description) }};
{% endmacro %}

{# A text as a SQL literal. #}
{% macro measure_sql_text(text) -%} {{ return("'" ~ (text | replace("'", "''")) ~ "'") }} {%- endmacro %}

{% macro measure_sql_default(value) -%}
    {%- if value is none -%} {{ return("null") }} {%- endif -%}
    {%- if value is boolean -%} {{ return("true" if value else "false") }} {%- endif -%}
    {{ return(value if value is number else measure_sql_text(value)) }}
{%- endmacro %}

{% macro measure_spec(name, description, required, defaults={}, arguments={}, kind="scalar") -%}
    {{
        return(
            {
                "name": name,
                "description": description,
                "required": required,
                "defaults": defaults,
                "arguments": arguments,
                "kind": kind,
            }
        )
    }}
{%- endmacro %}

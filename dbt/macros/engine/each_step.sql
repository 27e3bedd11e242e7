{#
    Rows, and what follows from them step by step until nothing does, as a query: `{% call(rows) each_step("select ...") %}
    select ... from {{ rows }} as reached inner join ... {% endcall %}`. The step ends by itself: it leaves out where a way has been.

    DuckDB repeats the step. Spark can from 4.1 on; for the versions before it the step is written out eight times, and a row of a ninth is an error.
#}
{% macro each_step(first) -%} {{ return(adapter.dispatch("each_step")(first, caller)) }} {%- endmacro %}

{% macro default__each_step(first, step) -%}
    {%- set most = 8 -%}
    with
        step_0 as ({{ first }})
        {%- for n in range(1, most + 2) %}, step_{{ n }} as ({{ step("step_" ~ (n - 1)) }}) {%- endfor %}
    {%- for n in range(most + 1) %}
            {{ "union all" if n }}
        select *
        from step_{{ n }}
        {% if not n %}
            where
                case
                    when (select count(*) from step_{{ most + 1 }}) = 0
                    then true
                    else {{ stops("'a chain of more than " ~ most ~ " steps'") }} is null
                end
        {% endif %}
    {%- endfor %}
{%- endmacro %}

{% macro duckdb__each_step(first, step) -%}
    with recursive
        steps as (
            {{ first }}
            union all
            {{ step("steps") }}
        )
    select *
    from steps
{%- endmacro %}

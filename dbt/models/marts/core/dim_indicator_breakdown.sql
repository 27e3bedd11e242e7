-- Grain: indicator x breakdown (all is everybody). Question: for which levels does the
-- source give the figures, as a whole and by deprivation, ethnicity, age and sex, and
-- if it gives none, why?
-- Everything comes from dbt/indicators/<indicator_id>.yml. mart_coverage sets it beside
-- what this release holds.
{%- for breakdown in breakdowns() %}
    select
        indicator_id,
        '{{ breakdown }}' as breakdown,
        {% if breakdown == "all" %} levels, cast(null as string) as note,
        {% else %} {{ breakdown }}_levels as levels, {{ breakdown }}_note as note,
        {% endif %}
        '{{ env_var("HIW_ORIGIN") }}' as data_origin
    from {{ source("meta", "indicators") }} {{ "union all" if not loop.last }}
{%- endfor %}

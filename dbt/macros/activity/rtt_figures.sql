{#
    Figures of the waiting list as fct_indicator_value takes them: the number that wait, and shares of it.
    Inputs: organisations, a relation with organisation_code, organisation_level, treatment_function_code, period_start,
    snapshot_sha256 and one column of pathways for each indicator, `waiting` (all of known clock start) among them; indicators;
    source_id.
#}
{% macro rtt_figures(organisations, indicators, source_id) -%}
    {%- for indicator in indicators %}
        select
            'rtt_{{ indicator }}' as indicator_id,
            organisation_code,
            organisation_level,
            treatment_function_code,
            period_start,
            last_day(period_start) as period_end,
            'month' as period_type,
            'all' as dimension,
            'all' as group_code,
            cast({{ indicator }} as double) as numerator,
            cast({{ "null" if indicator == "waiting" else "waiting" }} as double) as denominator,
            'published' as value_status,
            cast(null as string) as value_status_reason,
            {{ exact_figure() }},
            '{{ source_id }}' as source_id,
            snapshot_sha256
        from {{ organisations }} {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

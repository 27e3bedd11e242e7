-- Grain: as fct_indicator_value, RTT indicators. Question: which share of the waiting
-- list waits how long? Denominator: all incomplete pathways with a known clock start,
-- that is the sum of the bands.
with
    figures as (
        {%- for indicator in [
            "waiting",
            "within_18_weeks",
            "over_52_weeks",
            "over_65_weeks",
            "over_78_weeks",
        ] %}
            select
                'rtt_{{ indicator }}' as indicator_id,
                organisation_code,
                organisation_level,
                treatment_function_code,
                period_start,
                period_end,
                'month' as period_type,
                'all' as dimension,
                'all' as group_code,
                cast({{ indicator }} as double) as numerator,
                {{
                    (
                        "cast(null as double)"
                        if indicator == "waiting"
                        else "cast(waiting as double)"
                    )
                }} as denominator,
                'published' as value_status,
                cast(null as varchar) as value_status_reason,
                {{ exact_figure() }},
                'nhse_rtt' as source_id,
                snapshot_sha256
            from
                {{ ref("int_waiting_list_rtt_organisation") }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ) {{ on_both_geographies("figures") }}

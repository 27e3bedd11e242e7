-- Grain: as fct_indicator_value, RTT indicators. Question: which share of the waiting
-- list waits how long? Denominator: all incomplete pathways with a known clock start,
-- that is the sum of the bands. Sums say how many organisations were expected and have
-- no row (int_data_quality_missing).
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
                figure.organisation_code,
                figure.organisation_level,
                figure.treatment_function_code,
                figure.period_start,
                figure.period_end,
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
                absent.reason as value_status_reason,
                cast(null as double) as numerator_low,
                cast(null as double) as numerator_high,
                coalesce(absent.organisations, 0) as organisations_missing,
                cast(null as varchar) as imd_version,
                'nhse_rtt' as source_id,
                figure.snapshot_sha256
            from {{ ref("int_waiting_list_rtt_organisation") }} as figure
            left join
                {{ ref("int_data_quality_missing_from_sum") }} as absent
                on absent.source_id = 'nhse_rtt'
                and figure.period_end = absent.period_end
                and figure.organisation_code = absent.organisation_code
                {{ "union all" if not loop.last }}
        {%- endfor %}
    ) {{ on_both_geographies("figures") }}

-- Grain: as fct_indicator_value, RTT indicators before April 2021. Question: how long
-- was the waiting list before, and who waited over 52 weeks? The bands of these files
-- end there, so over 65 and 78 weeks have no figure. Their parents of providers are no
-- ICBs: England and providers only. int_waiting_list_rtt_provider says why Part_2A
-- stays out and what C_999 is.
with
    incomplete as (
        {%- for table in ["to_52_weeks", "before_october_2017"] %}
            select
                period_start,
                provider_code,
                case
                    when treatment_function_code = 'C_999'
                    then 'all'
                    else treatment_function_code
                end as treatment_function_code,
                {{ sum_weeks(0, last=52) }} as waiting,
                {{ sum_weeks(0, 17) }} as within_18_weeks,
                weeks_052 as over_52_weeks,
                snapshot_sha256
            from {{ ref("stg_nhse_rtt_archive__" ~ table) }}
            where rtt_part_type = 'Part_2' {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    levels as (
        select 'ENG' as organisation_code, 'england' as organisation_level, incomplete.*
        from incomplete
        union all
        select provider_code, {{ provider_level("trust") }}, incomplete.*
        from incomplete
        left join
            {{ ref("dim_organisation") }} as trust
            on incomplete.provider_code = trust.organisation_code
    ),

    organisations as (
        select
            organisation_code,
            organisation_level,
            treatment_function_code,
            period_start,
            sum(waiting) as waiting,
            sum(within_18_weeks) as within_18_weeks,
            sum(over_52_weeks) as over_52_weeks,
            max(snapshot_sha256) as snapshot_sha256
        from levels
        where organisation_level <> 'other_provider' or treatment_function_code = 'all'
        group by
            organisation_code, organisation_level, treatment_function_code, period_start
    ),

    figures as (
        {{
            rtt_figures(
                "organisations",
                ["waiting", "within_18_weeks", "over_52_weeks"],
                "nhse_rtt_archive",
            )
        }}
    ) {{ on_both_geographies("figures") }}

-- Grain: as fct_indicator_value, health checks of people with a learning disability.
-- Question: what share of the register of people aged 14 and over has had its annual
-- health check since April? The file has practices only, which stay in staging: sub-ICB
-- locations, ICBs, regions and England are their sums. A practice of which a check or a
-- part of the register is hidden or lacking is left out on both sides of the division,
-- and organisations_missing counts it.
{%- set levels = {
    "sub_icb": "sub_icb_code",
    "icb": "icb_code",
    "region": "region_code",
    "england": "'ENG'",
} %}
with
    practices as (
        select
            month_start,
            practice_code,
            sub_icb_code,
            icb_code,
            region_code,
            max(value) filter (
                where indicator_code = 'LDHC021' and measure in ('count', 'numerator')
            ) as checks,
            max(value) filter (where indicator_code = 'LD_REG_1417') as aged_14_to_17,
            max(value) filter (
                where indicator_code = 'LD_REG_18OV'
            ) as aged_18_and_over,
            checks is not null
            and aged_14_to_17 is not null
            and aged_18_and_over is not null as is_complete,
            max(snapshot_sha256) as snapshot_sha256
        from {{ ref("stg_nhse_ldhc__extract") }}
        group by month_start, practice_code, sub_icb_code, icb_code, region_code
    ),

    sums as (
        {%- for level, code in levels.items() %}
            select
                '{{ level }}' as organisation_level,
                {{ code }} as organisation_code,
                month_start,
                sum(checks) filter (where is_complete) as checks,
                sum(aged_14_to_17 + aged_18_and_over) filter (
                    where is_complete
                ) as register,
                count(*) filter (where not is_complete) as practices_missing,
                max(snapshot_sha256) as snapshot_sha256
            from practices
            group by all {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    reported as (
        select
            'STM-LD-01' as indicator_id,
            organisation_code,
            organisation_level,
            'all' as treatment_function_code,
            -- the count begins again each April
            make_date(
                year(month_start) - case when month(month_start) < 4 then 1 else 0 end,
                4,
                1
            ) as period_start,
            last_day(month_start) as period_end,
            'year' as period_type,
            'all' as dimension,
            'all' as group_code,
            cast(checks as double) as numerator,
            cast(register as double) as denominator,
            case
                when checks is null then 'not_available' else 'published'
            end as value_status,
            case
                when checks is null then 'no practice with all its figures'
            end as value_status_reason,
            cast(null as double) as numerator_low,
            cast(null as double) as numerator_high,
            practices_missing as organisations_missing,
            cast(null as string) as imd_version,
            'nhse_ldhc' as source_id,
            snapshot_sha256
        from sums
    )

    {{ on_both_geographies("reported") }}

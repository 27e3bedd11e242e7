-- Grain: as fct_indicator_value, influenza vaccine of GP patients. Question: what share
-- of people of 65 and over, and of people with chronic respiratory disease, has been
-- vaccinated this season? The figure is the state on the last day of the month.
-- Childhood coverage stays in staging: it is of local authorities.
with
    reported as (
        select
            case
                uptake.cohort when 'aged_65' then 'RESP-02' else 'RESP-01'
            end as indicator_id,
            uptake.organisation_code,
            case
                when uptake.organisation_level <> 'commissioner'
                then uptake.organisation_level
                else coalesce(organisation.organisation_level, 'sub_icb')
            end as organisation_level,
            'all' as treatment_function_code,
            last_day(uptake.month_start) as period_start,
            last_day(uptake.month_start) as period_end,
            'snapshot' as period_type,
            'all' as dimension,
            'all' as group_code,
            cast(uptake.vaccinated as double) as numerator,
            cast(uptake.registered as double) as denominator,
            case
                when uptake.vaccinated_status <> 'published'
                then uptake.vaccinated_status
                else uptake.registered_status
            end as value_status,
            case
                when
                    uptake.vaccinated_status <> 'published'
                    or uptake.registered_status <> 'published'
                then 'not shown by the publisher'
            end as value_status_reason,
            {{ exact_figure() }},
            'ukhsa_vaccination' as source_id,
            uptake.snapshot_sha256
        from {{ ref("stg_ukhsa_vaccination__influenza") }} as uptake
        left join
            {{ ref("dim_organisation") }} as organisation
            on uptake.organisation_code = organisation.organisation_code
    )

    {{ on_both_geographies("reported") }}

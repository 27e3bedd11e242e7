-- Grain: as fct_indicator_value, cancer waiting times. Question: how many people were
-- told or treated within 28, 31 and 62 days, in England and at each provider?
-- England is the publisher's own line, which is the sum of its providers (the parser
-- proves it). Counts of 62 days end in halves, because a wait is shared between the
-- provider that first saw a patient and the one that treated. There is no figure by
-- group of people.
with
    figures as (
        select
            case
                waits.standard_days
                when 28
                then 'cancer_28_days'
                when 31
                then 'cancer_31_days'
                when 62
                then 'cancer_62_days'
            end as indicator_id,
            waits.organisation_code,
            case
                when waits.organisation_level = 'england'
                then 'england'
                else {{ provider_level("place") }}
            end as organisation_level,
            'all' as treatment_function_code,
            waits.period_start,
            last_day(waits.period_start) as period_end,
            'month' as period_type,
            'all' as dimension,
            'all' as group_code,
            waits.people_within as numerator,
            waits.people as denominator,
            'published' as value_status,
            cast(null as string) as value_status_reason,
            {{ exact_figure() }},
            'nhse_cwt' as source_id,
            waits.snapshot_sha256
        from {{ ref("stg_nhse_cwt__provider") }} as waits
        left join
            {{ ref("dim_organisation") }} as place
            on waits.organisation_code = place.organisation_code
    )

    {{ on_both_geographies("figures") }}

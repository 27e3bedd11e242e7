-- Grain: as fct_indicator_value, national audits of children with diabetes (NPDA) and
-- epilepsy (Epilepsy12). Question: who gets sensors, pumps, health checks and a
-- specialist nurse, and how does that differ by deprivation and ethnicity?
-- Trusts are those of Epilepsy12; NPDA has units of hospitals, which are no trusts, and
-- both have Wales: these stay in staging. Counts are exact and the percentage is
-- printed to one decimal, so the value comes from the counts; where the two say
-- different things the printed one stands.
with
    measures as (
        select
            case
                when
                    diabetes_type = 'type_1'
                    and lower(measure) = 'real-time continuous glucose monitoring'
                then 'CYP-DIA-01a'
                when diabetes_type = 'type_1' and lower(measure) = 'insulin pump'
                then 'CYP-DIA-01b'
                when
                    diabetes_type = 'type_2'
                    and lower(measure) = 'all key health checks'
                then 'CYP-DIA-02'
            end as indicator_id,
            'rcpch_npda' as source_id,
            period_start,
            organisation_level,
            organisation_code,
            dimension,
            group_code,
            numerator,
            numerator_status,
            denominator,
            denominator_status,
            value,
            snapshot_sha256
        from {{ ref("stg_rcpch_npda__measure") }}
        where organisation_level in ('england', 'icb')
        union all
        select
            case
                when
                    lower(measure)
                    = 'input by an epilepsy specialist nurse in the first year of care'
                then 'CYP-EPI-01'
            end,
            'rcpch_epilepsy12',
            period_start,
            organisation_level,
            organisation_code,
            dimension,
            group_code,
            numerator,
            numerator_status,
            denominator,
            denominator_status,
            value,
            snapshot_sha256
        from {{ ref("stg_rcpch_epilepsy12__measure") }}
        where organisation_level in ('england', 'icb', 'trust')
    ),

    reported as (
        select
            indicator_id,
            organisation_code,
            organisation_level,
            'all' as treatment_function_code,
            period_start,
            cast(
                period_start + interval '1 year' - interval '1 day' as date
            ) as period_end,
            'year' as period_type,
            dimension,
            group_code,
            'crude' as standardisation,
            {{ printed_rate("value / 100", "numerator", "denominator", 0.0005) }}
            as published_value,
            cast(null as double) as published_lower,
            cast(null as double) as published_upper,
            cast(numerator as double) as numerator,
            cast(denominator as double) as denominator,
            case
                when numerator_status <> 'published'
                then numerator_status
                else denominator_status
            end as value_status,
            case
                when
                    numerator_status <> 'published' or denominator_status <> 'published'
                then 'not shown by the publisher'
            end as value_status_reason,
            {{ exact_figure("2019_assumed") }},
            source_id,
            snapshot_sha256
        from measures
        where
            indicator_id is not null
            and dimension in ('all', 'imd_quintile', 'ethnic_group_5')
    )

    {{ on_both_geographies("reported", published=true) }}

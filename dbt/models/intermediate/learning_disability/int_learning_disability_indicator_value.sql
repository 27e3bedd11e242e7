-- Grain: as fct_indicator_value, health checks of people with a learning disability.
-- Question: what share of the register of people aged 14 and over has had its annual
-- health check since April? Practices stay in staging. A code whose shape does not tell
-- an ICB from a sub-ICB location takes its level from the dimension.
with
    fields as (
        select
            organisation_code,
            organisation_level,
            month_start,
            max(value) filter (where field_name = 'numerator') as numerator,
            max(value) filter (where field_name = 'denominator') as denominator,
            max(value_status) filter (
                where
                    value_status <> 'published'
                    and field_name in ('numerator', 'denominator')
            ) as hidden_status,
            max(snapshot_sha256) as snapshot_sha256
        from {{ ref("stg_nhse_ldhc__extract") }}
        where indicator_code = 'LDHC001' and organisation_level <> 'practice'
        group by organisation_code, organisation_level, month_start
    ),

    reported as (
        select
            'STM-LD-01' as indicator_id,
            fields.organisation_code,
            case
                when fields.organisation_level <> 'commissioner'
                then fields.organisation_level
                else coalesce(organisation.organisation_level, 'sub_icb')
            end as organisation_level,
            'all' as treatment_function_code,
            -- the count begins anew each April
            make_date(
                year(month_start) - case when month(month_start) < 4 then 1 else 0 end,
                4,
                1
            ) as period_start,
            last_day(month_start) as period_end,
            'year' as period_type,
            'all' as dimension,
            'all' as group_code,
            cast(fields.numerator as double) as numerator,
            cast(fields.denominator as double) as denominator,
            coalesce(fields.hidden_status, 'published') as value_status,
            case
                when fields.hidden_status is not null
                then 'small number hidden by the publisher'
            end as value_status_reason,
            {{ exact_figure() }},
            'nhse_ldhc' as source_id,
            fields.snapshot_sha256
        from fields
        left join
            {{ ref("dim_organisation") }} as organisation
            on fields.organisation_code = organisation.organisation_code
    )

    {{ on_both_geographies("reported") }}

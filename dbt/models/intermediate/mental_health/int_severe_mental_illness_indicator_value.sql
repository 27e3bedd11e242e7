-- Grain: as fct_indicator_value, indicators of physical health checks. Question: how
-- many people with severe mental illness had their checks, quarter by quarter?
-- Until 2023-24 Q4 the collection of commissioners (SDCS), from 2024-25 the extract
-- from GP records (PHSMI): two series under one indicator, with the break of 2024-04-01
-- in seed series_breaks. England is the sum of the commissioners that answered, and
-- says how many did not. An ICB of the old collection is the sum of the commissioners
-- that lie in it today, on current geography only. There is no figure by trust,
-- deprivation or ethnicity in either.
{%- set checks = {
    "SMI-01": "all_six_checks",
    "SMI-02": "alcohol",
    "SMI-03": "blood_glucose",
    "SMI-04": "blood_lipid",
    "SMI-05": "blood_pressure",
    "SMI-06": "bmi_weight",
    "SMI-07": "smoking",
} %}
with
    commissioners as (
        select answers.*, place.icb_code
        from {{ ref("stg_nhse_smi__sdcs") }} as answers
        left join
            {{ ref("dim_organisation") }} as place
            on answers.organisation_code = place.organisation_code
    ),

    levels as (
        select 'ENG' as level_code, 'england' as organisation_level, commissioners.*
        from commissioners
        union all
        select icb_code, 'icb', commissioners.*
        from commissioners
        where icb_code is not null
        union all
        select organisation_code, 'sub_icb', commissioners.*
        from commissioners
    ),

    counts as (
        {%- for indicator_id, column in checks.items() %}
            select
                '{{ indicator_id }}' as indicator_id,
                level_code as organisation_code,
                organisation_level,
                period_start,
                sum({{ column }}) as numerator,
                sum(register) as denominator,
                case
                    when count(register) > 0 then 'published' else 'missing'
                end as value_status,
                cast(count(*) - count(register) as integer) as silent,
                max(snapshot_sha256) as snapshot_sha256
            from levels
            {%- if indicator_id != "SMI-01" %}
                -- the single checks of sub-ICB locations stay in staging
                where organisation_level <> 'sub_icb'
            {%- endif %}
            group by level_code, organisation_level, period_start
            union all
        {%- endfor %}
        select
            'SMI-01',
            organisation_code,
            organisation_level,
            period_start,
            all_six_checks,
            register,
            all_six_checks_status,
            0,
            snapshot_sha256
        from {{ ref("stg_nhse_smi__phsmi") }}
    ),

    figures as (
        select
            indicator_id,
            counts.organisation_code,
            organisation_level,
            'all' as treatment_function_code,
            period_start,
            last_day(period_start + interval '2 months') as period_end,
            'quarter' as period_type,
            'all' as dimension,
            'all' as group_code,
            cast(numerator as double) as numerator,
            cast(denominator as double) as denominator,
            cast(
                case when value_status = 'suppressed' then 1 end as double
            ) as numerator_low,
            cast(
                case when value_status = 'suppressed' then 7 end as double
            ) as numerator_high,
            value_status,
            nullif(
                concat_ws(
                    '; ',
                    case
                        when value_status = 'missing'
                        then 'the commissioner gave no answer'
                        when value_status = 'suppressed'
                        then 'hidden by the publisher'
                        when silent > 0
                        then silent || ' commissioners left out, who gave no answer'
                    end,
                    absent.reason
                ),
                ''
            ) as value_status_reason,
            case
                when organisation_level = 'sub_icb'
                then 0
                else silent + coalesce(absent.organisations, 0)
            end as organisations_missing,
            cast(null as string) as imd_version,
            'nhse_smi' as source_id,
            snapshot_sha256
        from counts
        left join
            {{ ref("int_data_quality_missing_from_sum") }} as absent
            on absent.source_id = 'nhse_smi'
            and last_day(counts.period_start + interval '2 months') = absent.period_end
            and counts.organisation_code = absent.organisation_code
    ),

    figures_twice as ({{ on_both_geographies("figures") }})

select *
from figures_twice
where
    organisation_level <> 'icb'
    or geography_basis = 'current'
    or period_start >= date '2024-04-01'

-- Grain: as fct_indicator_value, A&E indicators. Question: the same figures for
-- England, regions, ICBs and providers. Sums leave out the providers from which a
-- figure was not collected, numerator and denominator both, and count them, with those
-- that were expected and have no row (int_data_quality_missing). Regions are
-- those of the file. The file names no ICB: an ICB's figure is the sum of the trusts
-- that ODS places in it today, on current geography only, and walk-in centres of other
-- providers are not in it.
with
    providers as (
        select
            provider.*,
            {{ provider_level("place") }} as provider_level,
            place.icb_code,
            region.region_code
        from {{ ref("int_urgent_care_provider") }} as provider
        left join
            {{ ref("dim_organisation") }} as place
            on provider.organisation_code = place.organisation_code
        left join
            {{ ref("commissioning_regions") }} as region
            on provider.region_name = region.ae_name
    ),

    levels as (
        select 'ENG' as level_code, 'england' as organisation_level, providers.*
        from providers
        union all
        select region_code, 'region', providers.*
        from providers
        union all
        select icb_code, 'icb', providers.*
        from providers
        where provider_level = 'trust' and icb_code is not null
        union all
        select organisation_code, provider_level, providers.*
        from providers
    ),

    sums as (
        select
            indicator_id,
            level_code as organisation_code,
            organisation_level,
            period_start,
            period_end,
            {{ in_order("sum", "numerator") }} filter (
                where value_status = 'published'
            ) as numerator,
            {{ in_order("sum", "denominator") }} filter (
                where value_status = 'published'
            ) as denominator,
            count(*) as organisations,
            count(*) filter (
                where value_status <> 'published'
            ) as organisations_missing,
            max(value_status) filter (
                where value_status <> 'published'
            ) as status_of_missing,
            max(snapshot_sha256) as snapshot_sha256
        from levels
        group by indicator_id, level_code, organisation_level, period_start, period_end
    ),

    figures as (
        select
            sums.indicator_id,
            sums.organisation_code,
            sums.organisation_level,
            'all' as treatment_function_code,
            sums.period_start,
            sums.period_end,
            'month' as period_type,
            'all' as dimension,
            'all' as group_code,
            numerator,
            denominator,
            cast(null as double) as numerator_low,
            cast(null as double) as numerator_high,
            case
                when organisations_missing = sums.organisations
                then status_of_missing
                else 'published'
            end as value_status,
            nullif(
                concat_ws(
                    '; ',
                    case
                        when organisations_missing = 0
                        then null
                        when organisation_level in ('trust', 'other_provider')
                        then
                            'no four-hour waits were collected from field test trusts of the clinical standards review'
                        else
                            organisations_missing
                            || ' of '
                            || sums.organisations
                            || ' organisations left out, numerator and denominator: four-hour waits were not collected from them'
                    end,
                    absent.reason
                ),
                ''
            ) as value_status_reason,
            cast(
                case
                    when organisation_level in ('trust', 'other_provider')
                    then 0
                    else organisations_missing + coalesce(absent.organisations, 0)
                end as integer
            ) as organisations_missing,
            cast(null as string) as imd_version,
            'nhse_ae' as source_id,
            sums.snapshot_sha256
        from sums
        left join
            {{ ref("int_data_quality_missing_from_sum") }} as absent
            on absent.source_id = 'nhse_ae'
            and sums.period_end = absent.period_end
            and sums.organisation_code = absent.organisation_code
    ),

    figures_twice as ({{ on_both_geographies("figures") }})

select *
from figures_twice
where organisation_level <> 'icb' or geography_basis = 'current'

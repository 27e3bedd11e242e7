-- Grain: organisation x source x kind of mention. Question: what does each source say
-- of an organisation, and for which days?
-- Levels come from lists of one kind of organisation; a provider of activity has none
-- until another source or its code tells.
-- Reporting entities (parts of a sub-ICB location) and commissioning hubs stay in
-- staging: no figure is published for them.
-- ODS reports carry no date: the latest opening or closing in the report of trusts
-- stands for it.
-- Each sector of England that WLMDS publishes is an organisation of its own, so that
-- like can be put beside like.
with
    trusts as (select * from {{ ref("stg_ods_organisation__trust") }}),

    sub_icbs as (select * from {{ ref("stg_ods_organisation__sub_icb") }}),

    small_areas as (select * from {{ ref("stg_ons_geography__lsoa_2021") }}),

    waiting_list_groups as (select * from {{ ref("stg_nhse_wlmds__geography") }}),

    pathways as (select * from {{ ref("stg_nhse_rtt__full_extract") }}),

    attendances as (select * from {{ ref("stg_nhse_ae__monthly") }}),

    hospital_activity as (
        select * from {{ ref("stg_nhsd_hes_monthly__provider_activity") }}
    ),

    mental_health_measures as (select * from {{ ref("stg_nhse_mhsds__measure") }}),

    cancer_waits as (select * from {{ ref("stg_nhse_cwt__provider") }}),

    maternity_counts as (select * from {{ ref("stg_nhse_msds__data") }}),

    ods_day as (
        select max(greatest(opened_on, coalesce(closed_on, opened_on))) as reported_on
        from trusts
    ),

    ods_parents as (
        select icb_code, region_code
        from trusts
        where icb_code is not null
        union
        select icb_code, region_code
        from sub_icbs
        where icb_code is not null
    ),

    regions as (select * from {{ ref("commissioning_regions") }}),

    mentions as (
        select
            organisation_code,
            'ods_organisation' as source_id,
            'trust' as organisation_level,
            organisation_name,
            icb_code,
            region_code,
            cast(null as varchar) as gss_code,
            opened_on,
            closed_on,
            ods_day.reported_on as first_seen_on,
            ods_day.reported_on as last_seen_on
        from trusts
        cross join ods_day
        union all
        select
            organisation_code,
            'ods_organisation',
            organisation_kind,
            organisation_name,
            icb_code,
            region_code,
            null,
            opened_on,
            closed_on,
            ods_day.reported_on,
            ods_day.reported_on
        from sub_icbs
        cross join ods_day
        where organisation_kind = 'sub_icb'
        union all
        select
            icb_code,
            'ods_organisation',
            'icb',
            null,
            icb_code,
            min(region_code),
            null,
            null,
            null,
            max(reported_on),
            max(reported_on)
        from ods_parents
        cross join ods_day
        group by icb_code
        having count(distinct region_code) = 1
        union all
        select distinct
            region_code,
            'ods_organisation',
            'region',
            null,
            null,
            region_code,
            null,
            null,
            null,
            reported_on,
            reported_on
        from ods_parents
        cross join ods_day
        where region_code is not null
        union all
        select distinct
            icb_code,
            'ons_geography',
            'icb',
            icb_name,
            icb_code,
            null,
            icb_gss_code,
            null,
            null,
            boundaries_as_of,
            boundaries_as_of
        from small_areas
        union all
        select distinct
            sub_icb_code,
            'ons_geography',
            'sub_icb',
            sub_icb_name,
            icb_code,
            null,
            sub_icb_gss_code,
            null,
            null,
            boundaries_as_of,
            boundaries_as_of
        from small_areas
        union all
        select
            organisation_code,
            'nhse_wlmds',
            -- of a code of five characters the file knows no more than its name
            case when length(organisation_code) < 5 then organisation_level end,
            organisation_name,
            case when organisation_level = 'icb' then organisation_code end,
            case when organisation_level = 'region' then organisation_code end,
            null,
            null,
            null,
            min(snapshot_date),
            max(snapshot_date)
        from waiting_list_groups
        group by organisation_code, organisation_level, organisation_name
        union all
        select
            provider_code,
            'nhse_rtt',
            null,
            provider_name,
            provider_parent_code,
            null,
            null,
            null,
            null,
            min(period_start),
            max(period_start)
        from pathways
        group by provider_code, provider_name, provider_parent_code
        union all
        select
            provider_parent_code,
            'nhse_rtt',
            'icb',
            null,
            provider_parent_code,
            null,
            null,
            null,
            null,
            min(period_start),
            max(period_start)
        from pathways
        where provider_parent_code is not null
        group by provider_parent_code
        union all
        select
            attendances.organisation_code,
            'nhse_ae',
            null,
            attendances.organisation_name,
            null,
            regions.region_code,
            null,
            null,
            null,
            min(attendances.period_start),
            max(attendances.period_start)
        from attendances
        left join regions on attendances.region_name = regions.ae_name
        group by
            attendances.organisation_code,
            attendances.organisation_name,
            regions.region_code
        union all
        select
            organisation_code,
            'nhsd_hes_monthly',
            null,
            organisation_name,
            null,
            region_code,
            null,
            null,
            null,
            min(period_start),
            max(period_start)
        from hospital_activity
        where organisation_level = 'provider' and organisation_code <> 'none'
        group by organisation_code, organisation_name, region_code
        {%- for sector, name in {
                "NHS_ACUTE": "NHS acute providers",
                "INDEPENDENT_SECTOR": "independent sector",
                "OTHER": "other providers",
            }.items() %}
            union all
            select
                'ENG_{{ sector }}',
                'nhse_wlmds',
                'england_sector',
                'England: {{ name }}',
                null,
                null,
                null,
                null,
                null,
                date '1900-01-01',
                date '1900-01-01'
        {%- endfor %}
        union all
        select
            organisation_code,
            'nhse_mhsds',
            null,
            organisation_name,
            null,
            null,
            null,
            null,
            null,
            min(period_end),
            max(period_end)
        from mental_health_measures
        where organisation_level = 'provider'
        group by organisation_code, organisation_name
        union all
        select
            organisation_code,
            'nhse_msds',
            null,
            organisation_name,
            null,
            null,
            null,
            null,
            null,
            min(period_start),
            max(period_start)
        from maternity_counts
        where organisation_level = 'provider' and organisation_code <> 'none'
        group by organisation_code, organisation_name
        union all
        select
            organisation_code,
            'nhse_cwt',
            null,
            organisation_name,
            null,
            null,
            null,
            null,
            null,
            min(period_start),
            max(period_start)
        from cancer_waits
        where organisation_level = 'provider'
        group by organisation_code, organisation_name
        union all
        select
            'ENG',
            'ons_geography',
            'england',
            'England',
            null,
            null,
            'E92000001',
            null,
            null,
            date '1900-01-01',
            date '1900-01-01'
    )

select *
from mentions

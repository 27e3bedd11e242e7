-- Grain: organisation x source x kind of mention. Question: what does each source say
-- of an organisation, and for which days?
-- Levels come from lists of one kind of organisation; a provider of activity has none
-- until another source or its code tells.
-- Reporting entities (parts of a sub-ICB location) and commissioning hubs stay in
-- staging: no figure is published for them.
-- ODS reports carry no date: the latest opening or closing in the report of trusts
-- stands for it.
-- Each sector of England that WLMDS publishes is its own organisation, so that
-- like can be put beside like.
with
    trusts as (select * from {{ ref("stg_ods_organisation__trust") }}),

    sub_icbs as (select * from {{ ref("stg_ods_organisation__sub_icb") }}),

    small_areas as (select * from {{ ref("stg_ons_geography__lsoa_2021") }}),

    waiting_list_groups as (select * from {{ ref("stg_nhse_wlmds__geography") }}),

    pathways as (select * from {{ ref("stg_nhse_rtt__full_extract") }}),

    earlier_pathways as (
        {%- for table in ["to_52_weeks", "before_october_2017"] %}
            select
                provider_code as organisation_code,
                provider_name as organisation_name,
                'provider' as organisation_level,
                period_start
            from
                {{ ref("stg_nhse_rtt_archive__" ~ table) }}
                {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

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
            cast(null as string) as gss_code,
            opened_on,
            closed_on,
            ods_day.reported_on as first_seen_on,
            ods_day.reported_on as last_seen_on
        from trusts
        cross join ods_day
        union all
        select
            organisation_code,
            'ods_organisation' as source_id,
            organisation_kind as organisation_level,
            organisation_name,
            icb_code,
            region_code,
            cast(null as string) as gss_code,
            opened_on,
            closed_on,
            ods_day.reported_on as first_seen_on,
            ods_day.reported_on as last_seen_on
        from sub_icbs
        cross join ods_day
        where organisation_kind = 'sub_icb'
        union all
        select
            icb_code as organisation_code,
            'ods_organisation' as source_id,
            'icb' as organisation_level,
            cast(null as string) as organisation_name,
            icb_code,
            min(region_code) as region_code,
            cast(null as string) as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            max(reported_on) as first_seen_on,
            max(reported_on) as last_seen_on
        from ods_parents
        cross join ods_day
        group by icb_code
        having count(distinct region_code) = 1
        union all
        select distinct
            region_code as organisation_code,
            'ods_organisation' as source_id,
            'region' as organisation_level,
            cast(null as string) as organisation_name,
            cast(null as string) as icb_code,
            region_code,
            cast(null as string) as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            reported_on as first_seen_on,
            reported_on as last_seen_on
        from ods_parents
        cross join ods_day
        where region_code is not null
        {%- for level in ["icb", "sub_icb"] %}
            union all
            select distinct
                {{ level }}_code as organisation_code,
                'ons_geography' as source_id,
                '{{ level }}' as organisation_level,
                {{ level }}_name as organisation_name,
                icb_code,
                cast(null as string) as region_code,
                {{ level }}_gss_code as gss_code,
                cast(null as date) as opened_on,
                cast(null as date) as closed_on,
                boundaries_as_of as first_seen_on,
                boundaries_as_of as last_seen_on
            from small_areas
        {%- endfor %}
        union all
        select
            organisation_code,
            'nhse_wlmds' as source_id,
            -- of a code of five characters the file knows no more than its name
            case
                when length(organisation_code) < 5 then cells.organisation_level
            end as organisation_level,
            organisation_name,
            case
                when cells.organisation_level = 'icb' then organisation_code
            end as icb_code,
            case
                when cells.organisation_level = 'region' then organisation_code
            end as region_code,
            cast(null as string) as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            min(snapshot_date) as first_seen_on,
            max(snapshot_date) as last_seen_on
        from waiting_list_groups as cells
        group by organisation_code, cells.organisation_level, organisation_name
        union all
        select
            provider_code as organisation_code,
            'nhse_rtt' as source_id,
            cast(null as string) as organisation_level,
            provider_name as organisation_name,
            provider_parent_code as icb_code,
            cast(null as string) as region_code,
            cast(null as string) as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            min(period_start) as first_seen_on,
            max(period_start) as last_seen_on
        from pathways
        group by provider_code, provider_name, provider_parent_code
        union all
        select
            provider_parent_code as organisation_code,
            'nhse_rtt' as source_id,
            'icb' as organisation_level,
            cast(null as string) as organisation_name,
            provider_parent_code as icb_code,
            cast(null as string) as region_code,
            cast(null as string) as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            min(period_start) as first_seen_on,
            max(period_start) as last_seen_on
        from pathways
        where provider_parent_code is not null
        group by provider_parent_code
        union all
        select
            attendances.organisation_code,
            'nhse_ae' as source_id,
            cast(null as string) as organisation_level,
            attendances.organisation_name,
            cast(null as string) as icb_code,
            regions.region_code,
            cast(null as string) as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            min(attendances.period_start) as first_seen_on,
            max(attendances.period_start) as last_seen_on
        from attendances
        left join regions on attendances.region_name = regions.ae_name
        group by
            attendances.organisation_code,
            attendances.organisation_name,
            regions.region_code
        union all
        select
            organisation_code,
            'nhsd_hes_monthly' as source_id,
            cast(null as string) as organisation_level,
            organisation_name,
            cast(null as string) as icb_code,
            region_code,
            cast(null as string) as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            min(period_start) as first_seen_on,
            max(period_start) as last_seen_on
        from hospital_activity
        where organisation_level = 'provider' and organisation_code <> 'none'
        group by organisation_code, organisation_name, region_code
        {%- for source, providers, day in [
                ("nhse_mhsds", "mental_health_measures", "period_end"),
                ("nhse_msds", "maternity_counts", "period_start"),
                ("nhse_cwt", "cancer_waits", "period_start"),
                ("nhse_rtt_archive", "earlier_pathways", "period_start"),
            ] %}
            union all
            select
                organisation_code,
                '{{ source }}' as source_id,
                cast(null as string) as organisation_level,
                organisation_name,
                cast(null as string) as icb_code,
                cast(null as string) as region_code,
                cast(null as string) as gss_code,
                cast(null as date) as opened_on,
                cast(null as date) as closed_on,
                min({{ day }}) as first_seen_on,
                max({{ day }}) as last_seen_on
            from {{ providers }}
            where organisation_level = 'provider' and organisation_code <> 'none'
            group by organisation_code, organisation_name
        {%- endfor %}
        {%- for sector, name in {
                "NHS_ACUTE": "NHS acute providers",
                "INDEPENDENT_SECTOR": "independent sector",
                "OTHER": "other providers",
            }.items() %}
            union all
            select
                'ENG_{{ sector }}' as organisation_code,
                'nhse_wlmds' as source_id,
                'england_sector' as organisation_level,
                'England: {{ name }}' as organisation_name,
                cast(null as string) as icb_code,
                cast(null as string) as region_code,
                cast(null as string) as gss_code,
                cast(null as date) as opened_on,
                cast(null as date) as closed_on,
                date '1900-01-01' as first_seen_on,
                date '1900-01-01' as last_seen_on
        {%- endfor %}
        union all
        select
            'ENG' as organisation_code,
            'ons_geography' as source_id,
            'england' as organisation_level,
            'England' as organisation_name,
            cast(null as string) as icb_code,
            cast(null as string) as region_code,
            'E92000001' as gss_code,
            cast(null as date) as opened_on,
            cast(null as date) as closed_on,
            date '1900-01-01' as first_seen_on,
            date '1900-01-01' as last_seen_on
    )

select *
from mentions

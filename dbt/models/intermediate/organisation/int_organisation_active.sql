-- Grain: organisation x source x kind of mention. Question: which organisations does a
-- source of figures name, and for which days?
-- A provider of activity has no level until another source or its code tells.
{%- set days = ["min(period_start)", "max(period_start)"] %}
with
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

    regions as (select * from {{ ref("commissioning_regions") }}),

    hospital_activity as (
        select * from {{ ref("stg_nhsd_hes_monthly__provider_activity") }}
    ),

    mental_health_measures as (select * from {{ ref("stg_nhse_mhsds__measure") }}),

    cancer_waits as (select * from {{ ref("stg_nhse_cwt__provider") }}),

    maternity_counts as (select * from {{ ref("stg_nhse_msds__data") }})

-- of a code of five characters the file knows no more than its name
select
    {{
        organisation_mention(
            "nhse_wlmds",
            "organisation_code",
            ["min(snapshot_date)", "max(snapshot_date)"],
            level="case when length(organisation_code) < 5 then cells.organisation_level end",
            name="organisation_name",
            icb="case when cells.organisation_level = 'icb' then organisation_code end",
            region="case when cells.organisation_level = 'region' then organisation_code end",
        )
    }}
from waiting_list_groups as cells
group by organisation_code, cells.organisation_level, organisation_name
union all
select
    {{
        organisation_mention(
            "nhse_rtt",
            "provider_code",
            days,
            name="provider_name",
            icb="provider_parent_code",
        )
    }}
from pathways
group by provider_code, provider_name, provider_parent_code
union all
select
    {{
        organisation_mention(
            "nhse_rtt",
            "provider_parent_code",
            days,
            level="'icb'",
            icb="provider_parent_code",
        )
    }}
from pathways
where provider_parent_code is not null
group by provider_parent_code
union all
select
    {{
        organisation_mention(
            "nhse_ae",
            "attendances.organisation_code",
            days,
            name="attendances.organisation_name",
            region="regions.region_code",
        )
    }}
from attendances
left join regions on attendances.region_name = regions.ae_name
group by
    attendances.organisation_code, attendances.organisation_name, regions.region_code
union all
select
    {{
        organisation_mention(
            "nhsd_hes_monthly",
            "organisation_code",
            days,
            name="organisation_name",
            region="region_code",
        )
    }}
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
        {{
            organisation_mention(
                source,
                "organisation_code",
                ["min(" ~ day ~ ")", "max(" ~ day ~ ")"],
                name="organisation_name",
            )
        }}
    from {{ providers }}
    where organisation_level = 'provider' and organisation_code <> 'none'
    group by organisation_code, organisation_name
{%- endfor %}

-- Grain: source x period x organisation. Question: who sent in which period, where
-- does it lie, and who answers for it today?
with
    reporters as (
        select distinct
            'nhse_ae' as source_id,
            provider.period_end,
            provider.organisation_code,
            cast(null as string) as icb_code,
            region.region_code
        from {{ ref("int_urgent_care_provider") }} as provider
        left join
            {{ ref("commissioning_regions") }} as region
            on provider.region_name = region.ae_name
        union all
        select 'nhse_rtt', period_end, provider_code, max(provider_parent_code), null
        from {{ ref("int_waiting_list_rtt_provider") }}
        group by period_end, provider_code
        union all
        select distinct 'nhse_wlmds', snapshot_date, organisation_code, null, null
        from {{ ref("stg_nhse_wlmds__geography") }}
        where organisation_level = 'trust'
        union all
        select
            'nhse_smi',
            last_day(period_start + interval '2 months'),
            organisation_code,
            null,
            null
        from {{ ref("stg_nhse_smi__sdcs") }}
    ),

    periods as (
        select
            source_id,
            period_end,
            row_number() over (partition by source_id order by period_end) as place,
            count(*) over (partition by source_id) as periods_held
        from (select distinct source_id, period_end from reporters) as held
    )

select
    reporters.source_id,
    reporters.period_end,
    periods.place,
    periods.periods_held,
    reporters.organisation_code,
    {{ current_code("reporters.organisation_code", "mapped") }} as current_code,
    organisation.organisation_level,
    coalesce(reporters.icb_code, organisation.icb_code) as icb_code,
    coalesce(
        reporters.region_code, icb.region_code, organisation.region_code
    ) as region_code
from reporters
inner join
    periods
    on reporters.source_id = periods.source_id
    and reporters.period_end = periods.period_end
left join
    {{ ref("int_organisation_current") }} as mapped
    on reporters.organisation_code = mapped.organisation_code
left join
    {{ ref("dim_organisation") }} as organisation
    on reporters.organisation_code = organisation.organisation_code
left join
    {{ ref("dim_organisation") }} as icb on reporters.icb_code = icb.organisation_code

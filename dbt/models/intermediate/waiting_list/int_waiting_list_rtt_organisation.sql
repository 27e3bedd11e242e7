-- Grain: organisation x treatment function x month, as reported. Question: the same
-- sums for England, regions, ICBs and providers. ICBs are the provider's parent in the
-- file of that month (42 to March 2026, 36 after), not where the patients live. Made
-- again by month.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(
    parts_of_rows(
        "period_end",
        rows=[
            ref("int_waiting_list_rtt_provider"),
            named_in_parts(
                [ref("int_waiting_list_rtt_provider")],
                ["provider_code", "provider_parent_code"],
            ),
        ],
    )
) %}
{%- set counts = [
    "waiting",
    "within_18_weeks",
    "over_52_weeks",
    "over_65_weeks",
    "over_78_weeks",
    "unknown_clock_start",
] %}
with
    providers as (
        select
            provider.*,
            {{ provider_level("trust") }} as provider_level,
            -- an ICB that no list has yet lies where its providers lie
            coalesce(icb.region_code, trust.region_code) as region_code
        from {{ ref("int_waiting_list_rtt_provider") }} as provider
        left join
            {{ ref("dim_organisation") }} as trust
            on provider.provider_code = trust.organisation_code
        left join
            {{ ref("dim_organisation") }} as icb
            on provider.provider_parent_code = icb.organisation_code
        where {{ in_parts(asked, "provider.period_end") }}
    ),

    levels as (
        select 'ENG' as organisation_code, 'england' as organisation_level, providers.*
        from providers
        union all
        select region_code, 'region', providers.*
        from providers
        union all
        select provider_parent_code, 'icb', providers.*
        from providers
        union all
        select provider_code, provider_level, providers.*
        from providers
    )

select
    organisation_code,
    organisation_level,
    treatment_function_code,
    period_start,
    period_end,
    {% for count in counts %}
        cast(sum({{ count }}) as bigint) as {{ count }},
    {% endfor %}
    max(snapshot_sha256) as snapshot_sha256
from levels
where organisation_level <> 'other_provider' or treatment_function_code = 'all'
group by
    organisation_code,
    organisation_level,
    treatment_function_code,
    period_start,
    period_end

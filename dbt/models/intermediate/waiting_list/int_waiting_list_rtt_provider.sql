-- Grain: provider x treatment function x month. Question: how many pathways are
-- incomplete, and how long have they waited? The one place where the 105 weeks are
-- read: they are summed before anything else and never made long. Made again by month:
-- the files that have rows of it.
{{ config(materialized="by_part", part="period_start") }}
{%- set asked = wanted_parts(
    parts_of_source("nhse_rtt", "full_extract", "period_start")
) %}
with
    -- Part_2A is the part of Part_2 with a decision to admit and is left out, else
    -- those pathways would count twice.
    incomplete as (
        select
            period_start,
            provider_code,
            provider_parent_code,
            -- C_999 is the publisher's own total of the other rows (equal in all 40,488
            -- groups of January 2026): it is kept under its own code, and nothing
            -- below adds it to them.
            case
                when treatment_function_code = 'C_999'
                then 'all'
                else treatment_function_code
            end as treatment_function_code,
            {{ sum_weeks(0) }} as waiting,
            {{ sum_weeks(0, 17) }} as within_18_weeks,
            {{ sum_weeks(52) }} as over_52_weeks,
            {{ sum_weeks(65) }} as over_65_weeks,
            {{ sum_weeks(78) }} as over_78_weeks,
            unknown_clock_start,
            snapshot_sha256
        from {{ ref("stg_nhse_rtt__full_extract") }}
        where rtt_part_type = 'Part_2' and {{ in_parts(asked, "period_start") }}
    )

select
    period_start,
    last_day(period_start) as period_end,
    provider_code,
    max(provider_parent_code) as provider_parent_code,
    treatment_function_code,
    cast(sum(waiting) as bigint) as waiting,
    cast(sum(within_18_weeks) as bigint) as within_18_weeks,
    cast(sum(over_52_weeks) as bigint) as over_52_weeks,
    cast(sum(over_65_weeks) as bigint) as over_65_weeks,
    cast(sum(over_78_weeks) as bigint) as over_78_weeks,
    cast(sum(unknown_clock_start) as bigint) as unknown_clock_start,
    max(snapshot_sha256) as snapshot_sha256
from incomplete
group by period_start, provider_code, treatment_function_code

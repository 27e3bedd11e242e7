-- Grain: source x organisation x treatment function x period x dimension x group x
-- geography basis. Question: of how many of the pathways is the clock start not known?
-- They are in no share of who waits how long, which is of the known ones alone. Made
-- again by period.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(
    parts_of_rows(
        "period_end",
        rows=[ref("int_waiting_list_wlmds_group")]
        + followed_in_parts(
            "(select period_end, "
            ~ wlmds_organisation()
            ~ " as organisation_code from "
            ~ ref("int_waiting_list_wlmds_group")
            ~ " union all select period_end, organisation_code from "
            ~ ref("int_waiting_list_rtt_organisation")
            ~ ")"
        ),
        kept=[ref("int_waiting_list_rtt_organisation")],
    )
) %}
with
    groups as (
        select *
        from {{ ref("int_waiting_list_wlmds_group") }}
        where total_suppressed_cells = 0 and {{ in_parts(asked, "period_end") }}
    ),

    figures as (
        select
            'rtt' as indicator_id,
            organisation_code,
            organisation_level,
            treatment_function_code,
            period_start,
            period_end,
            'month' as period_type,
            'all' as dimension,
            'all' as group_code,
            cast(unknown_clock_start as double) as numerator,
            cast(waiting + unknown_clock_start as double) as denominator,
            case
                when unknown_clock_start is null then 'not_collected' else 'published'
            end as value_status,
            cast(null as string) as value_status_reason,
            {{ exact_figure() }},
            'nhse_rtt' as source_id,
            snapshot_sha256
        from {{ ref("int_waiting_list_rtt_organisation") }}
        where {{ in_parts(asked, "period_end") }}
        union all
        select
            'wlmds',
            {{ wlmds_organisation() }},
            {{ wlmds_level() }},
            treatment_function_code,
            period_end,
            period_end,
            'snapshot',
            dimension,
            group_code,
            unknown_clock_start,
            total,
            case
                when unknown_clock_start_suppressed_cells = 0
                then 'published'
                else 'suppressed'
            end,
            null,
            case when unknown_clock_start is null then unknown_clock_start_low end,
            case when unknown_clock_start is null then unknown_clock_start_high end,
            0,
            null,
            'nhse_wlmds',
            snapshot_sha256
        from groups
    ) {{ on_both_geographies("figures") }}

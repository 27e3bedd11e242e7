-- Grain: as fct_indicator_value, RTT indicators. Question: which share of the waiting
-- list waits how long? Denominator: all incomplete pathways with a known clock start,
-- that is the sum of the bands. Sums say how many organisations were expected and have
-- no row (int_data_quality_missing). Made again by month.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(
    parts_of_rows(
        "period_end",
        rows=[
            "(select * from "
            ~ ref("int_data_quality_missing_from_sum")
            ~ " where source_id = 'nhse_rtt')"
        ]
        + followed_in_parts(ref("int_waiting_list_rtt_organisation")),
        kept=[ref("int_waiting_list_rtt_organisation")],
    )
) %}
with
    counted as (
        {{
            rtt_figures(
                "(select * from "
                ~ ref("int_waiting_list_rtt_organisation")
                ~ " where "
                ~ in_parts(asked, "period_end")
                ~ ")",
                [
                    "waiting",
                    "within_18_weeks",
                    "over_52_weeks",
                    "over_65_weeks",
                    "over_78_weeks",
                ],
                "nhse_rtt",
            )
        }}
    ),

    figures as (
        select
            {% call all_with(
                ["value_status_reason", "organisations_missing"],
                of="counted"
            ) %}
                absent.reason as value_status_reason,
                coalesce(absent.organisations, 0) as organisations_missing
            {% endcall %}
        from counted
        left join
            {{ ref("int_data_quality_missing_from_sum") }} as absent
            on counted.source_id = absent.source_id
            and counted.period_end = absent.period_end
            and counted.organisation_code = absent.organisation_code
    ) {{ on_both_geographies("figures") }}

-- Grain: monthly indicator x organisation (England, regions, trusts) x month, current
-- geography. Question: is the month an ordinary one, does the series improve or worsen,
-- and will it meet its target as it stands?
-- XmR chart with the rules of Making Data Count, run length 7; limits and runs start
-- anew with each segment. A month without a figure has a row without a point. The
-- limits are not cut at 0 and 1, because the rules are judged by them.
with
    series as (
        select
            months.*,
            indicator.indicator_name,
            indicator.polarity,
            target.target,
            {{
                target_reading(
                    "months.value", "months.period_end", "indicator.polarity"
                )
            }} as target_reading,
            case
                indicator.polarity
                when 'higher_is_better'
                then 'increase'
                when 'lower_is_better'
                then 'decrease'
                else 'neutral'
            end as improvement_direction
        from {{ ref("int_inequality_month") }} as months
        inner join
            {{ ref("dim_indicator") }} as indicator
            on months.indicator_id = indicator.indicator_id
            {{ join_target("months") }}
        where months.organisation_level in ('england', 'region', 'trust')
    ),

    points as (
        {{
            control_chart(
                "series",
                ["indicator_id", "organisation_code"],
                "period_start",
                "value",
                "improvement_direction",
                "target",
                rebase="segment",
            )
        }}
    )

select
    series.indicator_id,
    series.indicator_name,
    series.organisation_code,
    organisation.organisation_name,
    series.organisation_level,
    series.period_start,
    series.period_end,
    series.value,
    series.value_status,
    series.value_status_reason,
    cast(series.segment as integer) as segment,
    series.segment_reason,
    cast(points.point_number as integer) as point_number,
    points.mean as mean_value,
    points.lower_process_limit,
    points.upper_process_limit,
    points.special_cause_type,
    points.point_type,
    points.variation_icon,
    points.assurance_icon,
    points.is_latest,
    points.limits_status as limits_kind,
    points.reason as limits_reason,
    series.target,
    series.target_reading,
    series.improvement_direction,
    series.source_id,
    series.snapshot_sha256,
    series.period_end as data_as_of,
    series.data_origin,
    series.release_id
from series
inner join
    points
    on series.indicator_id = points.indicator_id
    and series.organisation_code = points.organisation_code
    and series.period_start = points.period
left join
    {{ ref("dim_organisation") }} as organisation
    on series.organisation_code = organisation.organisation_code

-- Grain: monthly or quarterly indicator x organisation (England, regions, trusts) x
-- period, current geography. Question: is the month an ordinary one, does the series
-- improve or worsen, and will it meet its target as it stands?
-- XmR chart (Making Data Count) with limits and runs that start again in each segment.
-- A month without a figure has a row without a point. The limits are not cut at 0 and
-- 1, because the rules are judged by them.
-- The rules say "special cause" in at most 5% of years of a series that is stable:
-- * Making Data Count's (7 points, two in three) say it in 12 to 14%, and in 71 to 79%
-- of years of a stable series whose months are alike as those of trusts are (lag 1
-- correlation 0.64): half of all months of trusts were special. So a shift is 10
-- points, a trend 7, there is no rule of two in three, and extreme moving ranges are
-- kept.
-- * Where months are alike, limits are widened and runs do not count (macro
-- control_chart, widen): autocorrelation and is_autocorrelated say so.
-- * Where the time of year shows (int_inequality_season, months only), the chart is of
-- charted_value, the value less its season.
with
    series as (
        select
            months.*,
            months.value - case
                when season.is_seasonal then season.seasonal_effect else 0
            end as charted_value,
            season.season_correlation,
            season.is_seasonal,
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
        left join
            {{ ref("int_inequality_season") }} as season
            on months.indicator_id = season.indicator_id
            and months.organisation_code = season.organisation_code
            and extract(month from months.period_start) = season.calendar_month
        where months.organisation_level in ('england', 'region', 'trust')
    ),

    points as (
        {{
            control_chart(
                "series",
                ["indicator_id", "organisation_code"],
                "period_start",
                "charted_value",
                "improvement_direction",
                "target",
                screen_outliers=false,
                rebase="segment",
                shift_length=10,
                two_in_three=false,
                widen=true,
            )
        }}
    )

select
    series.indicator_id,
    series.indicator_name,
    series.organisation_code,
    organisation.organisation_name,
    {{ icb_columns("organisation") }},
    series.organisation_level,
    series.period_start,
    series.period_end,
    series.value,
    {{
        previous_figure(
            "series",
            ["series.indicator_id", "series.organisation_code", "series.segment"],
        )
    }},
    series.charted_value,
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
    case
        when series.value is null
        then null
        when points.point_type <> 'common_cause'
        then 'clear difference'
        when points.limits_status = 'limits'
        then 'no clear difference'
        else 'too few to tell'
    end as certainty,
    points.autocorrelation,
    points.is_autocorrelated,
    series.season_correlation,
    coalesce(series.is_seasonal, false) as is_seasonal,
    points.limits_status as limits_kind,
    points.reason as limits_reason,
    series.target,
    series.target_reading,
    series.polarity,
    series.source_id,
    series.snapshot_sha256,
    series.period_end as data_as_of,
    series.data_origin
from series
inner join
    points
    on series.indicator_id = points.indicator_id
    and series.organisation_code = points.organisation_code
    and series.period_start = points.period
left join
    {{ ref("dim_organisation") }} as organisation
    on series.organisation_code = organisation.organisation_code

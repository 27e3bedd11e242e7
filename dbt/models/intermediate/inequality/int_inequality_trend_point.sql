-- Grain: series (indicator or gap x organisation x dimension x groups x
-- standardisation) x method of the trend x period, current geography. Question: on
-- which periods does the trend of a series stand?
-- Annual figures (ohid_recent_trend): independent years. Of rolling twelve months
-- (MHSDS) the newest stands and those that end a whole number of years before it, which
-- share no month with it; three years pooled (CAN-02) are no annual figure and are not
-- here. Months, quarters and days, and gaps and slope indices over several periods
-- (slope_of_periods): the last 24 months, or the last 60 where 24 hold fewer than 12
-- periods (SMI comes by quarter). On either path nothing before the newest break within
-- the series counts (seed series_breaks), and of months and quarters nothing before a
-- hole of two or more.
{%- set newest_months = 24 %}
{%- set most_months = 60 %}
{%- set fewest_points = 12 %}
{%- set series = trend_series() | join(", ") %}
with
    breaks_of_places as (
        select distinct breaks.indicator_id, places.organisation_code, breaks.break_date
        from {{ ref("series_breaks") }} as breaks
        inner join
            (
                select distinct indicator_id, organisation_code, organisation_level
                from {{ ref("fct_indicator_value") }}
                union
                select distinct indicator_id, organisation_code, organisation_level
                from {{ ref("fct_inequality_measure") }}
            ) as places
            on breaks.indicator_id = places.indicator_id
            and {{
                break_concerns(
                    "breaks.concerns",
                    "places.organisation_level",
                    "places.organisation_code",
                )
            }}
    ),

    figures as (
        select 'value' as subject, figure.*, 'all' as reference_group, indicator.unit
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_indicator") }} as indicator
            on figure.indicator_id = indicator.indicator_id
        inner join
            {{ ref("dim_group") }} as groups
            on figure.dimension = groups.dimension
            and figure.group_code = groups.group_code
        where
            figure.treatment_function_code = 'all'
            and figure.geography_basis = 'current'
            and indicator.unit <> 'count'
            and not groups.is_unknown
    ),

    annual as (
        {% call kept(
            "mod("
            ~ months_apart(
                "period_start",
                "max(period_start) over (partition by " ~ series ~ ")"
            )
            ~ ", 12) = 0"
        ) %}
        select
            'ohid_recent_trend' as trend_method,
            {{ series }},
            organisation_level,
            period_start,
            period_end,
            true as is_after_holes,
            case when unit = 'proportion' then 'proportion' else 'other' end as kind,
            case when value_status = 'published' then numerator end as numerator,
            denominator,
            value,
            ci_lower_95,
            ci_upper_95,
            source_id,
            data_origin
        from figures
        where
            period_type = 'year'
            and period_end
            = cast(period_start + interval 12 month - interval 1 day as date)
        {% endcall %}
    ),

    -- months and quarters on the two sides of a hole of two or more are no neighbours
    neighboured as (
        select
            *,
            coalesce(
                lag(period_start) over in_time < cast(
                    period_start - case
                        period_type
                        when 'month'
                        then interval 2 month
                        when 'quarter'
                        then interval 6 month
                    end as date
                ),
                false
            ) as is_after_hole
        from figures
        where period_type in ('month', 'quarter', 'snapshot') and value is not null
        window in_time as (partition by {{ series }} order by period_end, period_start)
    ),

    of_values as (
        select
            'slope_of_periods' as trend_method,
            {{ series }},
            organisation_level,
            period_start,
            period_end,
            count(case when is_after_hole then 1 end) over (
                partition by {{ series }}
                order by period_end desc, period_start desc
                rows between unbounded preceding and 1 preceding
            )
            = 0 as is_after_holes,
            cast(null as string) as kind,
            cast(null as double) as numerator,
            cast(null as double) as denominator,
            value,
            cast(null as double) as ci_lower_95,
            cast(null as double) as ci_upper_95,
            source_id,
            data_origin
        from neighboured
    ),

    of_gaps as (
        select
            'slope_of_periods' as trend_method,
            gap.measure as subject,
            gap.indicator_id,
            gap.organisation_code,
            gap.dimension,
            gap.comparison_group as group_code,
            gap.reference_group,
            gap.standardisation,
            gap.organisation_level,
            gap.period_start,
            gap.period_end,
            true as is_after_holes,
            cast(null as string) as kind,
            cast(null as double) as numerator,
            cast(null as double) as denominator,
            gap.value,
            cast(null as double) as ci_lower_95,
            cast(null as double) as ci_upper_95,
            gap.source_id,
            gap.data_origin
        from {{ ref("fct_inequality_measure") }} as gap
        where
            gap.measure in ('absolute_gap', 'slope_index')
            and gap.period_type <> 'year'
            and gap.treatment_function_code = 'all'
            and gap.geography_basis = 'current'
            and gap.value is not null
    ),

    points as (
        select *
        from annual
        union all
        select *
        from of_values
        union all
        select *
        from of_gaps
    ),

    dated as (
        select
            *,
            count(*) over (partition by trend_method, {{ series }}) as all_points,
            {{
                months_apart(
                    "period_end",
                    "max(period_end) over (partition by trend_method, "
                    ~ series
                    ~ ")",
                )
            }} as months_ago
        from
            (
                {{
                    since_break(
                        "points", "breaks_of_places", ["trend_method", series]
                    )
                }}
            )
    ),

    since_breaks as (
        select *
        from dated
        where
            is_after_break
            and is_after_holes
            and (trend_method = 'ohid_recent_trend' or all_points >= 2)
    ),

    counted as (
        select
            *,
            count(case when months_ago < {{ newest_months }} then 1 end) over (
                partition by trend_method, {{ series }}
            ) as newest_points
        from since_breaks
    )

select
    {{
        all_but(
            [
                "is_after_break",
                "is_after_holes",
                "all_points",
                "months_ago",
                "newest_points",
            ]
        )
    }}
from counted
where
    trend_method = 'ohid_recent_trend'
    or months_ago < case
        when newest_points >= {{ fewest_points }}
        then {{ newest_months }}
        else {{ most_months }}
    end

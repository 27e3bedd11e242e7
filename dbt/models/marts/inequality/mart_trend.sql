-- Grain: series (indicator or gap x organisation x dimension x groups), current
-- geography. Question: is it rising or falling?
-- Annual figures: OHID's recent trend over the last five years (chi-squared for trend,
-- each year left out in turn). That rule is for annual, independent points only.
-- Monthly figures, and gaps and slope indices over several periods: slope of the
-- least-squares line per year with its 95% limits (Student's t on the residuals), over
-- the last 24 months at most, not across a break in the series. Neighbouring months are
-- alike (the lag 1 correlation r of the residuals of the four-hour share is 0.7), so
-- the standard error is multiplied by sqrt((1 + r) / (1 - r)) where r is above 0, as
-- for an autoregressive series of order 1. A series needs two periods to be here.
{%- set newest_months = 24 %}
{%- set fewest_points = 12 %}
{%- set series_key = [
    "subject",
    "indicator_id",
    "organisation_code",
    "dimension",
    "group_code",
    "reference_group",
] %}
with
    annual as (
        select
            'value' as subject,
            figure.indicator_id,
            figure.organisation_code,
            figure.organisation_level,
            figure.dimension,
            figure.group_code,
            'all' as reference_group,
            figure.period_start,
            figure.period_end,
            extract(year from figure.period_start) as point_year,
            case
                when indicator.unit = 'proportion' then 'proportion' else 'other'
            end as kind,
            case
                when figure.value_status = 'published' then figure.numerator
            end as numerator,
            figure.denominator,
            figure.value,
            figure.ci_lower_95,
            figure.ci_upper_95,
            figure.source_id,
            figure.data_origin,
            figure.release_id
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_indicator") }} as indicator
            on figure.indicator_id = indicator.indicator_id
        inner join
            {{ ref("dim_group") }} as groups
            on figure.dimension = groups.dimension
            and figure.group_code = groups.group_code
        where
            figure.period_type = 'year'
            and figure.treatment_function_code = 'all'
            and figure.geography_basis = 'current'
            and indicator.unit <> 'count'
            and not groups.is_unknown
    ),

    annual_trends as (
        {{
            recent_trend(
                "annual",
                series_key,
                "point_year",
                "kind",
                "numerator",
                "denominator",
                "value",
                "ci_lower_95",
                "ci_upper_95",
            )
        }}
    ),

    annual_series as (
        select
            {{ series_key | join(", ") }},
            max(organisation_level) as organisation_level,
            min(period_start) as first_period_start,
            max(period_end) as last_period_end,
            max(source_id) as source_id,
            max(data_origin) as data_origin,
            max(release_id) as release_id
        from annual
        group by {{ series_key | join(", ") }}
        having count(*) >= 2
    ),

    of_values as (
        select
            'value' as subject,
            indicator_id,
            organisation_code,
            organisation_level,
            'all' as dimension,
            'all' as group_code,
            'all' as reference_group,
            period_start,
            period_end,
            value,
            max(segment) over (partition by indicator_id, organisation_code)
            = segment as is_in_last_segment,
            source_id,
            data_origin,
            release_id
        from {{ ref("int_inequality_month") }}
        where value is not null
    ),

    newest_breaks as (
        select
            breaks.indicator_id,
            places.organisation_code,
            max(breaks.break_date) as break_date
        from {{ ref("series_breaks") }} as breaks
        inner join
            (
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
        group by breaks.indicator_id, places.organisation_code
    ),

    -- Breaks in a series of gaps: nothing before the newest one counts.
    of_gaps as (
        select
            gap.measure as subject,
            gap.indicator_id,
            gap.organisation_code,
            gap.organisation_level,
            gap.dimension,
            gap.comparison_group as group_code,
            gap.reference_group,
            gap.period_start,
            gap.period_end,
            gap.value,
            breaks.break_date is null
            or gap.period_start >= breaks.break_date as is_in_last_segment,
            gap.source_id,
            gap.data_origin,
            gap.release_id
        from {{ ref("fct_inequality_measure") }} as gap
        left join
            newest_breaks as breaks
            on gap.indicator_id = breaks.indicator_id
            and gap.organisation_code = breaks.organisation_code
        where
            gap.measure in ('absolute_gap', 'slope_index')
            and gap.period_type <> 'year'
            -- CVDPREVENT gives both: a line through crude and standardised gaps is none
            and gap.standardisation = 'crude'
            and gap.treatment_function_code = 'all'
            and gap.geography_basis = 'current'
            and gap.value is not null
    ),

    points as (
        select *
        from of_values
        union all
        select *
        from of_gaps
    ),

    recent as (
        select
            *,
            -- years since a fixed day: the slope is per year, and small numbers keep
            -- their digits
            {{ dbt.datediff("cast('2020-01-01' as date)", "period_end", "day") }}
            / 365.25e0 as time,
            max(period_end) over (
                partition by {{ series_key | join(", ") }}
            ) as newest_period_end,
            count(*) over (partition by {{ series_key | join(", ") }}) as all_points
        from points
        qualify
            is_in_last_segment
            and {{ dbt.datediff("period_end", "newest_period_end", "month") }}
            < {{ newest_months }}
            and all_points >= 2
    ),

    centred as (
        select
            *,
            time - {{ in_order("avg", "time") }} over (
                partition by {{ series_key | join(", ") }}
            ) as centred_time,
            value - {{ in_order("avg", "value") }} over (
                partition by {{ series_key | join(", ") }}
            ) as centred_value
        from recent
    ),

    fitted as (
        select
            *,
            {{ in_order("sum", "centred_time * centred_value") }} over (
                partition by {{ series_key | join(", ") }}
            ) / nullif(
                {{ in_order("sum", "centred_time * centred_time") }} over (
                    partition by {{ series_key | join(", ") }}
                ),
                0
            ) as slope
        from centred
    ),

    residuals as (
        select *, centred_value - slope * centred_time as residual from fitted
    ),

    neighbours as (
        select
            *,
            lag(residual) over (
                partition by {{ series_key | join(", ") }}
                order by period_end, period_start
            ) as residual_before
        from residuals
    ),

    lines as (
        select
            {{ series_key | join(", ") }},
            max(organisation_level) as organisation_level,
            min(period_start) as first_period_start,
            max(period_end) as last_period_end,
            max(source_id) as source_id,
            max(data_origin) as data_origin,
            max(release_id) as release_id,
            count(*) as points_used,
            max(slope) as slope,
            sqrt(
                {{ in_order("sum", "residual * residual") }}
                / nullif(count(*) - 2, 0)
                / nullif({{ in_order("sum", "centred_time * centred_time") }}, 0)
            ) as slope_error,
            {{ in_order("sum", "residual * residual_before") }} / nullif(
                {{ in_order("sum", "residual * residual") }}, 0
            ) as residual_correlation
        from neighbours
        group by {{ series_key | join(", ") }}
    ),

    limited as (
        select
            *,
            {{ student_t_quantile("points_used - 2") }}
            * slope_error
            * sqrt(
                (1 + greatest(0e0, residual_correlation))
                / nullif(1 - greatest(0e0, residual_correlation), 0)
            ) as margin,
            case
                when points_used < {{ fewest_points }}
                then
                    'fewer than {{ fewest_points }} periods since the last break in the series'
            end as reason
        from lines
    ),

    trends as (
        select
            {%- for column in series_key %} annual_trends.{{ column }}, {%- endfor %}
            annual_series.organisation_level,
            annual_series.first_period_start,
            annual_series.last_period_end,
            annual_series.source_id,
            annual_series.data_origin,
            annual_series.release_id,
            'ohid_recent_trend' as trend_method,
            annual_trends.points_used,
            annual_trends.slope as trend_slope,
            cast(null as double) as trend_slope_ci_lower_95,
            cast(null as double) as trend_slope_ci_upper_95,
            annual_trends.chi_squared,
            cast(null as double) as residual_correlation,
            annual_trends.recent_trend as trend,
            annual_trends.reason
        from annual_trends
        inner join
            annual_series
            on {%- for column in series_key %}
                annual_trends.{{ column }} = annual_series.{{ column }}
                {{ "and" if not loop.last }}
            {%- endfor %}
        union all
        select
            {{ series_key | join(", ") }},
            organisation_level,
            first_period_start,
            last_period_end,
            source_id,
            data_origin,
            release_id,
            'slope_of_periods',
            points_used,
            case when reason is null then slope end,
            case when reason is null then slope - margin end,
            case when reason is null then slope + margin end,
            null,
            case when reason is null then residual_correlation end,
            case
                when reason is not null
                then 'Cannot be calculated'
                when slope - margin > 0
                then 'Increasing'
                when slope + margin < 0
                then 'Decreasing'
                else 'No significant change'
            end,
            reason
        from limited
    )

select
    trends.subject,
    trends.indicator_id,
    indicator.indicator_name,
    trends.organisation_code,
    organisation.organisation_name,
    trends.organisation_level,
    trends.dimension,
    trends.group_code,
    trends.reference_group,
    trends.trend_method,
    cast(trends.points_used as integer) as points_used,
    trends.first_period_start,
    trends.last_period_end,
    trends.trend_slope,
    trends.trend_slope_ci_lower_95,
    trends.trend_slope_ci_upper_95,
    trends.chi_squared,
    trends.residual_correlation,
    trends.trend,
    case
        when trends.trend not in ('Increasing', 'Decreasing')
        then null
        when trends.subject <> 'value' or indicator.polarity = 'none'
        then null
        when (indicator.polarity = 'higher_is_better') = (trends.trend = 'Increasing')
        then 'better'
        else 'worse'
    end as trend_rating,
    trends.reason as trend_reason,
    trends.source_id,
    trends.last_period_end as data_as_of,
    trends.data_origin,
    trends.release_id
from trends
inner join
    {{ ref("dim_indicator") }} as indicator
    on trends.indicator_id = indicator.indicator_id
left join
    {{ ref("dim_organisation") }} as organisation
    on trends.organisation_code = organisation.organisation_code

-- Grain: series (indicator or gap x organisation x dimension x groups x
-- standardisation), current geography. Question: is it rising or falling?
-- Annual figures: OHID's recent trend over the last five years (chi-squared for trend,
-- each year left out in turn). That rule is for annual, independent points only: of
-- rolling twelve months (MHSDS) the newest stands and those that end a whole number of
-- years before it, which share no month with it; three years pooled (CAN-02) are no
-- annual figure and are not here.
-- Months, quarters and days, and gaps and slope indices over several periods: slope of
-- the least-squares line per year with its 95% limits (Student's t on the residuals),
-- over the last 24 months, or the last 60 where 24 hold fewer than 12 periods (SMI
-- comes by quarter). Neighbouring periods are alike (the lag 1 correlation of the
-- four-hour share is 0.7), so the limits are widened (macro slope_over_time).
-- Many series are read side by side: q is by Benjamini and Hochberg over all lines of
-- the subject at the organisation level, and rising or falling is what has a q value of
-- at most 5% (the annual rule has its own, stricter limit). p: Student's t of slope
-- over
-- standard error, with the same degrees of freedom, so that limits and q agree.
-- A gap is better where it closes: its line runs towards none, whoever is worse off.
-- On either path nothing before the newest break within the series counts (seed
-- series_breaks), and of months and quarters nothing before a hole of two or more.
-- A series needs two periods to be here.
{%- set newest_months = 24 %}
{%- set most_months = 60 %}
{%- set fewest_points = 12 %}
{%- set series_key = [
    "subject",
    "indicator_id",
    "organisation_code",
    "dimension",
    "group_code",
    "reference_group",
    "standardisation",
] %}
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
            ~ dbt.datediff(
                "period_start",
                "max(period_start) over (partition by " ~ series_key
                | join(", ") ~ ")",
                "month"
            )
            ~ ", 12) = 0"
        ) %}
        select
            {{ series_key | join(", ") }},
            organisation_level,
            period_start,
            period_end,
            extract(year from period_start) as point_year,
            case when unit = 'proportion' then 'proportion' else 'other' end as kind,
            case when value_status = 'published' then numerator end as numerator,
            denominator,
            value,
            ci_lower_95,
            ci_upper_95,
            source_id,
            data_origin,
            release_id
        from figures
        where
            period_type = 'year'
            and period_end
            = cast(period_start + interval 12 month - interval 1 day as date)
        {% endcall %}
    ),

    annual_since_break as (
        select *
        from ({{ since_break("annual", "breaks_of_places", series_key) }})
        where is_after_break
    ),

    annual_trends as (
        {{
            recent_trend(
                "annual_since_break",
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
        from annual_since_break
        group by {{ series_key | join(", ") }}
        having count(*) >= 2
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
        window
            in_time as (
                partition by {{ series_key | join(", ") }}
                order by period_end, period_start
            )
    ),

    of_values as (
        select
            {{ series_key | join(", ") }},
            organisation_level,
            period_start,
            period_end,
            value,
            count(case when is_after_hole then 1 end) over (
                partition by {{ series_key | join(", ") }}
                order by period_end desc, period_start desc
                rows between unbounded preceding and 1 preceding
            )
            = 0 as is_after_holes,
            source_id,
            data_origin,
            release_id
        from neighboured
    ),

    of_gaps as (
        select
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
            gap.value,
            true as is_after_holes,
            gap.source_id,
            gap.data_origin,
            gap.release_id
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
        from of_values
        union all
        select *
        from of_gaps
    ),

    timed as (
        select
            *,
            -- years since a fixed day: the slope is per year, and small numbers keep
            -- their digits
            {{ dbt.datediff("cast('2020-01-01' as date)", "period_end", "day") }}
            / 365.25e0 as time,
            count(*) over (partition by {{ series_key | join(", ") }}) as all_points,
            {{
                dbt.datediff(
                    "period_end",
                    "max(period_end) over (partition by " ~ series_key
                    | join(", ") ~ ")",
                    "month",
                )
            }} as months_ago
        from ({{ since_break("points", "breaks_of_places", series_key) }})
    ),

    recent as (
        {% call kept(
            "months_ago < case when count(case when months_ago < "
            ~ newest_months
            ~ " then 1 end) over (partition by "
            ~ series_key
            | join(", ")
            ~ ") >= "
            ~ fewest_points
            ~ " then "
            ~ newest_months
            ~ " else "
            ~ most_months
            ~ " end"
        ) %}
        select *
        from timed
        where all_points >= 2 and is_after_break and is_after_holes
        {% endcall %}
    ),

    lines as ({{ slope_over_time("recent", series_key, "time", "value") }}),

    series_of_lines as (
        select
            {{ series_key | join(", ") }},
            max(organisation_level) as organisation_level,
            min(period_start) as first_period_start,
            max(period_end) as last_period_end,
            max(source_id) as source_id,
            max(data_origin) as data_origin,
            max(release_id) as release_id
        from recent
        group by {{ series_key | join(", ") }}
    ),

    tested as (
        select
            series_of_lines.*,
            lines.points_used,
            lines.slope,
            lines.lower,
            lines.upper,
            lines.mean_value,
            lines.residual_correlation,
            case
                when lines.points_used >= {{ fewest_points }} then lines.p_value
            end as p_value,
            case
                when lines.points_used < {{ fewest_points }}
                then
                    'fewer than {{ fewest_points }} periods since the last break in the series'
            end as reason
        from lines
        inner join
            series_of_lines
            on {%- for column in series_key %}
                lines.{{ column }} = series_of_lines.{{ column }}
                {{ "and" if not loop.last }}
            {%- endfor %}
    ),

    limited as (
        {{ false_discovery("tested", "p_value", "subject, organisation_level") }}
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
            cast(null as double) as q_value,
            cast(null as double) as mean_value,
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
            case when reason is null then lower end,
            case when reason is null then upper end,
            null,
            case when reason is null then residual_correlation end,
            q_value,
            mean_value,
            case
                when reason is not null
                then 'Cannot be calculated'
                when q_value <= 0.05 and lower > 0
                then 'Increasing'
                when q_value <= 0.05 and upper < 0
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
    {{ icb_columns("organisation") }},
    trends.organisation_level,
    trends.dimension,
    trends.group_code,
    trends.reference_group,
    trends.standardisation,
    trends.trend_method,
    cast(trends.points_used as integer) as points_used,
    trends.first_period_start,
    trends.last_period_end,
    trends.trend_slope,
    trends.trend_slope_ci_lower_95,
    trends.trend_slope_ci_upper_95,
    trends.chi_squared,
    trends.residual_correlation,
    trends.q_value,
    trends.trend,
    case
        when trends.trend not in ('Increasing', 'Decreasing')
        then null
        when trends.subject <> 'value'
        then
            case
                when (trends.mean_value > 0) = (trends.trend = 'Increasing')
                then 'worse'
                else 'better'
            end
        when indicator.polarity = 'none'
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

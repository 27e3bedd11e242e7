-- Grain: series (indicator or gap x organisation x dimension x groups x
-- standardisation), current geography. Question: is it rising or falling?
-- Annual figures by OHID's recent trend; months, quarters and days, and gaps and slope
-- indices over several periods by the slope of the least-squares line per year.
-- Many series are read side by side: q is by Benjamini and Hochberg over all lines of
-- the measure at the organisation level, and rising or falling is what has a q value of
-- at most 5% (the annual rule has its own, stricter limit).
-- A gap is better where it closes: its line runs towards none, whoever is worse off.
-- A series needs two periods to be here.
{%- set series = trend_series() | join(", ") %}
with
    annual as (select * from {{ ref("int_inequality_trend_annual") }}),

    lines as (select * from {{ ref("int_inequality_trend_line") }}),

    indicators as (select * from {{ ref("dim_indicator") }}),

    organisations as (select * from {{ ref("dim_organisation") }}),

    controlled as (
        {{ false_discovery("lines", "p_value", "subject, organisation_level") }}
    ),

    trends as (
        select
            {{ series }},
            organisation_level,
            first_period_start,
            last_period_end,
            source_id,
            data_origin,
            'ohid_recent_trend' as trend_method,
            points_used,
            slope as trend_slope,
            cast(null as double) as trend_slope_ci_lower_95,
            cast(null as double) as trend_slope_ci_upper_95,
            chi_squared,
            cast(null as double) as residual_correlation,
            cast(null as double) as q_value,
            cast(null as double) as mean_value,
            recent_trend as trend,
            reason
        from annual
        union all
        select
            {{ series }},
            organisation_level,
            first_period_start,
            last_period_end,
            source_id,
            data_origin,
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
        from controlled
    )

select
    trends.subject as measure,
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
    trends.trend_method as method,
    cast(trends.points_used as integer) as points_used,
    trends.first_period_start,
    trends.last_period_end,
    trends.trend_slope,
    trends.trend_slope_ci_lower_95,
    trends.trend_slope_ci_upper_95,
    trends.chi_squared,
    trends.residual_correlation as autocorrelation,
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
    trends.data_origin
from trends
inner join indicators as indicator on trends.indicator_id = indicator.indicator_id
left join
    organisations as organisation
    on trends.organisation_code = organisation.organisation_code

-- Grain: series of annual figures. Question: is it rising or falling by OHID's recent
-- trend over the last five years (chi-squared for trend, each year left out in turn)?
-- A series needs two years to be here.
{%- set series = trend_series() %}
with
    years as (
        select *, extract(year from period_start) as point_year
        from {{ ref("int_inequality_trend_point") }}
        where trend_method = 'ohid_recent_trend'
    ),

    trends as (
        {{
            recent_trend(
                "years",
                series,
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

    known as ({{ trend_series_of("years") }} having count(*) >= 2)

select
    known.*,
    trends.points_used,
    trends.slope,
    trends.chi_squared,
    trends.recent_trend,
    trends.reason
from trends
inner join
    known
    on {%- for column in series %}
        trends.{{ column }} = known.{{ column }} {{ "and" if not loop.last }}
    {%- endfor %}

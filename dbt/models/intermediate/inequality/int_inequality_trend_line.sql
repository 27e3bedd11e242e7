-- Grain: series of months, quarters, days or gaps. Question: what is the slope of the
-- least-squares line per year, with its 95% limits and its p value?
-- Neighbouring periods are alike (the lag 1 correlation of the four-hour share is 0.7),
-- so the limits are widened (macro slope_over_time). Fewer than 12 periods have a
-- reason instead of a p value.
{%- set series = trend_series() %}
{%- set fewest_points = 12 %}
with
    timed as (
        select
            *,
            -- years since a fixed day: the slope is per year, and small numbers keep
            -- their digits
            {{ dbt.datediff("cast('2020-01-01' as date)", "period_end", "day") }}
            / 365.25e0 as time
        from {{ ref("int_inequality_trend_point") }}
        where trend_method = 'slope_of_periods'
    ),

    lines as ({{ slope_over_time("timed", series, "time", "value") }}),

    known as ({{ trend_series_of("timed") }})

select
    known.*,
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
        then 'fewer than {{ fewest_points }} periods since the last break in the series'
    end as reason
from lines
inner join
    known
    on {%- for column in series %}
        lines.{{ column }} = known.{{ column }} {{ "and" if not loop.last }}
    {%- endfor %}

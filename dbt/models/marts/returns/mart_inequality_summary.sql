-- Grain: level x organisation x metric x dimension (quintiles of one edition) x period
-- x measure (slope index, relative index, trend of the slope index).
-- Question: how much more do the most deprived have than the least deprived, when
-- every quintile counts, and is that widening or narrowing? Slope and relative index
-- are most minus (over) least deprived, from the shown rates; the slope in points.
-- Editions of the deciles are two series (dimension IMD_QUINTILE and
-- IMD_QUINTILE_2019), never joined into one.
-- Trend: least squares of the slope index on time over the last 24 months (this one
-- and the 23 before it), from 12 periods on, by the rule of mart_trend: neighbouring
-- months are alike, so limits are widened (macro slope_over_time), and q is by
-- Benjamini and Hochberg over the lines of all series that end in the same month at the
-- organisation level. Widening or narrowing is what has a q value of at most 5% and an
-- interval on one side of 0.
-- Made again by period: the indices of the 24 months that its trend is made of.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(
    parts_with_those_before(ref("int_returns__slope_index"), 23)
) %}
{%- set fewest_points = 12 %}
{%- set series = [
    "organisation_level",
    "organisation_code",
    "indicator_id",
    "dimension",
] %}
with
    indices as (select * from {{ ref("int_returns__slope_index") }}),

    -- the points of each line: a series up to one of its periods
    points as (
        select
            {% for column in series %} ends.{{ column }}, {% endfor %}
            ends.period_end as line_end,
            {{ days_between("cast('1970-01-01' as date)", "indices.period_end") }}
            / 30.436875e0 as month,
            100 * indices.slope_index as sii
        from indices as ends
        inner join
            indices
            on {% for column in series -%}
                ends.{{ column }} = indices.{{ column }}
                and {% endfor %} indices.period_end between cast(
                ends.period_end - interval 23 month as date
            ) and ends.period_end
        where
            indices.slope_index is not null and {{ in_parts(asked, "ends.period_end") }}
    ),

    lines as ({{ slope_over_time("points", series + ["line_end"], "month", "sii") }}),

    lined as (
        select
            indices.*,
            coalesce(lines.points_used, 0) as trend_periods,
            lines.mean_value as trend_mean,
            lines.slope as trend_per_month,
            lines.lower as trend_lower,
            lines.upper as trend_upper,
            case
                when lines.points_used >= {{ fewest_points }} then lines.p_value
            end as p_value
        from indices
        left join
            lines
            on {% for column in series -%}
                indices.{{ column }} = lines.{{ column }} and
            {% endfor %} indices.period_end
            = lines.line_end
        where {{ in_parts(asked, "indices.period_end") }}
    ),

    tested as (
        {{ false_discovery("lined", "p_value", "organisation_level, period_end") }}
    ),

    measured as (
        select
            *,
            'slope_index' as measure,
            'percentage points' as unit,
            100 * slope_index as value,
            100 * slope_index_lower as ci_lower_95,
            100 * slope_index_upper as ci_upper_95,
            coalesce(withheld_reason, slope_index_reason) as reason
        from tested
        union all
        select
            *,
            'relative_index',
            'ratio',
            relative_index,
            relative_index_lower,
            relative_index_upper,
            coalesce(withheld_reason, slope_index_reason)
        from tested
        union all
        select
            *,
            'slope_trend',
            'percentage points a month',
            case when trend_periods >= {{ fewest_points }} then trend_per_month end,
            case when trend_periods >= {{ fewest_points }} then trend_lower end,
            case when trend_periods >= {{ fewest_points }} then trend_upper end,
            case
                when trend_periods < {{ fewest_points }}
                then 'fewer than {{ fewest_points }} periods'
            end
        from tested
    )

select
    organisation_level,
    organisation_code,
    icb_code,
    icb_name,
    indicator_id,
    dimension,
    period_start,
    period_end,
    imd_version,
    measure,
    unit,
    value,
    ci_lower_95,
    ci_upper_95,
    case
        when value is not null
        then 'published'
        when measure <> 'slope_trend' and withheld_reason is not null
        then 'withheld'
        else 'not_available'
    end as value_status,
    case when value is null then reason end as value_status_reason,
    case when measure = 'slope_trend' then q_value end as q_value,
    case
        when measure = 'slope_trend' then cast(trend_periods as integer)
    end as points_used,
    case
        when measure <> 'slope_trend'
        then null
        when p_value is null
        then 'fewer than {{ fewest_points }} periods'
        when q_value > 0.05 or trend_lower <= 0 and trend_upper >= 0
        then 'no clear change'
        when sign(trend_per_month) = sign(trend_mean)
        then 'widening'
        else 'narrowing'
    end as trend,
    case when is_revised then 'r' end as revision_flag,
    period_end as data_as_of,
    data_origin
from measured

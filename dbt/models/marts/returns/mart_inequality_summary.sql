-- Grain: level x organisation x metric x dimension (quintiles of one edition) x period
-- x measure (slope index, relative index, trend of the slope index).
-- Question: how much more do the most deprived have than the least deprived, when
-- every quintile counts, and is that widening
-- or narrowing? Slope and relative index are most minus (over) least deprived, from
-- the shown rates; the slope in points.
-- Editions of the deciles are two series (dimension IMD_QUINTILE and
-- IMD_QUINTILE_2019), never joined into one.
-- Trend: least squares of the slope index on time over the last 24 months (this one
-- and the 23
-- before it), from 12 periods on; widening where its 95% interval (Student's t on the
-- residuals) lies on one side of 0, away from equality.
{%- set seconds = "86400e0 * " ~ days_between(
    "date '1970-01-01'", "indices.period_end"
) %}
{%- set moments_of = "100 * slope_index, " ~ seconds ~ " / 2629746e0" %}
{%- set series = [
    "organisation_level",
    "organisation_code",
    "indicator_id",
    "dimension",
] %}
with
    fifths as (
        select
            *,
            cast(group_code as integer) as fifth,
            value / 100 as share,
            ci_lower_95 / 100 as share_lcl,
            ci_upper_95 / 100 as share_ucl
        from {{ ref("mart_hi_rate") }}
        where dimension like 'IMD_QUINTILE%' and group_code <> '99'
    ),

    indices as (
        {{
            slope_index(
                "fifths",
                series + ["period_start", "period_end", "imd_version", "data_origin"],
                "fifth",
                "denominator",
                "share",
                "share_lcl",
                "share_ucl",
                value_type="proportion",
                transform=true,
                multiplier=-1,
                quantiles=5,
            )
        }}
    ),

    reasons as (
        select
            {{ series | join(", ") }},
            period_end,
            max(icb_code) as icb_code,
            max(icb_name) as icb_name,
            max(withheld_reason) as withheld_reason,
            bool_or(revision_flag = 'r') as is_revised
        from fifths
        group by all
    ),

    moments as (
        select
            indices.*,
            reasons.icb_code,
            reasons.icb_name,
            reasons.withheld_reason,
            reasons.is_revised,
            100 * slope_index as sii,
            {{ in_order("regr_slope", moments_of) }} over series_so_far
            as trend_per_month,
            {{ in_order("regr_sxx", moments_of) }} over series_so_far as trend_sxx,
            {{ in_order("regr_syy", moments_of) }} over series_so_far as trend_syy,
            {{ in_order("avg", "100 * slope_index") }} over series_so_far as trend_mean,
            count(slope_index) over series_so_far as trend_periods
        from indices
        inner join reasons using ({{ series | join(", ") }}, period_end)
        window
            series_so_far as (
                partition by
                    {% for column in series %}
                        indices.{{ column }}{{ ", " if not loop.last }}
                    {% endfor %}
                order by
                    indices.period_end
                    range between interval 23 month preceding and current row
            )
    ),

    tested as (
        select
            *,
            {{ student_t_quantile("trend_periods - 2") }} * sqrt(
                greatest(0, trend_syy - power(trend_per_month, 2) * trend_sxx)
                / nullif((trend_periods - 2) * trend_sxx, 0)
            ) as trend_margin
        from moments
    ),

    measured as (
        select
            *,
            'slope_index' as measure,
            'percentage points' as unit,
            sii as value,
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
            case when trend_periods >= 12 then trend_per_month end,
            case when trend_periods >= 12 then trend_per_month - trend_margin end,
            case when trend_periods >= 12 then trend_per_month + trend_margin end,
            case when trend_periods < 12 then 'fewer than 12 periods' end
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
    case
        when measure = 'slope_trend' then cast(trend_periods as integer)
    end as points_used,
    case
        when measure <> 'slope_trend'
        then null
        when trend_periods < 12 or trend_margin is null
        then 'fewer than 12 periods'
        when abs(trend_per_month) <= trend_margin
        then 'no clear change'
        when sign(trend_per_month) = sign(trend_mean)
        then 'widening'
        else 'narrowing'
    end as trend,
    case when is_revised then 'r' end as revision_flag,
    period_end as data_as_of,
    data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from measured

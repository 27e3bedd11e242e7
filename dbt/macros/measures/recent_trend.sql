{#
    Recent trend of an annual indicator: one row for each series.

    Inputs: relation (one row for each series and year); group_by; period (a number; need not be consecutive); kind
    (proportion or other: a bare word or a column); numerator and denominator (kind proportion); value, lower, upper
    (kind other: the value and its limits at limits_confidence); points (the last how many, 5); critical (9.5495,
    chi-squared with 1 degree of freedom at 99.8%). For annual, independent points only; not for months, quarters or
    rolling averages.
    Gives: keys, points_used, slope (per unit of period: of the logit for a proportion, of the value otherwise),
    chi_squared, any_sign_change (on leaving a point out), recent_trend ('Increasing', 'Decreasing', 'No significant
    change' or 'Cannot be calculated') and reason.
    Method: proportion: X2 = D (D S_ct - C S_dt)^2 / (C (D - C)(D S_dtt - S_dt^2)), the Cochran-Armitage test, with the
    direction of the least-squares slope of logit p. Other: weighted least squares with weights 1 / sigma^2, sigma =
    (upper - lower) / 2z, X2 = slope^2 / var(slope). Significant above `critical`; then each point is left out in turn,
    and any change of the slope's sign means no significant change. The period is centred before summing: years near
    2000 squared lose digits.
    Source: OHID Fingertips, Trend markers.
    NULL slope and chi_squared: fewer points than asked for, or a point that is missing or cannot be used (0% or 100%,
    no limits).
#}
{% macro recent_trend(
    relation,
    group_by,
    period,
    kind="proportion",
    numerator="null",
    denominator="null",
    value="null",
    lower="null",
    upper="null",
    points=5,
    critical=9.5495,
    limits_confidence=0.95
) -%}
    {%- set partition = measure_partition(group_by) -%}
    with
        measure_rows as (
            select
                {{ measure_key_columns(group_by) }}
                {{ measure_double(period) }} as measure_period,
                {{ "'" ~ kind ~ "'" if kind in ["proportion", "other"] else kind }} as measure_kind,
                {{ measure_double(numerator) }} as measure_count,
                {{ measure_double(denominator) }} as measure_denominator,
                {{ measure_double(value) }} as measure_value,
                {{ standard_error_from_limits(lower, upper, limits_confidence) }} as measure_error
            from {{ relation }}
        ),
        measure_last as (
            select *, row_number() over ({{ partition }} order by measure_period desc) as measure_place
            from measure_rows
        ),
        measure_points as (
            select
                *,
                measure_period - {{ in_order("avg", "measure_period") }} over ({{ partition }}) as measure_time,
                case
                    when measure_kind = 'proportion'
                    then {{ measure_logit("measure_count / nullif(measure_denominator, 0e0)") }}
                    when measure_kind = 'other'
                    then measure_value
                end as measure_y,
                case
                    when measure_kind = 'proportion'
                    then 1e0
                    when measure_kind = 'other'
                    then 1e0 / nullif(measure_error * measure_error, 0e0)
                end as measure_weight
            from measure_last
            where measure_place <= {{ points }}
        ),
        measure_fits as (
            select
                {{ measure_key_names(group_by, "kept") }}
                left_out.measure_place as measure_left_out,
                {{ measure_weighted_slope("kept.measure_time", "kept.measure_y", "kept.measure_weight") }}
                as measure_slope
            from measure_points as kept
            inner join
                (
                    select measure_place
                    from measure_points
                    group by measure_place
                    union all
                    select 0
                ) as left_out
                on kept.measure_place <> left_out.measure_place
            group by {{ measure_key_names(group_by, "kept") }} left_out.measure_place
        ),
        measure_slopes as (
            select
                {{ measure_key_names(group_by) }}
                max(case when measure_left_out = 0 then measure_slope end) as slope,
                min(case when measure_left_out > 0 then measure_slope end) as measure_lowest,
                max(case when measure_left_out > 0 then measure_slope end) as measure_highest
            from measure_fits {{ measure_group_by(group_by) }}
        ),
        measure_sums as (
            select
                {{ measure_key_names(group_by) }}
                count(*) as points_used,
                {{ measure_all(measure_is_finite("measure_y") ~ " and " ~ measure_is_finite("measure_weight")) }}
                as measure_usable,
                max(measure_kind) as measure_kind,
                {{ in_order("sum", "measure_count") }} as measure_c,
                {{ in_order("sum", "measure_denominator") }} as measure_d,
                {{ in_order("sum", "measure_count * measure_time") }} as measure_ct,
                {{ in_order("sum", "measure_denominator * measure_time") }} as measure_dt,
                {{ in_order("sum", "measure_denominator * measure_time * measure_time") }} as measure_dtt,
                {{ in_order("sum", "measure_weight") }} as measure_w,
                {{ in_order("sum", "measure_weight * measure_time") }} as measure_wt,
                {{ in_order("sum", "measure_weight * measure_time * measure_time") }} as measure_wtt
            from measure_points {{ measure_group_by(group_by) }}
        ),
        measure_tests as (
            select
                measure_sums.*,
                measure_slopes.slope,
                measure_slopes.measure_lowest,
                measure_slopes.measure_highest,
                case
                    when measure_kind = 'proportion'
                    then
                        measure_d
                        * power(measure_d * measure_ct - measure_c * measure_dt, 2)
                        / nullif(
                            measure_c * (measure_d - measure_c) * (measure_d * measure_dtt - measure_dt * measure_dt),
                            0e0
                        )
                    else
                        measure_slopes.slope
                        * measure_slopes.slope
                        * (measure_wtt - measure_wt * measure_wt / nullif(measure_w, 0e0))
                end as chi_squared
            from measure_sums
            inner join measure_slopes on {{ measure_key_match(group_by, "measure_sums", "measure_slopes") }}
        ),
        measure_checked as (
            select
                *,
                case
                    when points_used < {{ points }}
                    then 'Not enough data points'
                    when not measure_usable or slope is null or chi_squared is null
                    then 'A point is missing or cannot be used'
                end as measure_reason,
                slope > 0e0 and measure_lowest <= 0e0 or slope < 0e0 and measure_highest >= 0e0 as measure_flips
            from measure_tests
        )
    select
        {{ measure_key_names(group_by) }}
        points_used,
        case when measure_reason is null then slope end as slope,
        case when measure_reason is null then chi_squared end as chi_squared,
        case when measure_reason is null then measure_flips end as any_sign_change,
        case
            when measure_reason is not null
            then 'Cannot be calculated'
            when chi_squared <= {{ measure_double(critical) }} or measure_flips
            then 'No significant change'
            when slope > 0e0
            then 'Increasing'
            else 'Decreasing'
        end as recent_trend,
        case
            when measure_reason is not null
            then measure_reason
            when chi_squared <= {{ measure_double(critical) }}
            then 'No significant trend'
            when measure_flips
            then 'Outlier found'
            else 'No outliers and significant trend'
        end as reason
    from measure_checked
{%- endmacro %}

{# Slope of weighted least squares of y on t, as an aggregate. #}
{% macro measure_weighted_slope(time, y, weight) -%}
    (
        (
            {% call in_order("sum") %}{{ weight }}{% endcall %}
            *
            {% call in_order("sum") %}{{ weight }} * {{ time }} * {{ y }}{% endcall %}
            -
            {% call in_order("sum") %}{{ weight }} * {{ time }}{% endcall %}
            *
            {% call in_order("sum") %}{{ weight }} * {{ y }}{% endcall %}
        ) / nullif(
            {% call in_order("sum") %}{{ weight }}{% endcall %}
            *
            {% call in_order("sum") %}{{ weight }} * {{ time }} * {{ time }}{% endcall %}
            - power(
                {% call in_order("sum") %}{{ weight }} * {{ time }}{% endcall %},
                2
            ),
            0e0
        )
    )
{%- endmacro %}

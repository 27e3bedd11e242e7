{#
    XmR control chart with the rules of NHS England's Making Data Count: one row for each point.

    Inputs
      relation               one row for each series (group_by) and period
      period                 orders the points (a date or a number)
      value                  the measured value; a period without one is given back unlabelled and breaks nothing
      improvement_direction  increase, decrease or neutral (a bare word or a column)
      target                 the target in the value's unit; none or NULL without one
      screen_outliers        true: moving ranges of 3.267 times their mean or more are left out of the limits (NHSRplotthedots'
                             default); false: as Making Data Count's workbook
      fix_after              the limits come from the first n points of the segment; none: from all
      rebase                 an expression that numbers the segments within a series; limits and runs start again in each; 0: one
      run_length             points on one side of the mean that make a shift, and points of a trend (7; some use 6 or 8)
      minimum_points         below it the limits are trial limits (13)
      shift_length           points on one side of the mean that make a shift; none: run_length
      two_in_three           false: the rule of two in three beyond the near limits is not applied
      widen                  true: the limits of a segment whose neighbours are alike are widened, and only points outside them are
                             special there
    Gives: keys, period, value, segment, point_number, mean, lower_process_limit, upper_process_limit, relative_to_mean
    (-1, 0, 1), outside_limits, close_to_limits, special_cause_type, point_type, variation_icon and assurance_icon (of
    the series, on each row), is_latest, limits_status ('limits', 'trial limits' or NULL without), autocorrelation (lag 1, of the
    segment), is_autocorrelated (false unless widen), reason (why there are no limits).
    Method: mean; moving range between neighbours, its mean amr; limits mean -/+ 2.66 amr; near limits at two thirds.
    Rules in order: outside the limits; run_length points strictly rising or falling (all of them labelled; of two runs
    the later); two of three beyond the near limits with all three on one side (those beyond labelled); run_length
    points on one side. All comparisons strict, with a tolerance of 1e-12 of the mean, so that a constant series of 0.1
    is not all above its own mean. Variation icon: the last point; assurance icon: the target against the limits of the
    last segment.
    Widening: the lag 1 correlation r of the deviations from the mean counts where r n > 1.2816 sqrt(n) - 1 (one-sided 10%: r of n
    points without it has mean -1 / n and standard error 1 / sqrt(n)). Moving ranges are then too small by sqrt(1 - rho), so the
    limits are divided by it, with rho = min(0.9, r + (1 + 3 r) / n), r corrected for its bias; runs are what such months do anyway.
    Source: NHS England Making Data Count; NHSRplotthedots 0.2.2. Widening: Montgomery, Introduction to Statistical Quality
    Control, on autocorrelated data; bias of r: Kendall 1954.
    NULL: limits of a segment without a moving range (fewer than two points, or all screened out).
#}
{% macro control_chart(
    relation,
    group_by,
    period,
    value,
    improvement_direction="neutral",
    target=none,
    screen_outliers=true,
    fix_after=none,
    rebase=0,
    run_length=7,
    minimum_points=13,
    shift_length=none,
    two_in_three=true,
    widen=false
) -%}
    {%- set shift_length = run_length if shift_length is none else shift_length -%}
    {%- set segment = measure_partition(group_by, ["segment"]) -%}
    {%- set words = ["increase", "decrease", "neutral"] -%}
    with
        measure_rows as (
            select
                {{ measure_key_columns(group_by) }}
                {{ period }} as period,
                {{ measure_quantile_value(value) }} as value,
                coalesce(cast({{ rebase }} as bigint), 0) as segment,
                {{ "'" ~ improvement_direction ~ "'" if improvement_direction in words else improvement_direction }}
                as measure_direction,
                {{ measure_double(target) if target is not none else "cast(null as double)" }} as measure_target,
                {{ measure_double(fix_after) if fix_after is not none else "cast(null as double)" }}
                as measure_fix_after
            from {{ relation }}
        ),
        measure_moves as (
            select
                *,
                row_number() over ({{ segment }} order by period) as point_number,
                count(*) over ({{ segment }}) as measure_points,
                value - lag(value) over ({{ segment }} order by period) as measure_move
            from measure_rows
            where value is not null
        ),
        measure_based as (
            select
                *,
                case
                    when measure_fix_after is null or point_number <= measure_fix_after then value
                end as measure_base_value,
                case
                    when measure_fix_after is null or point_number <= measure_fix_after then abs(measure_move)
                end as measure_base_range
            from measure_moves
        ),
        measure_averaged as (
            select
                *,
                {{ in_order("avg", "measure_base_value") }} over ({{ segment }}) as mean,
                {{ in_order("avg", "measure_base_range") }} over ({{ segment }}) as measure_all_ranges
            from measure_based
        ),
        measure_screened as (
            select
                *,
                {% call in_order("avg") %}
                    case
                        when
                            not ({{ measure_boolean(screen_outliers) }})
                            or measure_base_range < 3.267e0 * measure_all_ranges
                        then measure_base_range
                    end
                {% endcall %} over ({{ segment }}) as measure_range
            from measure_averaged
        ),
        measure_deviated as (
            select
                *,
                measure_base_value - mean as measure_deviation,
                lag(measure_base_value) over ({{ segment }} order by period) - mean as measure_deviation_before
            from measure_screened
        ),
        measure_correlated as (
            select
                *,
                count(measure_base_value) over ({{ segment }}) as measure_base_points,
                {{ in_order("sum", "measure_deviation * measure_deviation_before") }} over ({{ segment }}) / nullif(
                    {{ in_order("sum", "power(measure_deviation, 2)") }} over ({{ segment }}), 0e0
                ) as autocorrelation
            from measure_deviated
        ),
        measure_tested as (
            select
                *,
                coalesce(
                    {{ measure_boolean(widen) }}
                    and autocorrelation * measure_base_points > 1.2816e0 * sqrt(measure_base_points) - 1e0,
                    false
                ) as is_autocorrelated
            from measure_correlated
        ),
        measure_ranged as (
            select
                {% call all_with(["measure_range"]) %}
                    case
                        when is_autocorrelated
                        then
                            measure_range / sqrt(
                                1e0 - least(
                                    0.9e0, autocorrelation + (1e0 + 3e0 * autocorrelation) / measure_base_points
                                )
                            )
                        else measure_range
                    end as measure_range
                {% endcall %}
            from measure_tested
        ),
        measure_limited as (
            select
                *,
                mean - 2.66e0 * measure_range as lower_process_limit,
                mean + 2.66e0 * measure_range as upper_process_limit,
                2.66e0 * measure_range * 2e0 / 3e0 as measure_near,
                1e-12 * abs(mean) as measure_tolerance,
                sign(measure_move) as measure_step
            from measure_ranged
        ),
        measure_placed as (
            select
                *,
                case
                    when abs(value - mean) <= measure_tolerance then 0 when value > mean then 1 else -1
                end as relative_to_mean,
                value > upper_process_limit + measure_tolerance
                or value < lower_process_limit - measure_tolerance as outside_limits,
                abs(value - mean) > measure_near + measure_tolerance
                and not (
                    value > upper_process_limit + measure_tolerance or value < lower_process_limit - measure_tolerance
                ) as close_to_limits
            from measure_limited
        ),
        measure_ends as (
            select
                *,
                {{ measure_run_end("measure_step", segment, run_length, 1) }} as measure_trend_end,
                {{ measure_run_end("relative_to_mean", segment, shift_length, 0) }} as measure_shift_end,
                {{ measure_two_in_three_end(segment) }} as measure_near_end
            from measure_placed
        ),
        measure_runs as (
            select
                *,
                {{ measure_run_rule(measure_latest_run("measure_trend_end", segment, run_length)) }} as measure_trend,
                {{ measure_run_rule(measure_latest_run("measure_shift_end", segment, shift_length)) }} as measure_shift,
                case
                    when close_to_limits and {{ measure_boolean(two_in_three) }}
                    then {{ measure_run_rule(measure_latest_run("measure_near_end", segment, 3)) }}
                    else 0
                end as measure_near_run
            from measure_ends
        ),
        measure_labelled as (
            select
                *,
                {{ measure_special_cause(run_length, shift_length) }} as special_cause_type,
                {{ measure_special_cause_sign() }} as measure_sign
            from measure_runs
        ),
        measure_typed as (
            select
                *,
                case
                    when measure_sign = 0
                    then 'common_cause'
                    when measure_direction = 'neutral'
                    then
                        case
                            when measure_sign > 0 then 'special_cause_neutral_high' else 'special_cause_neutral_low'
                        end
                    when measure_direction = 'increase'
                    then case when measure_sign > 0 then 'special_cause_improvement' else 'special_cause_concern' end
                    when measure_direction = 'decrease'
                    then case when measure_sign < 0 then 'special_cause_improvement' else 'special_cause_concern' end
                end as point_type,
                case
                    when measure_target is null or measure_direction = 'neutral'
                    then null
                    when measure_target > upper_process_limit
                    then case when measure_direction = 'increase' then 'consistent_fail' else 'consistent_pass' end
                    when measure_target < lower_process_limit
                    then case when measure_direction = 'increase' then 'consistent_pass' else 'consistent_fail' end
                    else 'inconsistent'
                end as measure_assurance,
                row_number() over ({{ measure_partition(group_by) }} order by period desc) = 1 as is_latest
            from measure_labelled
        )
    select
        {{ measure_key_names(group_by) }}
        period,
        value,
        segment,
        point_number,
        mean,
        lower_process_limit,
        upper_process_limit,
        relative_to_mean,
        outside_limits,
        close_to_limits,
        special_cause_type,
        point_type,
        max(case when is_latest then point_type end) over ({{ measure_partition(group_by) }}) as variation_icon,
        max(case when is_latest then measure_assurance end) over ({{ measure_partition(group_by) }}) as assurance_icon,
        is_latest,
        autocorrelation,
        is_autocorrelated,
        case
            when measure_range is null
            then null
            when measure_points < {{ minimum_points }}
            then 'trial limits'
            else 'limits'
        end as limits_status,
        case
            when measure_range is null and measure_all_ranges is null
            then 'fewer than two points'
            when measure_range is null
            then 'every moving range is screened out'
        end as reason
    from measure_typed
    union all
    select
        {{ measure_key_names(group_by) }}
        period,
        value,
        segment,
        null as point_number,
        null as mean,
        null as lower_process_limit,
        null as upper_process_limit,
        null as relative_to_mean,
        null as outside_limits,
        null as close_to_limits,
        null as special_cause_type,
        null as point_type,
        null as variation_icon,
        null as assurance_icon,
        false as is_latest,
        null as autocorrelation,
        null as is_autocorrelated,
        null as limits_status,
        'missing value' as reason
    from measure_rows
    where value is null
{%- endmacro %}

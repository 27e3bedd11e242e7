{#
    The columns of a gap, by what it is worked out from: method, undefined_reason, limits_reason, value, ci_lower_95, ci_upper_95.

    Input: measure, absolute_gap or relative_gap. Reads kind (values, limits, proportion, or another unit, which is a rate),
    multiplier, and of each side, comparison and reference, its numerator, denominator, value, lower and upper.
    Limits: Newcombe and Katz for proportions, MOVER and log limits for rates, MOVER of the limits of values that hold rounding,
    standard errors from published limits for values without counts (macros/measures).
#}
{% macro gap_by_kind(measure) -%}
    {%- set counts = [
        "comparison_numerator",
        "comparison_denominator",
        "reference_numerator",
        "reference_denominator",
    ] -%}
    {%- set limits = [
        "comparison_value",
        "comparison_lower",
        "comparison_upper",
        "reference_value",
        "reference_lower",
        "reference_upper",
    ] -%}
    {%- set values = [
        "comparison_value",
        standard_error_from_limits("comparison_lower", "comparison_upper"),
        "reference_value",
        standard_error_from_limits("reference_lower", "reference_upper"),
    ] -%}
    {%- if measure == "absolute_gap" -%} {{ absolute_gap_by_kind(counts, limits, values) }}
    {%- else -%} {{ relative_gap_by_kind(counts, limits, values) }}
    {%- endif -%}
{%- endmacro %}

{% macro absolute_gap_by_kind(counts, limits, values) -%}
    case
        when kind = 'values'
        then 'difference of published values, standard errors from their limits'
        when kind = 'limits'
        then 'difference of values, MOVER of their limits, which hold the rounding'
        when kind = 'proportion'
        then 'difference of proportions, Newcombe hybrid score limits'
        else 'difference of rates, MOVER limits'
    end as method,
    case
        when kind in ('values', 'limits')
        then {{ gap_values_reason(values[0], values[2]) }}
        when kind = 'proportion'
        then {{ gap_proportions_reason(*counts) }}
        else {{ gap_rates_reason(*counts) }}
    end as undefined_reason,
    case
        when kind = 'values'
        then {{ gap_values_limits_reason(*values) }}
        when kind = 'limits'
        then {{ gap_mover_reason(*limits) }}
    end as limits_reason,
    case
        when kind in ('values', 'limits')
        then {{ gap_absolute_values(values[0], values[2]) }}
        when kind = 'proportion'
        then {{ gap_absolute_proportions(*counts) }}
        else {{ gap_absolute_rates(*counts, multiplier="multiplier") }}
    end as value,
    case
        when kind = 'values'
        then {{ gap_absolute_values_lower(*values) }}
        when kind = 'limits'
        then {{ gap_absolute_mover_of_limits(*limits, sign="-") }}
        when kind = 'proportion'
        then {{ gap_absolute_newcombe_lower(*counts) }}
        else {{ gap_absolute_mover_lower(*counts, multiplier="multiplier") }}
    end as ci_lower_95,
    case
        when kind = 'values'
        then {{ gap_absolute_values_upper(*values) }}
        when kind = 'limits'
        then {{ gap_absolute_mover_of_limits(*limits, sign="+") }}
        when kind = 'proportion'
        then {{ gap_absolute_newcombe_upper(*counts) }}
        else {{ gap_absolute_mover_upper(*counts, multiplier="multiplier") }}
    end as ci_upper_95
{%- endmacro %}

{% macro relative_gap_by_kind(counts, limits, values) -%}
    case
        when kind = 'values'
        then 'ratio of published values, standard errors from their limits'
        when kind = 'limits'
        then 'ratio of values, MOVER of the logarithms of their limits, which hold the rounding'
        when kind = 'proportion'
        then 'ratio of proportions, Katz log limits'
        else 'ratio of rates, log limits'
    end as method,
    case
        when kind in ('values', 'limits')
        then {{ gap_relative_values_reason(values[0], values[2]) }}
        when kind = 'proportion'
        then {{ gap_relative_proportions_reason(*counts) }}
        else {{ gap_relative_rates_reason(*counts) }}
    end as undefined_reason,
    case
        when kind = 'values'
        then {{ gap_relative_values_limits_reason(*values) }}
        when kind = 'limits'
        then {{ gap_relative_mover_reason(*limits) }}
        when kind = 'proportion'
        then {{ gap_relative_katz_reason(*counts) }}
        else {{ gap_relative_rates_limits_reason(*counts) }}
    end as limits_reason,
    case
        when kind in ('values', 'limits')
        then {{ gap_relative_values(values[0], values[2]) }}
        when kind = 'proportion'
        then {{ gap_relative_proportions(*counts) }}
        else {{ gap_relative_rates(*counts) }}
    end as value,
    case
        when kind = 'values'
        then {{ gap_relative_values_lower(*values) }}
        when kind = 'limits'
        then {{ gap_relative_mover_of_limits(*limits, sign="-") }}
        when kind = 'proportion'
        then {{ gap_relative_katz_lower(*counts) }}
        else {{ gap_relative_rates_lower(*counts) }}
    end as ci_lower_95,
    case
        when kind = 'values'
        then {{ gap_relative_values_upper(*values) }}
        when kind = 'limits'
        then {{ gap_relative_mover_of_limits(*limits, sign="+") }}
        when kind = 'proportion'
        then {{ gap_relative_katz_upper(*counts) }}
        else {{ gap_relative_rates_upper(*counts) }}
    end as ci_upper_95
{%- endmacro %}

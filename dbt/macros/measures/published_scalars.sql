{# The specs of the published measures whose parameters are plain values of one row. See published_macros.sql. #}
{% macro measure_published_scalars() -%}
    {%- set share = ["numerator", "denominator"] -%}
    {%- set pair = ["numerator_1", "denominator_1", "numerator_2", "denominator_2"] -%}
    {%- set table = ["a", "b", "c", "d"] -%}
    {%- set values = ["value_1", "standard_error_1", "value_2", "standard_error_2"] -%}
    {%- set two_values = ["value_1", "value_2"] -%}
    {%- set people = ["events_1", "population_1", "events_2", "population_2"] -%}
    {%- set level = {"confidence": 0.95} -%}
    {%- set unit = {"multiplier": 1} -%}
    {%- set unit_level = {"multiplier": 1, "confidence": 0.95} -%}
    {%- set level_unit = {"confidence": 0.95, "multiplier": 1} -%}
    {%- set rule = {"rule": "hes", "threshold": 7} -%}
    {%- set rule_base = {"rule": "hes", "threshold": 7, "base": none} -%}
    {{
        return(
            [
                measure_spec(
                    "normal_quantile",
                    "z of a two-sided confidence level: 0.9, 0.95, 0.98, 0.99 or 0.998",
                    ["confidence"],
                ),
                measure_spec(
                    "student_t_quantile",
                    "Quantile of Student's t for a two-sided confidence level",
                    ["degrees_of_freedom"],
                    level,
                ),
                measure_spec("proportion", "Proportion, times multiplier", share, unit),
                measure_spec("proportion_reason", "Why a proportion is undefined, or NULL", share),
                measure_spec("wilson_lower", "Lower Wilson score limit of a proportion", share, level_unit),
                measure_spec("wilson_upper", "Upper Wilson score limit of a proportion", share, level_unit),
                measure_spec("wilson_reason", "Why a Wilson limit is undefined, or NULL", share, level),
                measure_spec("rate", "Crude rate per multiplier", share, unit),
                measure_spec("rate_reason", "Why a rate is undefined, or NULL", share),
                measure_spec(
                    "rate_lower", "Lower limit of a rate: exact below 10 events, Byar from 10", share, unit_level
                ),
                measure_spec(
                    "rate_upper", "Upper limit of a rate: exact below 10 events, Byar from 10", share, unit_level
                ),
                measure_spec("rate_limits_reason", "Why a limit of a rate is undefined, or NULL", share, level),
                measure_spec(
                    "poisson_lower", "Lower limit of a count: exact below 10, Byar from 10", ["events"], level
                ),
                measure_spec(
                    "poisson_upper", "Upper limit of a count: exact below 10, Byar from 10", ["events"], level
                ),
                measure_spec("poisson_reason", "Why a limit of a count is undefined, or NULL", ["events"], level),
                measure_spec("odds_ratio_reason", "Why an odds ratio is undefined, or NULL", table),
                measure_spec(
                    "odds_ratio_haldane", "Odds ratio of a 2x2 table, half an observation added to each cell", table
                ),
                measure_spec(
                    "fisher_odds_reason", "Why a limit of Fisher's interval is undefined, or NULL", table, level
                ),
                measure_spec(
                    "fisher_odds_lower", "Lower limit of the odds ratio, Fisher's exact interval", table, level
                ),
                measure_spec(
                    "fisher_odds_upper", "Upper limit of the odds ratio, Fisher's exact interval", table, level
                ),
                measure_spec("gap_proportions_reason", "Why a gap of two proportions is undefined, or NULL", pair),
                measure_spec(
                    "gap_absolute_proportions", "Difference of two proportions, group 1 minus group 2", pair, unit
                ),
                measure_spec(
                    "gap_absolute_newcombe_lower",
                    "Lower Newcombe limit of a difference of proportions",
                    pair,
                    unit_level,
                ),
                measure_spec(
                    "gap_absolute_newcombe_upper",
                    "Upper Newcombe limit of a difference of proportions",
                    pair,
                    unit_level,
                ),
                measure_spec(
                    "gap_absolute_newcombe_reason", "Why a Newcombe limit is undefined, or NULL", pair, level
                ),
                measure_spec("gap_relative_proportions", "Ratio of two proportions, group 1 over group 2", pair),
                measure_spec(
                    "gap_relative_proportions_reason", "Why a ratio of proportions is undefined, or NULL", pair
                ),
                measure_spec("gap_relative_katz_lower", "Lower Katz limit of a ratio of proportions", pair, level),
                measure_spec("gap_relative_katz_upper", "Upper Katz limit of a ratio of proportions", pair, level),
                measure_spec("gap_relative_katz_reason", "Why a Katz limit is undefined, or NULL", pair, level),
                measure_spec("gap_rates_reason", "Why a gap of two rates is undefined, or NULL", pair),
                measure_spec("gap_absolute_rates", "Difference of two rates, group 1 minus group 2", pair, unit),
                measure_spec(
                    "gap_absolute_mover_lower", "Lower MOVER limit of a difference of rates", pair, unit_level
                ),
                measure_spec(
                    "gap_absolute_mover_upper", "Upper MOVER limit of a difference of rates", pair, unit_level
                ),
                measure_spec("gap_absolute_mover_reason", "Why a MOVER limit is undefined, or NULL", pair, level),
                measure_spec("gap_relative_rates", "Ratio of two rates, group 1 over group 2", pair),
                measure_spec("gap_relative_rates_reason", "Why a ratio of rates is undefined, or NULL", pair),
                measure_spec("gap_relative_rates_lower", "Lower log limit of a ratio of rates", pair, level),
                measure_spec("gap_relative_rates_upper", "Upper log limit of a ratio of rates", pair, level),
                measure_spec(
                    "gap_relative_rates_limits_reason",
                    "Why a limit of a ratio of rates is undefined, or NULL",
                    pair,
                    level,
                ),
                measure_spec(
                    "standard_error_from_limits",
                    "Standard error behind a symmetric interval",
                    ["lower", "upper"],
                    level,
                ),
                measure_spec("gap_values_reason", "Why a gap of two values is undefined, or NULL", two_values),
                measure_spec("gap_absolute_values", "Difference of two values, 1 minus 2", two_values),
                measure_spec(
                    "gap_absolute_values_lower",
                    "Lower limit of a difference of values with standard errors",
                    values,
                    level,
                ),
                measure_spec(
                    "gap_absolute_values_upper",
                    "Upper limit of a difference of values with standard errors",
                    values,
                    level,
                ),
                measure_spec(
                    "gap_values_limits_reason",
                    "Why a limit of a difference of values is undefined, or NULL",
                    values,
                    level,
                ),
                measure_spec("gap_relative_values", "Ratio of two values, 1 over 2", two_values),
                measure_spec(
                    "gap_relative_values_reason", "Why a ratio of two values is undefined, or NULL", two_values
                ),
                measure_spec(
                    "gap_relative_values_lower",
                    "Lower log limit of a ratio of values with standard errors",
                    values,
                    level,
                ),
                measure_spec(
                    "gap_relative_values_upper",
                    "Upper log limit of a ratio of values with standard errors",
                    values,
                    level,
                ),
                measure_spec(
                    "gap_relative_values_limits_reason",
                    "Why a limit of a ratio of values is undefined, or NULL",
                    values,
                    level,
                ),
                measure_spec("excess_events_pair", "Excess events of group 1 against the rate of group 2", people),
                measure_spec("excess_events_pair_lower", "Lower limit of the excess events of a pair", people, level),
                measure_spec("excess_events_pair_upper", "Upper limit of the excess events of a pair", people, level),
                measure_spec(
                    "benchmark_direction",
                    "higher, similar, lower or not_compared against a benchmark",
                    ["lower", "upper", "benchmark"],
                ),
                measure_spec(
                    "benchmark_direction_five",
                    "As benchmark_direction, at 95% and 99.8%",
                    ["lower_95", "upper_95", "lower_998", "upper_998", "benchmark"],
                ),
                measure_spec(
                    "benchmark_rating",
                    "better, similar, worse against a benchmark; polarity high_is_good, low_is_good or neutral",
                    ["lower", "upper", "benchmark", "polarity"],
                ),
                measure_spec(
                    "funnel_lower", "Lower control limit of a proportion", ["baseline", "denominator"], level_unit
                ),
                measure_spec(
                    "funnel_upper", "Upper control limit of a proportion", ["baseline", "denominator"], level_unit
                ),
                measure_spec(
                    "funnel_label",
                    "Significance on a funnel; statistic proportion, ratio or rate",
                    ["statistic", "numerator", "denominator", "baseline"],
                ),
                measure_spec(
                    "ethnicity_status",
                    "known, not_stated, not_known or invalid, of an ethnic category code",
                    ["code"],
                ),
                measure_spec(
                    "disclosure_count",
                    "A count under disclosure control: hes, opensafely or none",
                    ["count"],
                    rule_base,
                ),
                measure_spec(
                    "disclosure_text", "As disclosure_count, as text with * where suppressed", ["count"], rule_base
                ),
                measure_spec("disclosure_reason", "Why a count is not shown, or NULL", ["count"], rule),
                measure_spec(
                    "disclosure_ratio_reason", "Why a proportion or crude rate may not be shown, or NULL", share, rule
                ),
            ]
        )
    }}
{%- endmacro %}

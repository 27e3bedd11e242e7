{# The parts of inequality_measures: which measures there are, of what they are made, and why one is undefined. #}
{# The value of the marked subgroup on every row of its group. #}
{% macro measure_point(mark, column, group_by) -%}
    max(case when {{ mark }} then {{ column }} end) over ({{ measure_partition(group_by) }})
{%- endmacro %}

{# "group by <expressions>" over the caller's relation, or nothing without keys. #}
{% macro measure_group_by_expressions(group_by) -%}
    {%- set expressions = measure_keys(group_by) | map(attribute="expression") | list -%}
    {{ return("group by " ~ expressions | join(", ") if expressions else "") }}
{%- endmacro %}

{# The join of two inner CTEs on the keys; NULL keys match each other. #}
{% macro measure_key_match(group_by, left, right) -%}
    {%- set matches = [] -%}
    {%- for key in measure_keys(group_by) -%}
        {%- do matches.append(left ~ "." ~ key.name ~ " is not distinct from " ~ right ~ "." ~ key.name) -%}
    {%- endfor -%}
    {{ return(matches | join(" and ") if matches else "true") }}
{%- endmacro %}

{# Estimate and standard error of the measures that are aggregates of population_shares. #}
{% macro measure_aggregates(concentration_error) -%}
    {%- if concentration_error not in ["sampling", "model"] -%}
        {{
            exceptions.raise_compiler_error(
                "concentration_error " ~ concentration_error ~ " is neither sampling nor model"
            )
        }}
    {%- endif -%}
    {%- set concentration_error_expression = (
        absolute_concentration_index_standard_error("standard_error", "share", "ridit")
        if concentration_error == "sampling"
        else absolute_concentration_index_model_error("residual", "share", "spread")
    ) -%}
    {%- set none_known = "cast(null as double)" -%}
    {%- set entropy = ["measure_entropy", "share", "measure_entropy_mean"] -%}
    {{
        return(
            {
                "absolute_concentration_index": [
                    absolute_concentration_index("value", "share", "ridit"),
                    concentration_error_expression,
                ],
                "relative_concentration_index": [
                    relative_concentration_index("value", "share", "ridit", "mean"),
                    concentration_error_expression ~ " / nullif(abs(max(mean)), 0e0)",
                ],
                "slope_index_linear": [
                    measure_linear_slope("value"),
                    "sqrt(" ~ measure_sandwich("power((ridit - 0.5e0) / nullif(spread, 0e0), 2)") ~ ")",
                ],
                "mean_line_variance": [
                    measure_sandwich("1e0"),
                    measure_sandwich("(ridit - 0.5e0) / nullif(spread, 0e0)"),
                ],
                "between_group_variance": [
                    between_group_variance("value", "share", "mean"),
                    between_group_variance_standard_error("value", "share", "mean", "standard_error"),
                ],
                "between_group_standard_deviation": [
                    between_group_standard_deviation("value", "share", "mean"),
                    between_group_standard_deviation_standard_error("value", "share", "mean", "standard_error"),
                ],
                "coefficient_of_variation": [coefficient_of_variation("value", "share", "mean"), none_known],
                "index_of_disparity": [index_of_disparity("value", "mean"), none_known],
                "index_of_disparity_weighted": [index_of_disparity_weighted("value", "share", "mean"), none_known],
                "mean_difference_from_mean": [mean_difference("value", "mean"), none_known],
                "mean_difference_from_mean_weighted": [
                    mean_difference_weighted("value", "share", "mean"),
                    none_known,
                ],
                "mean_difference_from_best": [mean_difference("value", "measure_best"), none_known],
                "mean_difference_from_best_weighted": [
                    mean_difference_weighted("value", "share", "measure_best"),
                    none_known,
                ],
                "mean_difference_from_reference": [mean_difference("value", "measure_reference"), none_known],
                "mean_difference_from_reference_weighted": [
                    mean_difference_weighted("value", "share", "measure_reference"),
                    none_known,
                ],
                "theil_index": [
                    theil_index(*entropy),
                    theil_index_standard_error(
                        "measure_entropy", "share", "measure_entropy_mean", "standard_error", "measure_entropy_centre"
                    ),
                ],
                "mean_log_deviation": [
                    mean_log_deviation(*entropy),
                    mean_log_deviation_standard_error(*entropy, standard_error="standard_error"),
                ],
            }
        )
    }}
{%- endmacro %}

{# Slope of the weighted line on the ridit: sum a (b - 1/2) y / D. #}
{% macro measure_linear_slope(value) -%}
    (
        {% call in_order("sum") %}share * (ridit - 0.5e0) * {{ value }}{% endcall %}
        / nullif(max(spread), 0e0)
    )
{%- endmacro %}

{#
    K / (K - 2) sum a^2 e^2 times the factor: an element of the HC1 covariance of the weighted line. NULL for fewer than
    three.
#}
{% macro measure_sandwich(factor) -%}
    (
        {% call in_order("sum") %}power(share * residual, 2) * {{ factor }}{% endcall %}
        * case when count(*) > 2 then count(*) / (count(*) - 2e0) end
    )
{%- endmacro %}

{#
    Per group: the pair that difference and ratio compare, the pair with the reference, the attributable reference, and
    the fitted ends of the linear relative index with their log standard error.
#}
{% macro measure_pair_columns() -%}
    {%- set sides = {
        "1": ["last", "first", "highest", "reference", "highest_other"],
        "2": ["first", "last", "lowest", "lowest_other", "reference"],
    } -%}
    {%- for side, places in sides.items() -%}
        {%- for column in ["value", "error", "group"] %}
            case
                when measure_ordered and measure_favourable
                then {{ places[0] }}_{{ column }}
                when measure_ordered
                then {{ places[1] }}_{{ column }}
                else {{ places[2] }}_{{ column }}
            end as pair_{{ column }}_{{ side }},
            case
                when measure_favourable then {{ places[3] }}_{{ column }} else {{ places[4] }}_{{ column }}
            end as reference_pair_{{ column }}_{{ side }},
        {%- endfor -%}
    {%- endfor %}
    {%- for column in ["value", "population", "group"] %}
        case when measure_ordered then last_{{ column }} else best_{{ column }} end as attributable_{{ column }},
    {%- endfor %}
    measure_mean + slope_index_linear / 2e0 as line_top,
    measure_mean - slope_index_linear / 2e0 as line_bottom
{%- endmacro %}

{# Delta method on ln(top / bottom) of the line with the HC1 covariance of mean and slope. #}
{% macro measure_relative_line_error() -%}
    {%- set by_mean = "(1e0 / nullif(line_top, 0e0) - 1e0 / nullif(line_bottom, 0e0))" -%}
    {%- set by_slope = "(0.5e0 / nullif(line_top, 0e0) + 0.5e0 / nullif(line_bottom, 0e0))" -%}
    {%- set variance -%}
        (
            power({{ by_mean }}, 2) * mean_line_variance
            + 2e0 * {{ by_mean }} * {{ by_slope }} * mean_line_variance_error
            + power({{ by_slope }} * slope_index_linear_error, 2)
        )
    {%- endset -%}
    {{ measure_root(variance) }}
{%- endmacro %}

{% macro measure_attributable_error() -%}
    {{
        population_attributable_share_standard_error(
            "attributable_value / nullif(measure_scale, 0e0) * attributable_population",
            "attributable_population",
            "measure_value_sum / nullif(measure_scale, 0e0)",
            "population",
        )
    }}
{%- endmacro %}

{#
    The published rows: measure to estimate, error, interval method, reference and comparison group, and the measure's
    own reason. The order is the order of the table.
#}
{% macro measure_rows_of_inequality() -%}
    {%- set nobody = measure_text() -%}
    {%- set unordered = "case when not measure_ordered then 'subgroups have no order' end" -%}
    {%- set zero_mean = "case when measure_mean = 0e0 then 'mean is zero' end" -%}
    {%- set no_reference = "case when reference_value is null then 'no reference subgroup' end" -%}
    {%- set pair = ["pair_value_1", "pair_value_2"] -%}
    {%- set pair_with_errors = ["pair_value_1", "pair_error_1", "pair_value_2", "pair_error_2"] -%}
    {%- set referred = ["reference_pair_value_1", "reference_pair_value_2"] -%}
    {%- set attributable = ["attributable_value", "measure_mean", "measure_favourable"] -%}
    {%- set not_positive -%}
        case
            when measure_minimum < 0e0 then 'a value is negative' when not (measure_mean > 0e0) then 'mean is not above zero'
        end
    {%- endset -%}
    {%- set rows = {
        "difference": [
            gap_absolute_values(*pair),
            measure_gap_absolute_values_se("pair_error_1", "pair_error_2"),
            "symmetric",
            "pair_group_2",
            "pair_group_1",
            nobody,
        ],
        "ratio": [
            gap_relative_values(*pair),
            measure_gap_relative_values_se(*pair_with_errors),
            "log",
            "pair_group_2",
            "pair_group_1",
            gap_relative_values_reason(*pair),
        ],
        "difference_from_reference": [
            gap_absolute_values(*referred),
            measure_gap_absolute_values_se("reference_pair_error_1", "reference_pair_error_2"),
            "symmetric",
            "reference_pair_group_2",
            "reference_pair_group_1",
            no_reference,
        ],
        "ratio_to_reference": [
            gap_relative_values(*referred),
            measure_gap_relative_values_se(
                "reference_pair_value_1",
                "reference_pair_error_1",
                "reference_pair_value_2",
                "reference_pair_error_2",
            ),
            "log",
            "reference_pair_group_2",
            "reference_pair_group_1",
            "coalesce(" ~ no_reference ~ ", " ~ gap_relative_values_reason(*referred) ~ ")",
        ],
        "slope_index_linear": [
            "slope_index_linear",
            "slope_index_linear_error",
            "symmetric",
            "first_group",
            "last_group",
            unordered,
        ],
        "relative_index_linear": [
            "line_top / nullif(line_bottom, 0e0)",
            measure_relative_line_error(),
            "log",
            "first_group",
            "last_group",
            "coalesce("
            ~ unordered
            ~ ", case when line_top <= 0e0 or line_bottom <= 0e0 then"
            ~ " 'fitted value at one end is not above zero' end)",
        ],
        "population_attributable_risk": [
            population_attributable_risk(*attributable),
            "abs(measure_mean) * " ~ measure_attributable_error(),
            "symmetric",
            "attributable_group",
            nobody,
            nobody,
        ],
        "population_attributable_fraction": [
            population_attributable_fraction(*attributable),
            "100e0 * " ~ measure_attributable_error(),
            "symmetric",
            "attributable_group",
            nobody,
            zero_mean,
        ],
    } -%}
    {%- set plain = {
        "absolute_concentration_index": ["symmetric", unordered],
        "relative_concentration_index": ["symmetric", "coalesce(" ~ unordered ~ ", " ~ zero_mean ~ ")"],
        "between_group_variance": ["symmetric", nobody],
        "between_group_standard_deviation": ["symmetric", nobody],
        "coefficient_of_variation": ["none", zero_mean],
        "index_of_disparity": ["none", zero_mean],
        "index_of_disparity_weighted": ["none", zero_mean],
        "mean_difference_from_mean": ["none", nobody],
        "mean_difference_from_mean_weighted": ["none", nobody],
        "mean_difference_from_best": ["none", nobody],
        "mean_difference_from_best_weighted": ["none", nobody],
        "mean_difference_from_reference": ["none", no_reference],
        "mean_difference_from_reference_weighted": ["none", no_reference],
        "theil_index": ["symmetric", not_positive],
        "mean_log_deviation": ["symmetric", not_positive],
    } -%}
    {%- for measure, parts in plain.items() -%}
        {%- set group = (
            "best_group" if "_best" in measure else "reference_group" if "_reference" in measure else nobody
        ) -%}
        {%- do rows.update({measure: [measure, measure ~ "_error", parts[0], group, nobody, parts[1]]}) -%}
    {%- endfor -%}
    {%- set named = {} -%}
    {%- for measure, parts in rows.items() -%}
        {%- do named.update(
            {
                measure: {
                    "estimate": parts[0],
                    "error": parts[1],
                    "method": parts[2],
                    "reference": parts[3],
                    "comparison": parts[4],
                    "reason": parts[5],
                }
            }
        ) -%}
    {%- endfor -%}
    {{ return(named) }}
{%- endmacro %}

{# Why no measure of the group is defined: NULL where they are. #}
{% macro measure_inequality_reason() -%}
    case
        when subgroups_used < 2
        then 'fewer than two subgroups'
        when not measure_has_population
        then 'a subgroup has no population'
        when not measure_has_values
        then 'a subgroup has no value'
    end
{%- endmacro %}

{# One limit: estimate -/+ z se, or estimate times exp(-/+ z se) for a ratio. #}
{% macro measure_inequality_limit(sign) -%}
    case
        when interval_method = 'log'
        then measure_estimate * exp({{ "-" if sign == "-" }}measure_z * measure_error)
        else measure_estimate {{ sign }} measure_z * measure_error
    end
{%- endmacro %}

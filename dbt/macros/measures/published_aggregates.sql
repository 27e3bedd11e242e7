{# The specs of the published measures that aggregate (or rank) the rows of a group. See published_macros.sql. #}
{% macro measure_published_aggregates() -%}
    {%- set level = {"confidence": 0.95} -%}
    {%- set bands = ["count", "population", "standard_population"] -%}
    {%- set standard = {"minimum_events": 10, "age_bands": none} -%}
    {%- set standard_level = {"confidence": 0.95, "minimum_events": 10, "age_bands": none} -%}
    {%- set standard_value = {"multiplier": 100000, "minimum_events": 10, "age_bands": none} -%}
    {%- set standard_limits = {
        "multiplier": 100000,
        "confidence": 0.95,
        "minimum_events": 10,
        "age_bands": none,
        "event_variance": none,
    } -%}
    {%- set variance = {"event_variance": "coalesce(event_variance, count)"} -%}
    {%- set reference = ["observed", "population", "reference_count", "reference_population"] -%}
    {%- set ratio_level = {"multiplier": 100, "confidence": 0.95} -%}
    {%- set rate_level = {"multiplier": 100000, "confidence": 0.95} -%}
    {%- set centred = ["value", "share", "mean"] -%}
    {%- set quantiles = {"quantiles": 10, "partition_by": none} -%}
    {%- set quantiles_inverted = {"quantiles": 10, "invert": true, "partition_by": none} -%}
    {{
        return(
            [
                measure_spec(
                    "directly_standardised_rate", "Directly standardised rate over age bands", bands, standard_value
                ),
                measure_spec(
                    "directly_standardised_rate_lower", "Lower Dobson limit of it", bands, standard_limits, variance
                ),
                measure_spec(
                    "directly_standardised_rate_upper", "Upper Dobson limit of it", bands, standard_limits, variance
                ),
                measure_spec("directly_standardised_rate_reason", "Why it is undefined, or NULL", bands, standard),
                measure_spec(
                    "directly_standardised_rate_limits_reason",
                    "Why its limits are undefined, or NULL",
                    bands,
                    standard_level,
                ),
                measure_spec(
                    "expected_events", "Expected events at the reference's rates, over age bands", reference
                ),
                measure_spec(
                    "reference_rate",
                    "Crude rate of the reference population",
                    ["reference_count", "reference_population"],
                    {"multiplier": 100000},
                ),
                measure_spec(
                    "indirectly_standardised_ratio",
                    "Indirectly standardised ratio over age bands",
                    reference,
                    {"multiplier": 100},
                ),
                measure_spec("indirectly_standardised_ratio_lower", "Lower limit of it", reference, ratio_level),
                measure_spec("indirectly_standardised_ratio_upper", "Upper limit of it", reference, ratio_level),
                measure_spec(
                    "indirectly_standardised_rate",
                    "Indirectly standardised rate over age bands",
                    reference,
                    {"multiplier": 100000},
                ),
                measure_spec("indirectly_standardised_rate_lower", "Lower limit of it", reference, rate_level),
                measure_spec("indirectly_standardised_rate_upper", "Upper limit of it", reference, rate_level),
                measure_spec(
                    "indirectly_standardised_reason", "Why ratio and rate are undefined, or NULL", reference
                ),
                measure_spec(
                    "indirectly_standardised_limits_reason",
                    "Why their limits are undefined, or NULL",
                    reference,
                    level,
                ),
                measure_spec("mean_value", "Mean of individual values", ["value"]),
                measure_spec("mean_standard_deviation", "Standard deviation of the sample", ["value"]),
                measure_spec("mean_lower", "Lower limit of the mean by Student's t", ["value"], level),
                measure_spec("mean_upper", "Upper limit of the mean by Student's t", ["value"], level),
                measure_spec("mean_reason", "Why there is no mean, or NULL", ["value"]),
                measure_spec("mean_limits_reason", "Why there are no limits of the mean, or NULL", ["value"], level),
                measure_spec(
                    "ethnicity_records",
                    "Records of one status of ethnicity_status",
                    ["code"],
                    {"records": 1, "status": "known"},
                ),
                measure_spec(
                    "ethnicity_known_pct", "Records with a known ethnicity, per cent", ["code"], {"records": 1}
                ),
                measure_spec(
                    "ethnicity_valid_pct",
                    "Records with a valid code, not stated included, per cent",
                    ["code"],
                    {"records": 1},
                ),
                measure_spec(
                    "ethnicity_not_known_pct", "Records without a valid code, per cent", ["code"], {"records": 1}
                ),
                measure_spec(
                    "deprivation_quantile",
                    "Quantile of an area by an index, a window expression",
                    ["value"],
                    quantiles_inverted,
                    {"partition_by": ["partition_by"]},
                ),
                measure_spec(
                    "deprivation_quantile_reason",
                    "Why an area has no quantile, or NULL",
                    ["value"],
                    quantiles,
                    {"partition_by": ["partition_by"]},
                ),
                measure_spec(
                    "absolute_concentration_index",
                    "ACI over the rows of population_shares",
                    ["value", "share", "ridit"],
                ),
                measure_spec("relative_concentration_index", "RCI over them", ["value", "share", "ridit", "mean"]),
                measure_spec("between_group_variance", "BGV over them", centred),
                measure_spec("between_group_standard_deviation", "BGSD over them", centred),
                measure_spec("coefficient_of_variation", "COV over them, per cent", centred),
                measure_spec("mean_difference", "Mean absolute difference from a point", ["value", "point"]),
                measure_spec("mean_difference_weighted", "The same by population share", ["value", "share", "point"]),
                measure_spec("index_of_disparity", "IDIS over them, per cent", ["value", "mean"]),
                measure_spec("index_of_disparity_weighted", "IDIS by population share, per cent", centred),
                measure_spec("theil_index", "Theil index times 1000 over them", centred),
                measure_spec("mean_log_deviation", "Mean log deviation times 1000 over them", centred),
            ]
        )
    }}
{%- endmacro %}

{#
    Mean of individual values with Student's interval: aggregate expressions. NULL values are missing and are left out.

    Inputs: value, confidence (two-sided share).
    Units: as the value.
    Method: mean -/+ t(n - 1) s / sqrt(n), s the standard deviation of the sample (n - 1).
    Source: OHID Public Health Technical Guidance, Basic statistics, Means.
    NULL: whenever mean_reason (the mean) or mean_limits_reason (standard deviation and limits) says why.
#}
{% macro mean_value(value) -%}
    case
        when {{ mean_reason(value) }} is null
        then
            {% call in_order("avg") %}{{ measure_double(value) }}{% endcall %}
    end
{%- endmacro %}

{# Why there is no mean: NULL where there is one. #}
{% macro mean_reason(value) -%}
    case
        when count({{ value }}) = 0
        then 'no values'
        when max(case when not {{ measure_is_finite(value) }} then 1 else 0 end) = 1
        then 'a value is not a finite number'
    end
{%- endmacro %}

{# Why there are no limits: as mean_reason, fewer than two values, or the confidence level. #}
{% macro mean_limits_reason(value, confidence=0.95) -%}
    coalesce(
        {{ mean_reason(value) }},
        case when count({{ value }}) < 2 then 'fewer than two values' end,
        {{ confidence_reason(confidence) }}
    )
{%- endmacro %}

{# Standard deviation of the sample. #}
{% macro mean_standard_deviation(value) -%}
    case
        when {{ mean_limits_reason(value) }} is null
        then
            {% call in_order("stddev_samp") %}case when {{ measure_is_finite(value) }} then {{ measure_double(value) }} end{% endcall %}
    end
{%- endmacro %}

{# Lower limit of the mean: see mean_value. #}
{% macro mean_lower(value, confidence=0.95) -%} {{ measure_mean_limit(value, confidence, "-") }} {%- endmacro %}

{# Upper limit of the mean: see mean_value. #}
{% macro mean_upper(value, confidence=0.95) -%} {{ measure_mean_limit(value, confidence, "+") }} {%- endmacro %}

{% macro measure_mean_limit(value, confidence, sign) -%}
    case
        when {{ mean_limits_reason(value, confidence) }} is null
        then
            {% call in_order("avg") %}{{ measure_double(value) }}{% endcall %} {{ sign }}
            {{
                student_t_quantile(
                    "(count(" ~ value ~ ") - 1)",
                    confidence,
                )
            }}
            *
            {% call in_order("stddev_samp") %}case when {{ measure_is_finite(value) }} then {{ measure_double(value) }} end{% endcall %}
            / sqrt(count({{ value }}))
    end
{%- endmacro %}

{#
    Gaps of two values that come with standard errors (standardised rates, means, life expectancy): value 1 minus, or
    over, value 2. Common inputs: value_1, standard_error_1, value_2, standard_error_2 (in the indicator's unit),
    confidence (two-sided share). Where only limits are published, standard_error_from_limits recovers the standard
    errors.
#}
{#
    (upper - lower) / (2z): the standard error behind a symmetric interval. NULL where a limit is missing or they are
    crossed.
#}
{% macro standard_error_from_limits(lower, upper, confidence=0.95) -%}
    case
        when {{ measure_double(upper) }} >= {{ measure_double(lower) }}
        then
            ({{ measure_double(upper) }} - {{ measure_double(lower) }})
            / nullif(2e0 * {{ normal_quantile(confidence) }}, 0e0)
    end
{%- endmacro %}

{# Why the gap is undefined: NULL where it is defined. #}
{% macro gap_values_reason(value_1, value_2) -%}
    case
        when {{ value_1 }} is null
        then 'group 1: missing value'
        when {{ value_2 }} is null
        then 'group 2: missing value'
        when not {{ measure_is_finite(value_1) }}
        then 'group 1: not a finite number'
        when not {{ measure_is_finite(value_2) }}
        then 'group 2: not a finite number'
    end
{%- endmacro %}

{#
    Why a limit of the gap is undefined: as gap_values_reason, a missing or negative standard error, or
    confidence_reason.
#}
{% macro gap_values_limits_reason(value_1, standard_error_1, value_2, standard_error_2, confidence=0.95) -%}
    coalesce(
        {{ gap_values_reason(value_1, value_2) }},
        case
            when
                coalesce(not {{ measure_is_finite(standard_error_1) }}, true)
                or {{ measure_double(standard_error_1) }} < 0e0
            then 'group 1: missing standard error'
            when
                coalesce(not {{ measure_is_finite(standard_error_2) }}, true)
                or {{ measure_double(standard_error_2) }} < 0e0
            then 'group 2: missing standard error'
        end,
        {{ confidence_reason(confidence) }}
    )
{%- endmacro %}

{# Absolute gap, value 1 - value 2. NULL: whenever gap_values_reason says why. #}
{% macro gap_absolute_values(value_1, value_2) -%}
    case
        when {{ gap_values_reason(value_1, value_2) }} is null
        then {{ measure_double(value_1) }} - {{ measure_double(value_2) }}
    end
{%- endmacro %}

{% macro measure_gap_absolute_values_se(standard_error_1, standard_error_2) -%}
    sqrt(power({{ measure_double(standard_error_1) }}, 2) + power({{ measure_double(standard_error_2) }}, 2))
{%- endmacro %}

{#
    Lower limit of the absolute gap: d - z sqrt(se1^2 + se2^2).
    Source: WHO HEAT (healthequal d). NULL: whenever gap_values_limits_reason says why.
#}
{% macro gap_absolute_values_lower(value_1, standard_error_1, value_2, standard_error_2, confidence=0.95) -%}
    {{ measure_gap_absolute_values_limit(value_1, standard_error_1, value_2, standard_error_2, confidence, "-") }}
{%- endmacro %}

{# Upper limit of the absolute gap: as gap_absolute_values_lower with +. #}
{% macro gap_absolute_values_upper(value_1, standard_error_1, value_2, standard_error_2, confidence=0.95) -%}
    {{ measure_gap_absolute_values_limit(value_1, standard_error_1, value_2, standard_error_2, confidence, "+") }}
{%- endmacro %}

{% macro measure_gap_absolute_values_limit(value_1, standard_error_1, value_2, standard_error_2, confidence, sign) -%}
    case
        when {{ gap_values_limits_reason(value_1, standard_error_1, value_2, standard_error_2, confidence) }} is null
        then
            {{ measure_double(value_1) }}
            - {{ measure_double(value_2) }} {{ sign }} {{ normal_quantile(confidence) }}
            * {{ measure_gap_absolute_values_se(standard_error_1, standard_error_2) }}
    end
{%- endmacro %}

{# Why the ratio is undefined: as gap_values_reason, or a value 2 of 0. #}
{% macro gap_relative_values_reason(value_1, value_2) -%}
    coalesce(
        {{ gap_values_reason(value_1, value_2) }},
        case when {{ measure_double(value_2) }} = 0e0 then 'group 2: zero value' end
    )
{%- endmacro %}

{# Why a limit of the ratio is undefined: as gap_values_limits_reason, or a value that is not above 0 (no logarithm). #}
{% macro gap_relative_values_limits_reason(value_1, standard_error_1, value_2, standard_error_2, confidence=0.95) -%}
    coalesce(
        {{ gap_values_limits_reason(value_1, standard_error_1, value_2, standard_error_2, confidence) }},
        case
            when {{ measure_double(value_1) }} <= 0e0
            then 'group 1: value not above zero'
            when {{ measure_double(value_2) }} <= 0e0
            then 'group 2: value not above zero'
        end
    )
{%- endmacro %}

{# Relative gap, value 1 / value 2. NULL: whenever gap_relative_values_reason says why. #}
{% macro gap_relative_values(value_1, value_2) -%}
    case
        when {{ gap_relative_values_reason(value_1, value_2) }} is null
        then {{ measure_double(value_1) }} / nullif({{ measure_double(value_2) }}, 0e0)
    end
{%- endmacro %}

{#
    Lower limit of the relative gap: exp(ln r - z sqrt((se1/y1)^2 + (se2/y2)^2)).
    Source: WHO HEAT (healthequal r). NULL: whenever gap_relative_values_limits_reason says why.
#}
{% macro gap_relative_values_lower(value_1, standard_error_1, value_2, standard_error_2, confidence=0.95) -%}
    {{ measure_gap_relative_values_limit(value_1, standard_error_1, value_2, standard_error_2, confidence, "-") }}
{%- endmacro %}

{# Upper limit of the relative gap: as gap_relative_values_lower with +. #}
{% macro gap_relative_values_upper(value_1, standard_error_1, value_2, standard_error_2, confidence=0.95) -%}
    {{ measure_gap_relative_values_limit(value_1, standard_error_1, value_2, standard_error_2, confidence, "+") }}
{%- endmacro %}

{% macro measure_gap_relative_values_limit(value_1, standard_error_1, value_2, standard_error_2, confidence, sign) -%}
    {%- set error = measure_gap_relative_values_se(value_1, standard_error_1, value_2, standard_error_2) -%}
    case
        when
            {{ gap_relative_values_limits_reason(value_1, standard_error_1, value_2, standard_error_2, confidence) }}
            is null
        then
            {{
                measure_log_limit_unchecked(
                    measure_double(value_1) ~ " / nullif(" ~ measure_double(value_2) ~ ", 0e0)",
                    "power(" ~ error ~ ", 2)",
                    confidence,
                    sign,
                )
            }}
    end
{%- endmacro %}

{# Standard error of the logarithm of value 1 / value 2: sqrt((se1/y1)^2 + (se2/y2)^2). #}
{% macro measure_gap_relative_values_se(value_1, standard_error_1, value_2, standard_error_2) -%}
    sqrt(
        power({{ measure_double(standard_error_1) }} / nullif({{ measure_double(value_1) }}, 0e0), 2)
        + power({{ measure_double(standard_error_2) }} / nullif({{ measure_double(value_2) }}, 0e0), 2)
    )
{%- endmacro %}

{#
    Gaps of two crude rates: group 1 minus, or over, group 2. Common inputs: numerator_1, denominator_1, numerator_2,
    denominator_2 (events and population), multiplier (of the difference; ratios take none), confidence (two-sided
    share).
#}
{# Why the gap is undefined: NULL where it is defined, else 'group 1: ' or 'group 2: ' and the reason of rate_reason. #}
{% macro gap_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) -%}
    coalesce(
        'group 1: ' || {{ rate_reason(numerator_1, denominator_1) }},
        'group 2: ' || {{ rate_reason(numerator_2, denominator_2) }}
    )
{%- endmacro %}

{# Why a limit of the absolute gap is undefined: as gap_rates_reason and poisson_reason. #}
{% macro gap_absolute_mover_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    coalesce(
        {{ gap_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) }},
        'group 1: ' || {{ poisson_reason(numerator_1, confidence) }},
        'group 2: ' || {{ poisson_reason(numerator_2, confidence) }}
    )
{%- endmacro %}

{# Absolute gap of two rates, r1 - r2, per multiplier. NULL: whenever gap_rates_reason says why. #}
{% macro gap_absolute_rates(numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1) -%}
    case
        when {{ gap_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) }} is null
        then
            (
                {{ measure_proportion_unchecked(numerator_1, denominator_1) }}
                - {{ measure_proportion_unchecked(numerator_2, denominator_2) }}
            )
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    Lower limit of the absolute gap of two rates: MOVER with exact Poisson limits below 10 events and Byar's from 10,
    d - sqrt((r1 - l1)^2 + (u2 - r2)^2).
    Units: as gap_absolute_rates.
    Source: Donner and Zou 2012 (MOVER); limits as rate_lower.
    NULL: whenever gap_absolute_mover_reason says why.
#}
{% macro gap_absolute_mover_lower(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    case
        when {{ gap_absolute_mover_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence) }} is null
        then
            {{
                measure_mover_unchecked(
                    measure_proportion_unchecked(numerator_1, denominator_1),
                    measure_rate_limit_unchecked(numerator_1, denominator_1, confidence, "-"),
                    measure_proportion_unchecked(numerator_2, denominator_2),
                    measure_rate_limit_unchecked(numerator_2, denominator_2, confidence, "+"),
                    "-",
                )
            }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    Upper limit of the absolute gap of two rates: d + sqrt((u1 - r1)^2 + (r2 - l2)^2); otherwise as
    gap_absolute_mover_lower.
#}
{% macro gap_absolute_mover_upper(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    case
        when {{ gap_absolute_mover_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence) }} is null
        then
            {{
                measure_mover_unchecked(
                    measure_proportion_unchecked(numerator_1, denominator_1),
                    measure_rate_limit_unchecked(numerator_1, denominator_1, confidence, "+"),
                    measure_proportion_unchecked(numerator_2, denominator_2),
                    measure_rate_limit_unchecked(numerator_2, denominator_2, confidence, "-"),
                    "+",
                )
            }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    One Wald limit of the absolute gap of two rates, d -/+ z sqrt(x1/n1^2 + x2/n2^2): for comparison with other
    publications only.
    NULL: as gap_rates_reason and confidence_reason say.
#}
{% macro gap_absolute_rates_wald_lower(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    {{ measure_gap_rates_wald(numerator_1, denominator_1, numerator_2, denominator_2, multiplier, confidence, "-") }}
{%- endmacro %}

{# The upper Wald limit: as gap_absolute_rates_wald_lower. #}
{% macro gap_absolute_rates_wald_upper(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    {{ measure_gap_rates_wald(numerator_1, denominator_1, numerator_2, denominator_2, multiplier, confidence, "+") }}
{%- endmacro %}

{% macro measure_gap_rates_wald(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier, confidence, sign
) -%}
    {%- set r1 = measure_proportion_unchecked(numerator_1, denominator_1) -%}
    {%- set r2 = measure_proportion_unchecked(numerator_2, denominator_2) -%}
    case
        when
            coalesce(
                {{ gap_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) }},
                {{ confidence_reason(confidence) }}
            )
            is null
        then
            (
                {{ r1 }}
                - {{ r2 }} {{ sign }} {{ normal_quantile(confidence) }}
                * sqrt(
                    {{ r1 }} / nullif({{ measure_double(denominator_1) }}, 0e0)
                    + {{ r2 }} / nullif({{ measure_double(denominator_2) }}, 0e0)
                )
            )
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Why the ratio is undefined: as gap_rates_reason, or 'group 2: zero numerator'. #}
{% macro gap_relative_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) -%}
    coalesce(
        {{ gap_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) }},
        {{ measure_zero_numerator_reason(numerator_2, "group 2") }}
    )
{%- endmacro %}

{#
    Why a limit of the ratio is undefined: as gap_relative_rates_reason, 'group 1: zero numerator' or confidence_reason.
#}
{% macro gap_relative_rates_limits_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    coalesce(
        {{ gap_relative_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) }},
        {{ measure_zero_numerator_reason(numerator_1, "group 1") }},
        {{ confidence_reason(confidence) }}
    )
{%- endmacro %}

{#
    Relative gap of two rates, r1 / r2; 0 where only group 1 has no event. NULL: whenever gap_relative_rates_reason says
    why.
#}
{% macro gap_relative_rates(numerator_1, denominator_1, numerator_2, denominator_2) -%}
    case
        when {{ gap_relative_rates_reason(numerator_1, denominator_1, numerator_2, denominator_2) }} is null
        then {{ measure_ratio_unchecked(numerator_1, denominator_1, numerator_2, denominator_2) }}
    end
{%- endmacro %}

{#
    Lower limit of the ratio of two rates: exp(ln r - z sqrt(1/x1 + 1/x2)).
    Units: ratio.
    Source: log-normal interval of two Poisson counts; equal to statsmodels confint_poisson_2indep(method="wald-log").
    NULL: whenever gap_relative_rates_limits_reason says why; so for a zero numerator on either side.
#}
{% macro gap_relative_rates_lower(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    {{ measure_gap_rates_log_limit(numerator_1, denominator_1, numerator_2, denominator_2, confidence, "-") }}
{%- endmacro %}

{# Upper limit of the ratio of two rates: as gap_relative_rates_lower with +. #}
{% macro gap_relative_rates_upper(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    {{ measure_gap_rates_log_limit(numerator_1, denominator_1, numerator_2, denominator_2, confidence, "+") }}
{%- endmacro %}

{% macro measure_gap_rates_log_limit(numerator_1, denominator_1, numerator_2, denominator_2, confidence, sign) -%}
    {%- set variance -%}
        1e0 / nullif({{ measure_double(numerator_1) }}, 0e0) + 1e0 / nullif({{ measure_double(numerator_2) }}, 0e0)
    {%- endset -%}
    case
        when
            {{ gap_relative_rates_limits_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence) }}
            is null
        then
            {{
                measure_log_limit_unchecked(
                    measure_ratio_unchecked(numerator_1, denominator_1, numerator_2, denominator_2),
                    variance,
                    confidence,
                    sign,
                )
            }}
    end
{%- endmacro %}

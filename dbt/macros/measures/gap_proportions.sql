{#
    Gaps of two proportions: group 1 minus, or over, group 2. Common inputs: numerator_1, denominator_1, numerator_2,
    denominator_2 (counts), multiplier (of the difference; 100 gives percentage points; ratios take none), confidence
    (two-sided share).
#}
{#
    Why the gap is undefined: NULL where it is defined, else 'group 1: ' or 'group 2: ' and the reason of
    proportion_reason.
#}
{% macro gap_proportions_reason(numerator_1, denominator_1, numerator_2, denominator_2) -%}
    coalesce(
        'group 1: ' || {{ proportion_reason(numerator_1, denominator_1) }},
        'group 2: ' || {{ proportion_reason(numerator_2, denominator_2) }}
    )
{%- endmacro %}

{# Why a limit of the absolute gap is undefined: as gap_proportions_reason and confidence_reason. #}
{% macro gap_absolute_newcombe_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    coalesce(
        {{ gap_proportions_reason(numerator_1, denominator_1, numerator_2, denominator_2) }},
        {{ confidence_reason(confidence) }}
    )
{%- endmacro %}

{#
    Absolute gap of two proportions, p1 - p2, times multiplier.
    Source: methods of OHID and WHO HEAT (simple difference). NULL: whenever gap_proportions_reason says why.
#}
{% macro gap_absolute_proportions(numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1) -%}
    case
        when {{ gap_proportions_reason(numerator_1, denominator_1, numerator_2, denominator_2) }} is null
        then
            (
                {{ measure_proportion_unchecked(numerator_1, denominator_1) }}
                - {{ measure_proportion_unchecked(numerator_2, denominator_2) }}
            )
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    Lower limit of the absolute gap: Newcombe's hybrid score interval, d - sqrt((p1 - l1)^2 + (u2 - p2)^2) with Wilson's
    l and u.
    Units: as gap_absolute_proportions.
    Source: Newcombe 1998, method 10; equal to statsmodels confint_proportions_2indep(method="newcomb").
    NULL: whenever gap_absolute_newcombe_reason says why.
#}
{% macro gap_absolute_newcombe_lower(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    case
        when
            {{ gap_absolute_newcombe_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence) }}
            is null
        then
            {{
                measure_mover_unchecked(
                    measure_proportion_unchecked(numerator_1, denominator_1),
                    measure_wilson_unchecked(numerator_1, denominator_1, confidence, "-"),
                    measure_proportion_unchecked(numerator_2, denominator_2),
                    measure_wilson_unchecked(numerator_2, denominator_2, confidence, "+"),
                    "-",
                )
            }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Upper limit of the absolute gap: d + sqrt((u1 - p1)^2 + (p2 - l2)^2); otherwise as gap_absolute_newcombe_lower. #}
{% macro gap_absolute_newcombe_upper(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    case
        when
            {{ gap_absolute_newcombe_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence) }}
            is null
        then
            {{
                measure_mover_unchecked(
                    measure_proportion_unchecked(numerator_1, denominator_1),
                    measure_wilson_unchecked(numerator_1, denominator_1, confidence, "+"),
                    measure_proportion_unchecked(numerator_2, denominator_2),
                    measure_wilson_unchecked(numerator_2, denominator_2, confidence, "-"),
                    "+",
                )
            }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    One Wald limit of the absolute gap, d -/+ z sqrt(p1 q1/n1 + p2 q2/n2): for comparison with other publications only,
    it is [0, 0] where both counts are 0. NULL: whenever gap_absolute_newcombe_reason says why.
#}
{% macro gap_absolute_proportions_wald_lower(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    {{
        measure_gap_proportions_wald(
            numerator_1, denominator_1, numerator_2, denominator_2, multiplier, confidence, "-"
        )
    }}
{%- endmacro %}

{# The upper Wald limit: as gap_absolute_proportions_wald_lower. #}
{% macro gap_absolute_proportions_wald_upper(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier=1, confidence=0.95
) -%}
    {{
        measure_gap_proportions_wald(
            numerator_1, denominator_1, numerator_2, denominator_2, multiplier, confidence, "+"
        )
    }}
{%- endmacro %}

{% macro measure_gap_proportions_wald(
    numerator_1, denominator_1, numerator_2, denominator_2, multiplier, confidence, sign
) -%}
    {%- set p1 = measure_proportion_unchecked(numerator_1, denominator_1) -%}
    {%- set p2 = measure_proportion_unchecked(numerator_2, denominator_2) -%}
    case
        when
            {{ gap_absolute_newcombe_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence) }}
            is null
        then
            (
                {{ p1 }}
                - {{ p2 }} {{ sign }} {{ normal_quantile(confidence) }}
                * sqrt(
                    {{ p1 }} * (1e0 - {{ p1 }}) / nullif({{ measure_double(denominator_1) }}, 0e0)
                    + {{ p2 }} * (1e0 - {{ p2 }}) / nullif({{ measure_double(denominator_2) }}, 0e0)
                )
            )
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Why the ratio is undefined: as gap_proportions_reason, or 'group 2: zero numerator'. #}
{% macro gap_relative_proportions_reason(numerator_1, denominator_1, numerator_2, denominator_2) -%}
    coalesce(
        {{ gap_proportions_reason(numerator_1, denominator_1, numerator_2, denominator_2) }},
        {{ measure_zero_numerator_reason(numerator_2, "group 2") }}
    )
{%- endmacro %}

{#
    Why a limit of the ratio is undefined: as gap_relative_proportions_reason, 'group 1: zero numerator' or
    confidence_reason.
#}
{% macro gap_relative_katz_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    coalesce(
        {{ gap_relative_proportions_reason(numerator_1, denominator_1, numerator_2, denominator_2) }},
        {{ measure_zero_numerator_reason(numerator_1, "group 1") }},
        {{ confidence_reason(confidence) }}
    )
{%- endmacro %}

{#
    Relative gap of two proportions, p1 / p2; 0 where only group 1 has no case.
    Source: methods of OHID and WHO HEAT (simple ratio). NULL: whenever gap_relative_proportions_reason says why.
#}
{% macro gap_relative_proportions(numerator_1, denominator_1, numerator_2, denominator_2) -%}
    case
        when {{ gap_relative_proportions_reason(numerator_1, denominator_1, numerator_2, denominator_2) }} is null
        then {{ measure_ratio_unchecked(numerator_1, denominator_1, numerator_2, denominator_2) }}
    end
{%- endmacro %}

{#
    Lower limit of the relative gap: Katz's log interval, exp(ln r - z sqrt(1/x1 - 1/n1 + 1/x2 - 1/n2)).
    Units: ratio.
    Source: Katz 1978; equal to statsmodels confint_proportions_2indep(compare="ratio", method="log").
    NULL: whenever gap_relative_katz_reason says why; so for a zero numerator on either side.
#}
{% macro gap_relative_katz_lower(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    {{ measure_katz_limit(numerator_1, denominator_1, numerator_2, denominator_2, confidence, "-") }}
{%- endmacro %}

{# Upper limit of the relative gap: as gap_relative_katz_lower with +. #}
{% macro gap_relative_katz_upper(numerator_1, denominator_1, numerator_2, denominator_2, confidence=0.95) -%}
    {{ measure_katz_limit(numerator_1, denominator_1, numerator_2, denominator_2, confidence, "+") }}
{%- endmacro %}

{% macro measure_katz_limit(numerator_1, denominator_1, numerator_2, denominator_2, confidence, sign) -%}
    {%- set variance -%}
        1e0 / nullif({{ measure_double(numerator_1) }}, 0e0) - 1e0 / nullif({{ measure_double(denominator_1) }}, 0e0)
        + 1e0 / nullif({{ measure_double(numerator_2) }}, 0e0) - 1e0 / nullif({{ measure_double(denominator_2) }}, 0e0)
    {%- endset -%}
    case
        when {{ gap_relative_katz_reason(numerator_1, denominator_1, numerator_2, denominator_2, confidence) }} is null
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

{#
    Why a proportion is undefined: NULL where it is defined, else the first of the reasons of rate_reason, or
    'numerator exceeds denominator'.
    Inputs: numerator and denominator, counts of the same units.
#}
{% macro proportion_reason(numerator, denominator) -%}
    coalesce(
        {{ rate_reason(numerator, denominator) }},
        case
            when {{ measure_double(numerator) }} > {{ measure_double(denominator) }}
            then 'numerator exceeds denominator'
        end
    )
{%- endmacro %}

{#
    Proportion.
    Inputs: numerator (cases, 0 to denominator), denominator (people or events at risk, above 0), multiplier (1 share,
    100 per cent).
    Units: share times multiplier.
    Method: numerator / denominator * multiplier.
    Source: OHID Fingertips, Public Health Technical Guidance, Basic statistics, Proportions.
    NULL: whenever proportion_reason says why.
#}
{% macro proportion(numerator, denominator, multiplier=1) -%}
    (
        {{
            measure_proportion_unchecked(
                measure_guarded(numerator, proportion_reason(numerator, denominator)), denominator
            )
        }}
        {{ measure_times(multiplier) }}
    )
{%- endmacro %}

{#
    The formula alone, for composing: the caller has checked the inputs. nullif keeps engines that raise on x / 0 quiet.
#}
{% macro measure_proportion_unchecked(numerator, denominator) -%}
    ({{ measure_double(numerator) }} / nullif({{ measure_double(denominator) }}, 0e0))
{%- endmacro %}

{# Why a Wilson limit is undefined: NULL where it is defined, else as proportion_reason and confidence_reason. #}
{% macro wilson_reason(numerator, denominator, confidence=0.95) -%}
    {%- do measure_check_confidence(confidence) -%}
    {%- if confidence is number -%} {{ proportion_reason(numerator, denominator) }}
    {%- else -%} coalesce({{ proportion_reason(numerator, denominator) }}, {{ confidence_reason(confidence) }})
    {%- endif -%}
{%- endmacro %}

{#
    One end of Wilson's score interval as a share, for composing; sign is "-" or "+". With p = x/n and the root
    R = sqrt(z^2 (z^2 + 4x(1 - p))) the ends (2x + z^2 -/+ R) / (2(n + z^2)) are written as 2xp / (2x + z^2 + R) and
    p + (z^2 (1 - 2p) + R) / (2(n + z^2)): no digits cancel, the lower end is 0 at x = 0 and the upper one 1 at x = n without
    clamping, and p lies between them in floating point too.
#}
{% macro measure_wilson_unchecked(numerator, denominator, confidence, sign) -%}
    {%- set x = measure_double(numerator) -%}
    {%- set p = measure_proportion_unchecked(numerator, denominator) -%}
    {%- set z2 = "(" ~ normal_quantile(confidence) ~ " * " ~ normal_quantile(confidence) ~ ")" -%}
    {%- set root = "sqrt(" ~ z2 ~ " * (" ~ z2 ~ " + 4e0 * " ~ x ~ " * (1e0 - " ~ p ~ ")))" -%}
    {%- if sign == "-" -%}({{ p }} * (2e0 * {{ x }}) / (2e0 * {{ x }} + {{ z2 }} + {{ root }}))
    {%- else -%}
        (
            {{ p }}
            + ({{ z2 }} * (1e0 - 2e0 * {{ p }}) + {{ root }}) / (2e0 * ({{ measure_double(denominator) }} + {{ z2 }}))
        )
    {%- endif -%}
{%- endmacro %}

{# One Wilson limit times multiplier, NULL whenever wilson_reason says why. #}
{% macro measure_wilson_limit(numerator, denominator, confidence, multiplier, sign) -%}
    {%- set guarded = measure_guarded(numerator, wilson_reason(numerator, denominator, confidence)) -%}
    ({{ measure_wilson_unchecked(guarded, denominator, confidence, sign) }} {{ measure_times(multiplier) }})
{%- endmacro %}

{#
    Lower limit of a proportion: Wilson's score interval.
    Inputs: numerator, denominator, confidence (two-sided share, 0.95), multiplier (1 share, 100 per cent).
    Units: share times multiplier, never below 0.
    Method: (2x + z^2 - z sqrt(z^2 + 4x(1 - x/n))) / (2(n + z^2)).
    Source: Wilson 1927; OHID Public Health Technical Guidance, Basic statistics, Proportions; PHE Technical Guide,
    Confidence Intervals (2018).
    NULL: whenever wilson_reason says why.
#}
{% macro wilson_lower(numerator, denominator, confidence=0.95, multiplier=1) -%}
    {{ measure_wilson_limit(numerator, denominator, confidence, multiplier, "-") }}
{%- endmacro %}

{# Upper limit of a proportion: as wilson_lower with + before z sqrt(...), never above 1 times multiplier. #}
{% macro wilson_upper(numerator, denominator, confidence=0.95, multiplier=1) -%}
    {{ measure_wilson_limit(numerator, denominator, confidence, multiplier, "+") }}
{%- endmacro %}

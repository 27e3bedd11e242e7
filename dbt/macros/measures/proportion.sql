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
    case
        when {{ proportion_reason(numerator, denominator) }} is null
        then {{ measure_proportion_unchecked(numerator, denominator) }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    The formula alone, for composing: the caller has checked the inputs. nullif keeps engines that raise on x / 0 quiet.
#}
{% macro measure_proportion_unchecked(numerator, denominator) -%}
    ({{ measure_double(numerator) }} / nullif({{ measure_double(denominator) }}, 0e0))
{%- endmacro %}

{# Why a Wilson limit is undefined: NULL where it is defined, else as proportion_reason and confidence_reason. #}
{% macro wilson_reason(numerator, denominator, confidence=0.95) -%}
    coalesce({{ proportion_reason(numerator, denominator) }}, {{ confidence_reason(confidence) }})
{%- endmacro %}

{#
    One end of Wilson's score interval as a share, for composing: (2x + z^2 + sign z sqrt(z^2 + 4x(1 - x/n))) / (2(n +
    z^2)). sign is "-" or "+". Kept on its own side of the estimate: at x = 0 and x = n rounding passes it by one unit
    in the last place.
#}
{% macro measure_wilson_unchecked(numerator, denominator, confidence, sign) -%}
    {%- set x = measure_double(numerator) -%}
    {%- set n = measure_double(denominator) -%}
    {%- set z = normal_quantile(confidence) -%}
    {%- set estimate = measure_proportion_unchecked(numerator, denominator) -%}
    {{ "least" if sign == "-" else "greatest" }} (
        {{ estimate }},
        least(
            1e0,
            greatest(
                0e0,
                (
                    2e0 * {{ x }}
                    + {{ z }}
                    * {{ z }} {{ sign }} {{ z }}
                    * sqrt({{ z }} * {{ z }} + 4e0 * {{ x }} * (1e0 - {{ estimate }}))
                )
                / nullif(2e0 * ({{ n }} + {{ z }} * {{ z }}), 0e0)
            )
        )
    )
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
    case
        when {{ wilson_reason(numerator, denominator, confidence) }} is null
        then {{ measure_wilson_unchecked(numerator, denominator, confidence, "-") }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Upper limit of a proportion: as wilson_lower with + before z sqrt(...), never above 1 times multiplier. #}
{% macro wilson_upper(numerator, denominator, confidence=0.95, multiplier=1) -%}
    case
        when {{ wilson_reason(numerator, denominator, confidence) }} is null
        then {{ measure_wilson_unchecked(numerator, denominator, confidence, "+") }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    Why a rate is undefined: NULL where it is defined, else 'missing numerator', 'missing denominator', 'numerator or
    denominator is not a finite number', 'negative numerator', 'negative denominator' or 'zero denominator'.
    Inputs: numerator (events), denominator (population or person-time).
#}
{% macro rate_reason(numerator, denominator) -%}
    case
        when {{ numerator }} is null
        then 'missing numerator'
        when {{ denominator }} is null
        then 'missing denominator'
        when not {{ measure_is_finite(numerator) }} or not {{ measure_is_finite(denominator) }}
        then 'numerator or denominator is not a finite number'
        when {{ measure_double(numerator) }} < 0e0
        then 'negative numerator'
        when {{ measure_double(denominator) }} < 0e0
        then 'negative denominator'
        when {{ measure_double(denominator) }} = 0e0
        then 'zero denominator'
    end
{%- endmacro %}

{#
    Crude rate.
    Inputs: numerator (events, 0 or more), denominator (population or person-time, above 0), multiplier (100000 for per
    100,000).
    Units: events per multiplier of the denominator.
    Method: numerator / denominator * multiplier.
    Source: OHID Public Health Technical Guidance, Basic statistics, Rates.
    NULL: whenever rate_reason says why.
#}
{% macro rate(numerator, denominator, multiplier=1) -%}
    (
        {{ measure_proportion_unchecked(measure_guarded(numerator, rate_reason(numerator, denominator)), denominator) }}
        {{ measure_times(multiplier) }}
    )
{%- endmacro %}

{# Why the limits of a rate are undefined: NULL where they are defined, else as rate_reason and poisson_reason. #}
{% macro rate_limits_reason(numerator, denominator, confidence=0.95) -%}
    coalesce({{ rate_reason(numerator, denominator) }}, {{ poisson_reason(numerator, confidence) }})
{%- endmacro %}

{#
    Lower limit of a crude rate: exact Poisson below 10 events, Byar from 10.
    Inputs: numerator, denominator, multiplier as for rate; confidence (two-sided share).
    Units: events per multiplier of the denominator.
    Method: poisson_lower(numerator) / denominator * multiplier.
    Source: OHID Public Health Technical Guidance, Basic statistics, Rates; PHE Technical Guide, Confidence Intervals
    (2018).
    NULL: whenever rate_limits_reason says why.
#}
{% macro rate_lower(numerator, denominator, multiplier=1, confidence=0.95) -%}
    case
        when {{ rate_limits_reason(numerator, denominator, confidence) }} is null
        then
            {{ measure_rate_limit_unchecked(numerator, denominator, confidence, "-") }}
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Upper limit of a crude rate: as rate_lower, with poisson_upper. #}
{% macro rate_upper(numerator, denominator, multiplier=1, confidence=0.95) -%}
    case
        when {{ rate_limits_reason(numerator, denominator, confidence) }} is null
        then
            {{ measure_rate_limit_unchecked(numerator, denominator, confidence, "+") }}
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# The limit of the events over the denominator, for composing: the caller has checked the inputs. #}
{% macro measure_rate_limit_unchecked(numerator, denominator, confidence, sign) -%}
    (
        {{ measure_poisson_limit_unchecked(numerator, confidence, sign) }}
        / nullif({{ measure_double(denominator) }}, 0e0)
    )
{%- endmacro %}

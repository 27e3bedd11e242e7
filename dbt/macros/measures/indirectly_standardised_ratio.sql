{#
    Indirectly standardised ratio and rate: aggregate expressions over the age bands of one area.

    Inputs
      observed               events of the age band; NULL counts as no event: never pass a suppressed count as NULL
      population             people of the age band, 0 or more
      reference_count        events of the reference population (England) in the band
      reference_population   people of the reference population in the band, above 0
      multiplier             of the ratio: 100 for an SMR of 100 = as expected; of the rate: 100000
      confidence             two-sided share
    Units: ratio times multiplier; rate per multiplier people.
    Method: E = sum(reference_count / reference_population * population); ratio = O / E; rate = ratio times the crude
    rate of the reference; limits are those of O (exact Poisson below 10, Byar from 10) over E. No suppression below 10
    events: the limits are exact.
    Source: OHID Public Health Technical Guidance, Standardisation, ISRs.
    NULL: whenever indirectly_standardised_reason says why.
#}
{% macro indirectly_standardised_ratio(observed, population, reference_count, reference_population, multiplier=100) -%}
    case
        when {{ indirectly_standardised_reason(observed, population, reference_count, reference_population) }} is null
        then
            {{ measure_dsr_events(observed) }}
            / nullif({{ measure_expected_unchecked(population, reference_count, reference_population) }}, 0e0)
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Why ratio, rate and expected events are undefined: NULL where they are defined. #}
{% macro indirectly_standardised_reason(observed, population, reference_count, reference_population) -%}
    {%- set count_error = (
        observed
        ~ " is null or ("
        ~ measure_double(observed)
        ~ " >= 0e0 and "
        ~ measure_is_finite(observed)
        ~ ")"
    ) -%}
    case
        when count(*) = 0
        then 'no age bands'
        when
            not (
                {{
                    measure_all(
                        measure_double(reference_population) ~ " > 0e0 and " ~ measure_is_finite(reference_population)
                    )
                }}
            )
        then 'an age band has no reference population'
        when
            not (
                {{ measure_all(measure_double(reference_count) ~ " >= 0e0 and " ~ measure_is_finite(reference_count)) }}
            )
        then 'an age band has no reference count'
        when not ({{ measure_all(measure_double(population) ~ " >= 0e0 and " ~ measure_is_finite(population)) }})
        then 'an age band has no population'
        when not ({{ measure_all(count_error) }})
        then 'an age band has a negative count'
        when {{ measure_expected_unchecked(population, reference_count, reference_population) }} = 0e0
        then 'no expected events'
    end
{%- endmacro %}

{# Why the limits are undefined: as indirectly_standardised_reason, or the confidence level. #}
{% macro indirectly_standardised_limits_reason(
    observed, population, reference_count, reference_population, confidence=0.95
) -%}
    coalesce(
        {{ indirectly_standardised_reason(observed, population, reference_count, reference_population) }},
        {{ poisson_reason(measure_dsr_events(observed), confidence) }}
    )
{%- endmacro %}

{#
    Expected events: sum(reference_count / reference_population * population). NULL as indirectly_standardised_reason
    says.
#}
{% macro expected_events(observed, population, reference_count, reference_population) -%}
    case
        when {{ indirectly_standardised_reason(observed, population, reference_count, reference_population) }} is null
        then {{ measure_expected_unchecked(population, reference_count, reference_population) }}
    end
{%- endmacro %}

{# Crude rate of the reference population over the same age bands. #}
{% macro reference_rate(reference_count, reference_population, multiplier=100000) -%}
    {{
        rate(
            "sum(" ~ measure_double(reference_count) ~ ")",
            "sum(" ~ measure_double(reference_population) ~ ")",
            multiplier,
        )
    }}
{%- endmacro %}

{# Lower limit of the ratio: see indirectly_standardised_ratio. #}
{% macro indirectly_standardised_ratio_lower(
    observed, population, reference_count, reference_population, multiplier=100, confidence=0.95
) -%}
    {{ measure_isr_limit(observed, population, reference_count, reference_population, multiplier, confidence, "-") }}
{%- endmacro %}

{# Upper limit of the ratio: see indirectly_standardised_ratio. #}
{% macro indirectly_standardised_ratio_upper(
    observed, population, reference_count, reference_population, multiplier=100, confidence=0.95
) -%}
    {{ measure_isr_limit(observed, population, reference_count, reference_population, multiplier, confidence, "+") }}
{%- endmacro %}

{# Indirectly standardised rate: the ratio times the reference rate. See indirectly_standardised_ratio. #}
{% macro indirectly_standardised_rate(
    observed, population, reference_count, reference_population, multiplier=100000
) -%}
    (
        {{ indirectly_standardised_ratio(observed, population, reference_count, reference_population, 1) }}
        * {{ reference_rate(reference_count, reference_population, multiplier) }}
    )
{%- endmacro %}

{# Lower limit of the indirectly standardised rate. #}
{% macro indirectly_standardised_rate_lower(
    observed, population, reference_count, reference_population, multiplier=100000, confidence=0.95
) -%}
    (
        {{
            indirectly_standardised_ratio_lower(
                observed, population, reference_count, reference_population, 1, confidence
            )
        }} * {{ reference_rate(reference_count, reference_population, multiplier) }}
    )
{%- endmacro %}

{# Upper limit of the indirectly standardised rate. #}
{% macro indirectly_standardised_rate_upper(
    observed, population, reference_count, reference_population, multiplier=100000, confidence=0.95
) -%}
    (
        {{
            indirectly_standardised_ratio_upper(
                observed, population, reference_count, reference_population, 1, confidence
            )
        }} * {{ reference_rate(reference_count, reference_population, multiplier) }}
    )
{%- endmacro %}

{% macro measure_expected_unchecked(population, reference_count, reference_population) -%}
    {% call in_order("sum") %}
        {{ measure_double(reference_count) }}
        / nullif({{ measure_double(reference_population) }}, 0e0)
        * {{ measure_double(population) }}
    {% endcall %}
{%- endmacro %}

{% macro measure_isr_limit(
    observed, population, reference_count, reference_population, multiplier, confidence, sign
) -%}
    case
        when
            {{
                indirectly_standardised_limits_reason(
                    observed, population, reference_count, reference_population, confidence
                )
            }} is null
        then
            {{ measure_poisson_limit_unchecked(measure_dsr_events(observed), confidence, sign) }}
            / nullif({{ measure_expected_unchecked(population, reference_count, reference_population) }}, 0e0)
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    Directly standardised rate: aggregate expressions over the age bands of one area, for `select ..., <macro> ... group
    by area`.

    Inputs
      count                events of the age band; NULL counts as no event (OHID's rule): never pass a suppressed count as NULL
      population           people of the age band, above 0
      standard_population  its weight, the European Standard Population 2013 from the seed standard_population_2013, or another
      multiplier           100000 for a rate per 100,000
      confidence           two-sided share
      minimum_events       below this total nothing is given (10, OHID's rule)
      age_bands            how many bands there must be (19 for all ages); none does not check
      event_variance       only for events that are not independent: the variance of the band's count, sum of frequency squared
                           times persons (repeat_events_by_age gives it); none takes the count itself, Poisson
    Units: events per multiplier people of the standard population.
    Method: v = sum(w c/p) / sum w; variance = sum(w^2 var(c)/p^2) / (sum w)^2; limits by Dobson, v + sqrt(variance / O)
    (limit of O - O) with the Poisson limits of the total O (exact below 10, Byar from 10). A truncated age range uses
    its own bands and their own sum of weights.
    Source: OHID Public Health Technical Guidance, Standardisation, DSRs; Dobson 1991.
    NULL: whenever directly_standardised_rate_reason says why.
#}
{% macro directly_standardised_rate(
    count, population, standard_population, multiplier=100000, minimum_events=10, age_bands=none
) -%}
    case
        when
            {{ directly_standardised_rate_reason(count, population, standard_population, minimum_events, age_bands) }}
            is null
        then {{ measure_dsr_share(count, population, standard_population) }} * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Why the rate is undefined: NULL where it is defined. #}
{% macro directly_standardised_rate_reason(
    count, population, standard_population, minimum_events=10, age_bands=none
) -%}
    case
        when count(*) = 0
        then 'no age bands'
        {% if age_bands is not none -%}
            when count(*) < {{ age_bands }}
            then 'an age band is missing'
            when count(*) > {{ age_bands }}
            then 'an age band is given twice'
        {%- endif %}
        when not ({{ measure_all(measure_double(standard_population) ~ " > 0e0") }})
        then 'an age band has no standard population'
        when not ({{ measure_all(measure_double(population) ~ " > 0e0 and " ~ measure_is_finite(population)) }})
        then 'an age band has no population'
        when
            not (
                {{
                    measure_all(
                        count
                        ~ " is null or ("
                        ~ measure_double(count)
                        ~ " >= 0e0 and "
                        ~ measure_is_finite(count)
                        ~ ")"
                    )
                }}
            )
        then 'an age band has a negative count'
        when {{ measure_dsr_events(count) }} < {{ measure_double(minimum_events) }}
        then 'fewer than ' || {{ measure_text(minimum_events) }} || ' events'
    end
{%- endmacro %}

{# Why the limits are undefined: as directly_standardised_rate_reason, or the confidence level. #}
{% macro directly_standardised_rate_limits_reason(
    count, population, standard_population, confidence=0.95, minimum_events=10, age_bands=none
) -%}
    coalesce(
        {{ directly_standardised_rate_reason(count, population, standard_population, minimum_events, age_bands) }},
        {{ poisson_reason(measure_dsr_events(count), confidence) }},
        case when {{ measure_dsr_events(count) }} = 0e0 then 'no events' end
    )
{%- endmacro %}

{# Lower limit of the directly standardised rate: see directly_standardised_rate. #}
{% macro directly_standardised_rate_lower(
    count,
    population,
    standard_population,
    multiplier=100000,
    confidence=0.95,
    minimum_events=10,
    age_bands=none,
    event_variance=none
) -%}
    {{
        measure_dsr_limit(
            count,
            population,
            standard_population,
            multiplier,
            confidence,
            minimum_events,
            age_bands,
            event_variance,
            "-",
        )
    }}
{%- endmacro %}

{# Upper limit of the directly standardised rate: see directly_standardised_rate. #}
{% macro directly_standardised_rate_upper(
    count,
    population,
    standard_population,
    multiplier=100000,
    confidence=0.95,
    minimum_events=10,
    age_bands=none,
    event_variance=none
) -%}
    {{
        measure_dsr_limit(
            count,
            population,
            standard_population,
            multiplier,
            confidence,
            minimum_events,
            age_bands,
            event_variance,
            "+",
        )
    }}
{%- endmacro %}

{% macro measure_dsr_events(count) -%} sum(coalesce({{ measure_double(count) }}, 0e0)) {%- endmacro %}

{% macro measure_dsr_share(count, population, standard_population) -%}
    (
        {% call in_order("sum") %}
            {{ measure_double(standard_population) }}
            * coalesce({{ measure_double(count) }}, 0e0)
            / nullif({{ measure_double(population) }}, 0e0)
        {% endcall %}
        / nullif(sum({{ measure_double(standard_population) }}), 0e0)
    )
{%- endmacro %}

{% macro measure_dsr_limit(
    count,
    population,
    standard_population,
    multiplier,
    confidence,
    minimum_events,
    age_bands,
    event_variance,
    sign
) -%}
    {%- set events = measure_dsr_events(count) -%}
    {%- set variance = event_variance if event_variance is not none else count -%}
    case
        when
            {{
                directly_standardised_rate_limits_reason(
                    count, population, standard_population, confidence, minimum_events, age_bands
                )
            }} is null
        then
            (
                {{ measure_dsr_share(count, population, standard_population) }} + sqrt(
                    {% call in_order("sum") %}
                        power(
                            {{ measure_double(standard_population) }} / nullif({{ measure_double(population) }}, 0e0), 2
                        )
                        * coalesce({{ measure_double(variance) }}, 0e0)
                    {% endcall %}
                    / nullif({{ events }}, 0e0)
                )
                / nullif(sum({{ measure_double(standard_population) }}), 0e0)
                * ({{ measure_poisson_limit_unchecked(events, confidence, sign) }} - {{ events }})
            )
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

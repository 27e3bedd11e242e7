{# Why a Poisson limit is undefined: NULL where it is defined. #}
{% macro poisson_reason(events, confidence=0.95) -%}
    coalesce(
        case
            when {{ events }} is null
            then 'missing events'
            when not {{ measure_is_finite(events) }}
            then 'events is not a finite number'
            when {{ measure_double(events) }} < 0e0
            then 'negative events'
            {% if not measure_has_gamma_quantile() -%}
                when
                    {{ measure_double(events) }} < 10e0
                    and {{ measure_double(events) }} <> floor({{ measure_double(events) }})
                then 'exact limits below 10 need whole events'
            {%- endif %}
        end,
        {{ confidence_reason(confidence) }}
    )
{%- endmacro %}

{#
    Lower limit of a count of independent events: exact Poisson below 10, Byar from 10.
    Inputs: events (a count, 0 or more), confidence (two-sided share).
    Units: events.
    Method: below 10 chi2inv(a/2, 2x)/2, 0 at x = 0, from the lookup (a CASE over 0 to 9, so that the caller joins
    nothing and the optimiser folds it for a constant level) or, for a count that is not whole, from
    measure_gamma_quantile; from 10 Byar, x(1 - 1/(9x) - z/(3 sqrt x))^3. Byar is the Wilson-Hilferty form of the same
    quantile: at 95% its lower limit is 48.4% out at 1 event and 0.17% at 10, hence the switch.
    Source: OHID Public Health Technical Guidance, Basic statistics, Rates; Breslow and Day 1987.
    NULL: whenever poisson_reason says why.
#}
{% macro poisson_lower(events, confidence=0.95) -%}
    case
        when {{ poisson_reason(events, confidence) }} is null
        then {{ measure_poisson_limit_unchecked(events, confidence, "-") }}
    end
{%- endmacro %}

{# Upper limit: below 10 chi2inv(1 - a/2, 2x + 2)/2, from 10 Byar (x+1)(1 - 1/(9(x+1)) + z/(3 sqrt(x+1)))^3. #}
{% macro poisson_upper(events, confidence=0.95) -%}
    case
        when {{ poisson_reason(events, confidence) }} is null
        then {{ measure_poisson_limit_unchecked(events, confidence, "+") }}
    end
{%- endmacro %}

{% macro measure_poisson_limit_unchecked(events, confidence, sign) -%}
    (
        case
            when {{ measure_double(events) }} < 10e0
            then {{ measure_poisson_exact_unchecked(events, confidence, sign) }}
            else {{ measure_byar_unchecked(events, confidence, sign) }}
        end
    )
{%- endmacro %}

{# The exact limit of 0 to 9.99 events: from the lookup for whole ones, by measure_gamma_quantile for others. #}
{% macro measure_poisson_exact_unchecked(events, confidence, sign) -%}
    {%- set count = measure_double(events) -%}
    {%- set choices = {} -%}
    {%- for level, limits in measure_poisson_exact_limits().items() -%}
        {%- set tail = ((1 - level) / 2) | round(9) -%}
        {%- set branches = [] -%}
        {%- for lower, upper in limits -%}
            {%- do branches.append(
                "when "
                ~ measure_double(loop.index0)
                ~ " then "
                ~ measure_double(lower if sign == "-" else upper)
            ) -%}
        {%- endfor -%}
        {%- set between = (
            measure_gamma_quantile(count, tail)
            if sign == "-"
            else measure_gamma_quantile("(" ~ count ~ " + 1e0)", 1 - tail)
        ) -%}
        {%- do choices.update({level: "case " ~ count ~ " " ~ branches | join(" ") ~ " else " ~ between ~ " end"}) -%}
    {%- endfor -%}
    {{ measure_by_confidence(confidence, choices) }}
{%- endmacro %}

{# Byar's limit of a count; for the lower one the count must be above 0. #}
{% macro measure_byar_unchecked(events, confidence, sign) -%}
    {%- set count = measure_double(events) if sign == "-" else "(" ~ measure_double(events) ~ " + 1e0)" -%}
    (
        {{ count }} * power(
            1e0
            - 1e0
            / nullif(9e0 * {{ count }}, 0e0) {{ sign }} {{ normal_quantile(confidence) }}
            / nullif(3e0 * sqrt({{ count }}), 0e0),
            3
        )
    )
{%- endmacro %}

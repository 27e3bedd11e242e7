{#
    Population attributable risk and fraction: what would change if everyone had the reference subgroup's value.
    Inputs are expressions of one row per group: reference_value, mean (mu), favourable; for the standard error events
    and non-events of the reference subgroup and of the whole.
    Source: WHO HEAT (healthequal parisk, paf); Walter 1978 for the standard error, which the package leaves a hundred
    times too small for the fraction.
#}
{#
    Population attributable risk: y_ref - mu in the value's unit, negative for an adverse indicator; 0 where it has the
    wrong sign. NULL: a missing value.
#}
{% macro population_attributable_risk(reference_value, mean, favourable) -%}
    case
        when {{ reference_value }} - {{ mean }} is null
        then null
        when {{ favourable }}
        then greatest(0e0, {{ reference_value }} - {{ mean }})
        else least(0e0, {{ reference_value }} - {{ mean }})
    end
{%- endmacro %}

{# Population attributable fraction: 100 PAR / mu, per cent. NULL for a mean of 0. #}
{% macro population_attributable_fraction(reference_value, mean, favourable) -%}
    (100e0 * {{ population_attributable_risk(reference_value, mean, favourable) }} / nullif({{ mean }}, 0e0))
{%- endmacro %}

{#
    Standard error of the attributable share (0 to 1): sqrt(c N (a d (N - c) + b c^2) / ((a + c)^3 (c + d)^3)) with c
    events and d non-events of the reference, a events and b non-events of the others. Times 100 for the fraction, times
    mu for the risk (an approximation). NULL where a value is outside 0 to 1 on the event scale.
#}
{% macro population_attributable_share_standard_error(reference_events, reference_population, events, population) -%}
    {%- set c = "(" ~ reference_events ~ ")" -%}
    {%- set d = "(" ~ reference_population ~ " - " ~ reference_events ~ ")" -%}
    {%- set a = "(" ~ events ~ " - " ~ reference_events ~ ")" -%}
    {%- set b = "(" ~ population ~ " - " ~ reference_population ~ " - " ~ events ~ " + " ~ reference_events ~ ")" -%}
    {%- set radicand -%}
        {{ c }} * {{ population }} * ({{ a }} * {{ d }} * ({{ population }} - {{ c }}) + {{ b }} * {{ c }} * {{ c }})
        / nullif(power({{ a }} + {{ c }}, 3) * power({{ c }} + {{ d }}, 3), 0e0)
    {%- endset -%}
    case when {{ radicand }} >= 0e0 then sqrt({{ radicand }}) end
{%- endmacro %}

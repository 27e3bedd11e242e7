{#
    Funnel: is an organisation's proportion, ratio or rate further from the baseline than chance explains.

    Inputs: numerator, denominator (expected events for a ratio), baseline (the pooled average as a share or as events
    per unit of the denominator; 1 for a ratio), confidence, multiplier, statistic (proportion, ratio or rate: a bare
    word or a column).
#}
{#
    Lower control limit of a proportion at an organisation's own size.
    Units: share times multiplier, not below 0.
    Method: p0 - z sqrt(p0 (1 - p0) / n); 95% is the two-sigma, 99.8% the three-sigma line.
    Source: APHO Technical Briefing 2; the longer formula of PHEindicatormethods reduces to it exactly.
    NULL: a missing, zero or negative denominator, a baseline outside 0 to 1, an unknown confidence level.
#}
{% macro funnel_lower(baseline, denominator, confidence=0.95, multiplier=1) -%}
    {{ measure_funnel_limit(baseline, denominator, confidence, multiplier, "-") }}
{%- endmacro %}

{# Upper control limit of a proportion, not above 1 times multiplier: see funnel_lower. #}
{% macro funnel_upper(baseline, denominator, confidence=0.95, multiplier=1) -%}
    {{ measure_funnel_limit(baseline, denominator, confidence, multiplier, "+") }}
{%- endmacro %}

{% macro measure_funnel_limit(baseline, denominator, confidence, multiplier, sign) -%}
    {%- set p0 = measure_double(baseline) -%}
    case
        when
            {{ p0 }} between 0e0 and 1e0
            and {{ measure_double(denominator) }} > 0e0
            and {{ measure_is_finite(denominator) }}
            and {{ normal_quantile(confidence) }} is not null
        then
            least(
                1e0,
                greatest(
                    0e0,
                    {{ p0 }} {{ sign }} {{ normal_quantile(confidence) }}
                    * sqrt({{ p0 }} * (1e0 - {{ p0 }}) / nullif({{ measure_double(denominator) }}, 0e0))
                )
            )
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{#
    'High (0.001)', 'High (0.025)', 'Not significant', 'Low (0.025)', 'Low (0.001)' or, without what it takes, 'Not
    applicable'.
    Method: a proportion is compared with the control limits at its own denominator; a ratio or rate by its Poisson
    limits (exact below 10 events, Byar from 10) against 1 or the baseline. All comparisons strict.
    Source: PHEindicatormethods assign_funnel_significance; APHO Technical Briefing 2.
#}
{% macro funnel_label(statistic, numerator, denominator, baseline) -%}
    {%- set known = "'" ~ statistic ~ "'" if statistic in ["proportion", "ratio", "rate"] else statistic -%}
    case
        when {{ known }} = 'proportion'
        then {{ measure_funnel_label_proportion(numerator, denominator, baseline) }}
        when {{ known }} = 'ratio'
        then {{ measure_funnel_label_rate(numerator, denominator, 1) }}
        when {{ known }} = 'rate'
        then {{ measure_funnel_label_rate(numerator, denominator, baseline) }}
    end
{%- endmacro %}

{% macro measure_funnel_label_proportion(numerator, denominator, baseline) -%}
    {%- set share = proportion(numerator, denominator) -%}
    case
        when {{ share }} is null or {{ funnel_lower(baseline, denominator) }} is null
        then 'Not applicable'
        when {{ share }} < {{ funnel_lower(baseline, denominator, 0.998) }}
        then 'Low (0.001)'
        when {{ share }} > {{ funnel_upper(baseline, denominator, 0.998) }}
        then 'High (0.001)'
        when {{ share }} < {{ funnel_lower(baseline, denominator, 0.95) }}
        then 'Low (0.025)'
        when {{ share }} > {{ funnel_upper(baseline, denominator, 0.95) }}
        then 'High (0.025)'
        else 'Not significant'
    end
{%- endmacro %}

{% macro measure_funnel_label_rate(numerator, denominator, baseline) -%}
    case
        when {{ rate_limits_reason(numerator, denominator) }} is not null or {{ measure_not_comparable([baseline]) }}
        then 'Not applicable'
        when {{ rate_lower(numerator, denominator, 1, 0.998) }} > {{ measure_double(baseline) }}
        then 'High (0.001)'
        when {{ rate_upper(numerator, denominator, 1, 0.998) }} < {{ measure_double(baseline) }}
        then 'Low (0.001)'
        when {{ rate_lower(numerator, denominator, 1, 0.95) }} > {{ measure_double(baseline) }}
        then 'High (0.025)'
        when {{ rate_upper(numerator, denominator, 1, 0.95) }} < {{ measure_double(baseline) }}
        then 'Low (0.025)'
        else 'Not significant'
    end
{%- endmacro %}

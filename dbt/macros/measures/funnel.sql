{#
    Funnel: is an organisation's proportion, ratio or rate further from the baseline than chance explains.

    Inputs: numerator, denominator (expected events for a ratio), baseline (the pooled average as a share or as events
    per unit of the denominator; 1 for a ratio), confidence, multiplier, statistic (proportion, ratio or rate: a bare
    word or a column).
#}
{#
    How far the proportions of a funnel differ by more than chance: one row for each funnel (group_by).

    Inputs: relation with numerator and denominator of the organisations compared and their baseline.
    Gives: keys, organisations, dispersion_ratio (mean z squared, z = (p - p0) / s, s^2 = p0 (1 - p0) / n; about 1 where chance
    is all), winsorised_dispersion (phi, the same after the lowest and highest tenth of z are drawn in to its 10% and 90%
    quantiles), between_variance (tau squared, 0 where phi is at most (I - 1) / I).
    Method: tau^2 = (I phi - (I - 1)) / (sum w - sum w^2 / sum w), w = 1 / s^2: additive random effects. An organisation
    then varies about the baseline with variance s^2 + tau^2.
    Source: Spiegelhalter 2005 (Statistics in Medicine 24:1185-1202); DerSimonian and Laird 1986; the winsorising and the additive
    model are those of NHS England's summary hospital-level mortality indicator.
    NULL: a funnel whose baseline is 0 or 1.
#}
{% macro funnel_dispersion(relation, group_by, numerator, denominator, baseline) -%}
    with
        measure_weights as (
            select
                {{ measure_key_columns(group_by) }}
                {{ measure_double(numerator) }} / nullif({{ measure_double(denominator) }}, 0e0)
                - {{ measure_double(baseline) }} as measure_distance,
                {{ measure_double(denominator) }}
                / nullif({{ measure_double(baseline) }} * (1e0 - {{ measure_double(baseline) }}), 0e0) as measure_weight
            from {{ relation }}
        ),
        measure_deviates as (
            select
                {{ all_but(["measure_weight"]) }},
                case when measure_distance is not null then measure_weight end as measure_weight,
                measure_distance * sqrt(measure_weight) as measure_z
            from measure_weights
        ),
        measure_quantiles as (
            select
                {{ measure_key_names(group_by) }}
                percentile_cont(0.1) within group (order by measure_z) as measure_low,
                percentile_cont(0.9) within group (order by measure_z) as measure_high
            from measure_deviates {{ measure_group_by(group_by) }}
        ),
        measure_sums as (
            select
                {{ measure_key_names(group_by, "measure_deviates") }}
                count(measure_z) as organisations,
                {{ in_order("avg", "power(measure_z, 2)") }} as dispersion_ratio,
                {% call in_order("avg") %}
                    case
                        when measure_z is not null
                        then power(least(greatest(measure_z, measure_low), measure_high), 2)
                    end
                {% endcall %} as winsorised_dispersion,
                {{ in_order("sum", "measure_weight") }} as measure_weight,
                {{ in_order("sum", "power(measure_weight, 2)") }} as measure_weight_squared
            from measure_deviates
            inner join
                measure_quantiles on {{ measure_key_match(group_by, "measure_deviates", "measure_quantiles") }}
                {{ measure_group_by_names(group_by, "measure_deviates") }}
        )
    select
        {{ measure_key_names(group_by) }}
        organisations,
        dispersion_ratio,
        winsorised_dispersion,
        case
            when organisations * winsorised_dispersion <= organisations - 1e0
            then 0e0
            else
                (organisations * winsorised_dispersion - (organisations - 1e0))
                / nullif(measure_weight - measure_weight_squared / measure_weight, 0e0)
        end as between_variance
    from measure_sums
{%- endmacro %}

{# "group by alias.a, alias.b", or nothing without keys. #}
{% macro measure_group_by_names(group_by, alias) -%}
    {%- set names = [] -%}
    {%- for key in measure_keys(group_by) -%} {%- do names.append(alias ~ "." ~ key.name) -%} {%- endfor -%}
    {{ return("group by " ~ names | join(", ") if names else "") }}
{%- endmacro %}

{#
    Lower control limit of a proportion at an organisation's own size.
    Units: share times multiplier, not below 0.
    Method: p0 - z sqrt(p0 (1 - p0) / n + between_variance), see funnel_dispersion; without it (0) chance alone; 95% is the two-sigma, 99.8% the three-sigma line.
    Source: APHO Technical Briefing 2; the longer formula of PHEindicatormethods reduces to it exactly.
    NULL: a missing, zero or negative denominator, a baseline outside 0 to 1, an unknown confidence level, a missing variance.
#}
{% macro funnel_lower(baseline, denominator, confidence=0.95, multiplier=1, between_variance=0) -%}
    {{ measure_funnel_limit(baseline, denominator, confidence, multiplier, between_variance, "-") }}
{%- endmacro %}

{# Upper control limit of a proportion, not above 1 times multiplier: see funnel_lower. #}
{% macro funnel_upper(baseline, denominator, confidence=0.95, multiplier=1, between_variance=0) -%}
    {{ measure_funnel_limit(baseline, denominator, confidence, multiplier, between_variance, "+") }}
{%- endmacro %}

{% macro measure_funnel_limit(baseline, denominator, confidence, multiplier, between_variance, sign) -%}
    {%- set p0 = measure_double(baseline) -%}
    case
        when
            {{ p0 }} between 0e0 and 1e0
            and {{ measure_double(denominator) }} > 0e0
            and {{ measure_is_finite(denominator) }}
            and {{ normal_quantile(confidence) }} is not null
            and {{ measure_double(between_variance) }} is not null
        then
            least(
                1e0,
                greatest(
                    0e0,
                    {{ p0 }} {{ sign }} {{ normal_quantile(confidence) }} * sqrt(
                        {{ p0 }} * (1e0 - {{ p0 }}) / nullif({{ measure_double(denominator) }}, 0e0)
                        {{-
                            (
                                ""
                                if between_variance is number and between_variance == 0
                                else " + " ~ measure_double(between_variance)
                            )
                        }}
                    )
                )
            )
            * {{ measure_double(multiplier) }}
    end
{%- endmacro %}

{# Distance of a share from the baseline over the standard error of the funnel's limits at its size; NULL as funnel_lower. #}
{% macro funnel_deviate(numerator, denominator, baseline, between_variance=0) -%}
    {%- set p0, n = measure_double(baseline), measure_double(denominator) -%}
    case
        when {{ p0 }} between 0e0 and 1e0 and {{ n }} > 0e0
        then
            ({{ measure_double(numerator) }} / {{ n }} - {{ p0 }})
            / nullif(sqrt({{ p0 }} * (1e0 - {{ p0 }}) / {{ n }} + {{ measure_double(between_variance) }}), 0e0)
    end
{%- endmacro %}

{#
    'High (0.001)', 'High (0.025)', 'Not significant', 'Low (0.025)', 'Low (0.001)' or, without what it takes, 'Not
    applicable'.
    Method: a proportion is compared with the control limits at its own denominator; a ratio or rate by its Poisson
    limits (exact below 10 events, Byar from 10) against 1 or the baseline. All comparisons strict.
    Source: PHEindicatormethods assign_funnel_significance; APHO Technical Briefing 2.
#}
{% macro funnel_label(statistic, numerator, denominator, baseline, between_variance=0) -%}
    {%- set labels = {
        "proportion": measure_funnel_label_proportion(numerator, denominator, baseline, between_variance),
        "ratio": measure_funnel_label_rate(numerator, denominator, 1),
        "rate": measure_funnel_label_rate(numerator, denominator, baseline),
    } -%}
    {%- if statistic in labels -%} {{ return(labels[statistic]) }} {%- endif -%}
    case {%- for name, label in labels.items() %} when {{ statistic }} = '{{ name }}' then {{ label }} {%- endfor %} end
{%- endmacro %}

{% macro measure_funnel_label_proportion(numerator, denominator, baseline, between_variance) -%}
    {%- set share = proportion(numerator, denominator) -%}
    case
        when {{ share }} is null or {{ funnel_lower(baseline, denominator, 0.95, 1, between_variance) }} is null
        then 'Not applicable'
        when {{ share }} < {{ funnel_lower(baseline, denominator, 0.998, 1, between_variance) }}
        then 'Low (0.001)'
        when {{ share }} > {{ funnel_upper(baseline, denominator, 0.998, 1, between_variance) }}
        then 'High (0.001)'
        when {{ share }} < {{ funnel_lower(baseline, denominator, 0.95, 1, between_variance) }}
        then 'Low (0.025)'
        when {{ share }} > {{ funnel_upper(baseline, denominator, 0.95, 1, between_variance) }}
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

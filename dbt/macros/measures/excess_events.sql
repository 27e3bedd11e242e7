{#
    Excess (avoidable) events of each group of subgroups against three references, one row for each group and reference.

    Inputs: relation (one row for each group and subgroup); group_by; subgroup_order (1 = most deprived; the highest is
    the least deprived; none for subgroups without an order: the reference least_deprived is then NULL with a reason);
    events (0 or more); population (above 0); multiplier of the reference rate; favourable (true: the best rate is the
    highest); quantiles (how many subgroups there must be; none does not check); confidence; is_share (each person has one event
    at most).
    Gives: keys, reference (least_deprived, average, best), reference_rate, excess_net, excess_net_lower,
    excess_net_upper, excess_net_standard_error, excess_positive_only, attributable_fraction (share, net over all
    events), events, population, reason, limits_reason, fraction_reason.
    Units: events.
    Method: r* the reference's rate; net = X - r* N = sum (r_i - r*) n_i; positive only = sum max(0, x_i - r* n_i);
    fraction = net / X. Standard error with the reference's own events random (Poisson): sqrt(sum of others x_i +
    (N_others / n_ref)^2 x_ref). The limits are those of the absolute gap of the others' rate and the reference's (MOVER
    with exact or Byar's limits; Newcombe where is_share: events of 40% of people vary less than Poisson counts, whose limits held 0
    in 98.5% of simulated trusts), times the others' population. Only against the least deprived: the average contains
    the group itself, the best is picked by the data.
    Source: Institute of Health Equity, Lives cut short (2024); own derivation of the error, checked by simulation.
    Where age structure differs, use age-standardised rates or sum the excess over age bands.
    NULL: a missing or negative count, a missing or zero population, a missing quantile; the fraction without any event.
#}
{% macro excess_events(
    relation,
    group_by,
    subgroup_order,
    events,
    population,
    multiplier=1,
    favourable=false,
    quantiles=none,
    confidence=0.95,
    is_share=false
) -%}
    {%- set row_rate = "measure_events / nullif(measure_population, 0e0)" -%}
    with
        measure_rows as (
            select
                {{ measure_key_columns(group_by) }}
                {{ measure_double(subgroup_order) if subgroup_order is not none else "cast(null as double)" }}
                as measure_order,
                {{ measure_double(events) }} as measure_events,
                {{ measure_double(population) }} as measure_population,
                {{ rate_reason(events, population) }} as measure_row_reason,
                {{ measure_boolean(is_share) }} as measure_is_share
            from {{ relation }}
        ),
        measure_places as (
            select
                *,
                rank() over (
                    {{ measure_partition(group_by) }}
                    order by measure_order desc nulls last, measure_population desc, measure_events
                ) as measure_place_least,
                rank() over (
                    {{ measure_partition(group_by) }}
                    order by
                        case
                            when {{ measure_boolean(favourable) }} then - ({{ row_rate }}) else {{ row_rate }}
                        end nulls last,
                        measure_population desc,
                        measure_events
                ) as measure_place_best
            from measure_rows
        ),
        measure_totals as (
            select
                {{ measure_key_names(group_by) }}
                count(*) as measure_subgroups,
                max(measure_row_reason) as measure_row_reason,
                bool_and(measure_is_share) as measure_is_share,
                count(measure_order) = count(*) as measure_ordered,
                max(measure_order) as measure_highest_order,
                count(distinct measure_order) as measure_orders,
                {{ in_order("sum", "measure_events") }} as events,
                {{ in_order("sum", "measure_population") }} as population,
                max(case when measure_place_least = 1 then measure_events end) as measure_least_events,
                max(case when measure_place_least = 1 then measure_population end) as measure_least_population,
                max(case when measure_place_best = 1 then measure_events end) as measure_best_events,
                max(case when measure_place_best = 1 then measure_population end) as measure_best_population
            from measure_places {{ measure_group_by(group_by) }}
        ),
        measure_references as (
            {% for reference in ["least_deprived", "average", "best"] -%}
                select
                    {{ measure_key_names(group_by) }}
                    '{{ reference }}' as reference,
                    {{ measure_excess_reference_events(reference) }} as measure_reference_events,
                    {{ measure_excess_reference_population(reference) }} as measure_reference_population,
                    coalesce(
                        measure_row_reason,
                        {{
                            (
                                measure_excess_order_reason(quantiles)
                                if reference == "least_deprived"
                                else measure_text()
                            )
                        }}
                    ) as reason,
                    events,
                    population,
                    measure_is_share
                from measure_totals {{ "union all" if not loop.last }}
            {% endfor %}
        ),
        measure_excess as (
            select
                {{ measure_key_names(group_by, "refs") }}
                refs.reference,
                max(refs.reason) as reason,
                max(refs.events) as events,
                max(refs.population) as population,
                bool_and(refs.measure_is_share) as measure_is_share,
                max(refs.measure_reference_events) as measure_reference_events,
                max(refs.measure_reference_population) as measure_reference_population,
                {% call in_order("sum") %}
                    greatest(
                        0e0,
                        subgroups.measure_events
                        - refs.measure_reference_events
                        / nullif(refs.measure_reference_population, 0e0)
                        * subgroups.measure_population
                    )
                {% endcall %} as measure_positive
            from measure_references as refs
            inner join measure_rows as subgroups on {{ measure_key_match(group_by, "refs", "subgroups") }}
            group by {{ measure_key_names(group_by, "refs") }} refs.reference
        ),
        measure_reasons as (
            select
                *,
                events - measure_reference_events as measure_other_events,
                population - measure_reference_population as measure_other_population,
                coalesce(
                    reason,
                    case
                        when reference = 'average'
                        then 'the average contains the group itself'
                        when reference = 'best'
                        then 'the best subgroup is picked by the data'
                    end,
                    {{
                        gap_absolute_mover_reason(
                            "(events - measure_reference_events)",
                            "(population - measure_reference_population)",
                            "measure_reference_events",
                            "measure_reference_population",
                            confidence,
                        )
                    }}
                ) as limits_reason,
                coalesce(reason, case when events = 0e0 then 'no events' end) as fraction_reason
            from measure_excess
        )
    select
        {{ measure_key_names(group_by) }}
        reference,
        case
            when reason is null then {{ rate("measure_reference_events", "measure_reference_population", multiplier) }}
        end as reference_rate,
        case when reason is null then {{ measure_excess_net() }} end as excess_net,
        case
            when limits_reason is null
            then
                measure_other_population * case
                    when measure_is_share
                    then {{ gap_absolute_newcombe_lower(*measure_excess_pair(), confidence=confidence) }}
                    else {{ gap_absolute_mover_lower(*measure_excess_pair(), confidence=confidence) }}
                end
        end as excess_net_lower,
        case
            when limits_reason is null
            then
                measure_other_population * case
                    when measure_is_share
                    then {{ gap_absolute_newcombe_upper(*measure_excess_pair(), confidence=confidence) }}
                    else {{ gap_absolute_mover_upper(*measure_excess_pair(), confidence=confidence) }}
                end
        end as excess_net_upper,
        case
            when limits_reason is null
            then
                sqrt(
                    measure_other_events
                    + power(measure_other_population / nullif(measure_reference_population, 0e0), 2)
                    * measure_reference_events
                )
        end as excess_net_standard_error,
        case when reason is null then measure_positive end as excess_positive_only,
        case
            when fraction_reason is null then {{ measure_excess_net() }} / nullif(events, 0e0)
        end as attributable_fraction,
        events,
        population,
        reason,
        limits_reason,
        fraction_reason
    from measure_reasons
{%- endmacro %}

{#
    Excess events of one subgroup against another: x_1 - r_2 n_1, with limits n_1 times those of the absolute gap of the
    two rates.
    Inputs: events and population of the subgroup (1) and of the reference (2), confidence.
    Units: events. Source: as excess_events. NULL: whenever gap_rates_reason (the limits: gap_absolute_mover_reason)
    says why.
#}
{% macro excess_events_pair(events_1, population_1, events_2, population_2) -%}
    ({{ measure_double(population_1) }} * {{ gap_absolute_rates(events_1, population_1, events_2, population_2) }})
{%- endmacro %}

{# Lower limit: see excess_events_pair. #}
{% macro excess_events_pair_lower(events_1, population_1, events_2, population_2, confidence=0.95) -%}
    (
        {{ measure_double(population_1) }}
        * {{ gap_absolute_mover_lower(events_1, population_1, events_2, population_2, 1, confidence) }}
    )
{%- endmacro %}

{# Upper limit: see excess_events_pair. #}
{% macro excess_events_pair_upper(events_1, population_1, events_2, population_2, confidence=0.95) -%}
    (
        {{ measure_double(population_1) }}
        * {{ gap_absolute_mover_upper(events_1, population_1, events_2, population_2, 1, confidence) }}
    )
{%- endmacro %}

{# The others and the reference, as gap_absolute_mover takes them. #}
{% macro measure_excess_pair() -%}
    {{
        return(
            [
                "measure_other_events",
                "measure_other_population",
                "measure_reference_events",
                "measure_reference_population",
            ]
        )
    }}
{%- endmacro %}

{% macro measure_excess_net() -%}
    (events - measure_reference_events / nullif(measure_reference_population, 0e0) * population)
{%- endmacro %}

{% macro measure_excess_reference_events(reference) -%}
    {{
        return(
            {"least_deprived": "measure_least_events", "average": "events", "best": "measure_best_events"}[reference]
        )
    }}
{%- endmacro %}

{% macro measure_excess_reference_population(reference) -%}
    {{
        return(
            {
                "least_deprived": "measure_least_population",
                "average": "population",
                "best": "measure_best_population",
            }[reference]
        )
    }}
{%- endmacro %}

{% macro measure_excess_order_reason(quantiles) -%}
    case
        when not measure_ordered
        then 'subgroups have no order'
        when measure_orders < measure_subgroups
        then 'a subgroup is given twice'
        {% if quantiles is not none -%}
            when measure_subgroups <> {{ quantiles }} or measure_highest_order <> {{ quantiles }}
            then 'a quantile is missing'
        {%- endif %}
    end
{%- endmacro %}

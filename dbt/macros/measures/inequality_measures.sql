{#
    The measures of inequality over subgroups that WHO HEAT publishes, one row for each group and measure.

    Inputs: relation, group_by, subgroup, value, population, standard_error, subgroup_order, favourable, reference as
    population_shares; scale (what the value is per: 1 for a share, 100 for per cent, 100000 for a rate; turns values
    into events for the attributable measures); confidence; concentration_error ("sampling", recommended, or "model",
    healthequal's).
    Gives: keys, measure, estimate, standard_error, lower, upper, interval_method, reference_group, comparison_group,
    subgroups_used, population, reason (why the estimate is NULL), limits_reason (why the limits are).

    measure                                  unit          interval
    difference, ratio                        value, none   value_1 with value_2: ordered last with first (favourable) or first with
                                                           last (adverse); without order highest with lowest. sqrt(se1^2 + se2^2); log
    difference_from_reference, ratio_to_reference          favourable: reference with lowest other; adverse: highest other with it
    absolute_, relative_concentration_index  value, none   propagated from the standard errors, or of the model
    slope_index_linear, relative_index_linear value, none  HC1 sandwich and delta, as HEAT; for publication use slope_index
    population_attributable_risk, _fraction  value, %      Walter 1978; reference: least disadvantaged, or best without an order
    between_group_variance, _standard_deviation            Ahn 2018; delta
    coefficient_of_variation                 %             none
    index_of_disparity(_weighted)            %             none
    mean_difference_from_mean, _best, _reference(_weighted) value  none
    theil_index, mean_log_deviation          times 1000    Ahn 2018

    Intervals are symmetric, on the log scale for ratios.
    Source: WHO HEAT technical notes; Schlotheuber and Hosseinpoor 2022; methods named in each measure's own macro.
    NULL: fewer than two subgroups, a missing value or population, a population of 0; by measure: no order, no
    reference, a mean of 0 or below, a negative value, a ratio with a value of 0.
#}
{% macro inequality_measures(
    relation,
    group_by,
    subgroup,
    value,
    population,
    standard_error=none,
    subgroup_order=none,
    favourable=true,
    reference=none,
    scale=1,
    confidence=0.95,
    concentration_error="sampling"
) -%}
    with
        measure_shares as (
            {{
                population_shares(
                    relation,
                    group_by,
                    subgroup,
                    value,
                    population,
                    standard_error,
                    subgroup_order,
                    favourable,
                    reference,
                )
            }}
        ),
        measure_scales as (
            select {{ measure_key_columns(group_by) }} max({{ measure_double(scale) }}) as measure_scale
            from {{ relation }} {{ measure_group_by_expressions(group_by) }}
        ),
        measure_points as (
            select
                *,
                {{ measure_entropy_value("value") }} as measure_entropy,
                {{ measure_point("is_best", "value", group_by) }} as measure_best,
                {{ measure_point("is_reference", "value", group_by) }} as measure_reference
            from measure_shares
        ),
        measure_entropies as (
            select *, {{ measure_mean_of("measure_entropy", measure_partition(group_by)) }} as measure_entropy_mean
            from measure_points
        ),
        measure_entropy_centres as (
            select
                *,
                {% call in_order("sum") %}
                    share
                    * {{ measure_relative_to("measure_entropy", "measure_entropy_mean") }}
                    * (1e0 + {{ measure_ln_relative("measure_entropy", "measure_entropy_mean") }})
                {% endcall %} over ({{ measure_partition(group_by) }}) as measure_entropy_centre
            from measure_entropies
        ),
        measure_wide as (
            select
                {{ measure_key_names(group_by) }}
                count(*) as subgroups_used,
                {{ in_order("sum", "population") }} as population,
                max(mean) as measure_mean,
                min(value) as measure_minimum,
                {{ measure_all("ordered") }} as measure_ordered,
                {{ measure_all("favourable") }} as measure_favourable,
                {{ measure_all(measure_is_finite("value")) }} as measure_has_values,
                {{ measure_all("population > 0e0 and " ~ measure_is_finite("population")) }} as measure_has_population,
                {{ measure_all(measure_is_finite("standard_error")) }} as measure_has_errors,
                {{ in_order("sum", "value * population") }} as measure_value_sum,
                {% for place in [
                    "first",
                    "last",
                    "highest",
                    "lowest",
                    "highest_other",
                    "lowest_other",
                    "best",
                    "reference",
                ] -%}
                    max(case when is_{{ place }} then value end) as {{ place }}_value,
                    max(case when is_{{ place }} then standard_error end) as {{ place }}_error,
                    max(case when is_{{ place }} then population end) as {{ place }}_population,
                    max(case when is_{{ place }} then {{ measure_text("subgroup") }} end) as {{ place }}_group,
                {% endfor -%}
                {% for measure, expressions in measure_aggregates(concentration_error).items() -%}
                    {{ expressions[0] }} as {{ measure }},
                    {{ expressions[1] }} as {{ measure }}_error {{ "," if not loop.last }}
                {% endfor %}
            from measure_entropy_centres {{ measure_group_by(group_by) }}
        ),
        measure_pairs as (
            select
                measure_wide.*,
                measure_scales.measure_scale,
                {{ normal_quantile(confidence) }} as measure_z,
                {{ measure_pair_columns() }}
            from measure_wide
            inner join measure_scales on {{ measure_key_match(group_by, "measure_wide", "measure_scales") }}
        ),
        measure_long as (
            {% for measure, row in measure_rows_of_inequality().items() -%}
                select
                    {{ measure_key_names(group_by) }}
                    '{{ measure }}' as measure,
                    '{{ row.method }}' as interval_method,
                    {{ row.estimate }} as measure_estimate,
                    {{ row.error }} as measure_error,
                    {{ row.reference }} as reference_group,
                    {{ row.comparison }} as comparison_group,
                    subgroups_used,
                    population,
                    measure_z,
                    measure_has_errors,
                    coalesce({{ measure_inequality_reason() }}, {{ row.reason }}) as measure_reason
                from measure_pairs {{ "union all" if not loop.last }}
            {% endfor %}
        ),
        measure_reasoned as (
            select
                *,
                coalesce(measure_reason, {{ measure_not_finite_reason(["measure_estimate"]) }}) as reason,
                coalesce(
                    measure_reason,
                    {{ measure_not_finite_reason(["measure_estimate"]) }},
                    case
                        when interval_method = 'none'
                        then 'no closed-form interval'
                        when not measure_has_errors
                        then 'a subgroup has no standard error'
                        when interval_method = 'log' and measure_estimate <= 0e0
                        then 'ratio is not above zero: no limits on the log scale'
                        when measure_z is null
                        then 'confidence level not in the lookup'
                    end,
                    {{ measure_not_finite_reason(["measure_error"]) }}
                ) as limits_reason
            from measure_long
        )
    select
        {{ measure_key_names(group_by) }}
        measure,
        case when reason is null then measure_estimate end as estimate,
        case when limits_reason is null then measure_error end as standard_error,
        case when limits_reason is null then {{ measure_inequality_limit("-") }} end as lower,
        case when limits_reason is null then {{ measure_inequality_limit("+") }} end as upper,
        interval_method,
        reference_group,
        comparison_group,
        subgroups_used,
        population,
        reason,
        limits_reason
    from measure_reasoned
{%- endmacro %}

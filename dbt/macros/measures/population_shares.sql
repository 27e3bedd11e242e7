{#
    What every measure over subgroups is built from: one row for each subgroup with its share of the population and its
    place.

    Inputs: relation (one row for each group and subgroup); group_by; subgroup (name); value; population; standard_error
    (of the value, plain scale; none where there is none); subgroup_order (1 = most disadvantaged; none for subgroups
    without an order); favourable (true: a high value is good); reference (a boolean expression that marks the reference
    subgroup; none: the least disadvantaged of ordered subgroups, nothing otherwise).
    Gives: keys, subgroup, value, standard_error, population, share (a = n/N), mean (mu = sum a y), ridit (b, 0 to 1:
    share before plus half of own), spread (D = sum a b^2 - 1/4), residual (from the weighted line on the ridit),
    subgroups (K), favourable, ordered, and is_first, is_last, is_highest, is_lowest, is_highest_other and
    is_lowest_other (of those that are not the reference), is_best, is_reference. Of tied subgroups the first is taken
    (by order, then name), as best the one with the largest population.
    Source: WHO HEAT technical notes; Schlotheuber and Hosseinpoor 2022.
#}
{% macro population_shares(
    relation,
    group_by,
    subgroup,
    value,
    population,
    standard_error=none,
    subgroup_order=none,
    favourable=true,
    reference=none
) -%}
    {%- set partition = measure_partition(group_by) -%}
    with
        measure_rows as (
            select
                {{ measure_key_columns(group_by) }}
                {{ subgroup }} as subgroup,
                {{ measure_double(value) }} as value,
                {{ measure_double(population) }} as population,
                {{ measure_double(standard_error) if standard_error is not none else "cast(null as double)" }}
                as standard_error,
                {{ measure_double(subgroup_order) if subgroup_order is not none else "cast(null as double)" }}
                as subgroup_order,
                coalesce({{ measure_boolean(favourable) }}, false) as favourable,
                {{ "coalesce(" ~ measure_boolean(reference) ~ ", false)" if reference is not none else "false" }}
                as measure_marked
            from {{ relation }}
        ),
        measure_shared as (
            select
                *,
                population / nullif({{ in_order("sum", "population") }} over ({{ partition }}), 0e0) as share,
                (
                    {{ in_order("sum", "population") }} over (
                        {{ partition }}
                        order by subgroup_order, subgroup
                        rows between unbounded preceding and current row
                    )
                    - population / 2e0
                )
                / nullif({{ in_order("sum", "population") }} over ({{ partition }}), 0e0) as ridit,
                count(*) over ({{ partition }}) as subgroups,
                max(case when measure_marked then 1 else 0 end) over ({{ partition }}) = 1 as measure_has_mark,
                count(subgroup_order) over ({{ partition }}) = count(*) over ({{ partition }}) as ordered,
                row_number() over ({{ partition }} order by subgroup_order, subgroup) as measure_place,
                row_number() over (
                    {{ partition }} order by value desc nulls last, subgroup_order, subgroup
                ) as measure_place_from_highest,
                row_number() over (
                    {{ partition }} order by value nulls last, subgroup_order, subgroup
                ) as measure_place_from_lowest,
                row_number() over (
                    {{ partition }}
                    order by case when favourable then - value else value end nulls last, population desc, subgroup
                ) as measure_place_from_best
            from measure_rows
        ),
        measure_centred as (
            select
                *,
                {{ measure_mean_of("value", partition) }} as mean,
                {{ in_order("sum", "share * (ridit - 0.5e0) * (ridit - 0.5e0)") }} over ({{ partition }}) as spread,
                {{ in_order("sum", "share * (ridit - 0.5e0) * value") }} over ({{ partition }}) as measure_slope_sum,
                case
                    when measure_has_mark then measure_marked else ordered and measure_place = subgroups
                end as is_reference
            from measure_shared
        ),
        measure_referred as (
            select
                *,
                row_number() over (
                    {{ measure_partition(group_by, ["is_reference"]) }}
                    order by value desc nulls last, subgroup_order, subgroup
                ) as measure_other_from_highest,
                row_number() over (
                    {{ measure_partition(group_by, ["is_reference"]) }}
                    order by value nulls last, subgroup_order, subgroup
                ) as measure_other_from_lowest
            from measure_centred
        )
    select
        {{ measure_key_names(group_by) }}
        subgroup,
        value,
        standard_error,
        population,
        subgroup_order,
        share,
        mean,
        ridit,
        spread,
        value - mean - measure_slope_sum / nullif(spread, 0e0) * (ridit - 0.5e0) as residual,
        subgroups,
        favourable,
        ordered,
        ordered and measure_place = 1 as is_first,
        ordered and measure_place = subgroups as is_last,
        measure_place_from_highest = 1 as is_highest,
        measure_place_from_lowest = 1 as is_lowest,
        not is_reference and measure_other_from_highest = 1 as is_highest_other,
        not is_reference and measure_other_from_lowest = 1 as is_lowest_other,
        measure_place_from_best = 1 as is_best,
        is_reference
    from measure_referred
{%- endmacro %}

{#
    The mean of the values of a group, weighted by share, over a window: never outside of them. Where all are alike, a sum of shares leaves
    it beside them by the last digit, and a standard deviation of 7e-15 then had limits of 1.7e14 (vector PHE08, which has none).
#}
{% macro measure_mean_of(value, partition) -%}
    {%- set mean = in_order("sum", "share * " ~ value) ~ " over (" ~ partition ~ ")" -%}
    {%- set least, largest = (
        "min(" ~ value ~ ") over (" ~ partition ~ ")",
        "max(" ~ value ~ ") over (" ~ partition ~ ")",
    ) -%}
    case
        when {{ mean }} < {{ least }}
        then {{ least }}
        when {{ mean }} > {{ largest }}
        then {{ largest }}
        else {{ mean }}
    end
{%- endmacro %}

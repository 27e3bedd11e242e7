{#
    What an attacker learns of the suppressed cells of a table whose exact total is published, and what else must go.

    Inputs: relation with one row for each table (group_by) and cell; cell (names it; breaks ties); count (exact, before
    rounding); threshold (1 to threshold is suppressed, 7).
    Gives, for each row: cell, primary_suppressed, primary_suppressed_cells of the table, attacker_min and attacker_max
    of a suppressed cell, disclosed_without_secondary, and the remedy: secondary_suppressed (the smallest other cell
    above 0, one per disclosed table) or total_withheld (there is no such cell).
    Method: k suppressed cells that sum to S each lie in [max(1, S - t (k - 1)), min(t, S - (k - 1))]; disclosed if the
    ends meet: k = 1, all ones, or all at the threshold. A further cell above the threshold, hidden under the same mark,
    opens the range.
    Source: feasible ranges of a one-way table; HES and ECDS rule (September 2018). A table with rounded totals needs
    none of it.
    NULL: a table with a missing or negative count gives NULL ranges with attack_reason.
#}
{% macro disclosure_attack(relation, group_by, cell, count, threshold=7) -%}
    {%- set limit = measure_double(threshold) -%}
    {%- set small = "sum(measure_small) over (" ~ measure_partition(group_by) ~ ")" -%}
    with
        measure_rows as (
            select
                {{ measure_key_columns(group_by) }}
                {{ cell }} as cell,
                {{ measure_double(count) }} as measure_count,
                case
                    when {{ measure_double(count) }} >= 1e0 and {{ measure_double(count) }} <= {{ limit }}
                    then 1e0
                    else 0e0
                end as measure_small,
                case when {{ measure_double(count) }} >= 0e0 then 0 else 1 end as measure_faulty
            from {{ relation }}
        ),
        measure_tables as (
            select
                *,
                max(measure_faulty) over ({{ measure_partition(group_by) }}) = 1 as measure_table_faulty,
                {{ small }} as measure_cells,
                sum(measure_small * measure_count) over ({{ measure_partition(group_by) }}) as measure_sum,
                row_number() over (
                    {{ measure_partition(group_by) }}
                    order by
                        case when measure_small = 0e0 and measure_count > 0e0 then measure_count end nulls last, cell
                ) as measure_next_place
            from measure_rows
        ),
        measure_ranges as (
            select
                *,
                case
                    when measure_small = 1e0 and not measure_table_faulty
                    then greatest(1e0, measure_sum - {{ limit }} * (measure_cells - 1e0))
                end as attacker_min,
                case
                    when measure_small = 1e0 and not measure_table_faulty
                    then least({{ limit }}, measure_sum - (measure_cells - 1e0))
                end as attacker_max
            from measure_tables
        ),
        measure_disclosed as (
            select
                *,
                coalesce(attacker_min = attacker_max, false) as disclosed_without_secondary,
                max(case when attacker_min = attacker_max then 1 else 0 end) over ({{ measure_partition(group_by) }})
                = 1 as measure_table_disclosed,
                max(case when measure_small = 0e0 and measure_count > 0e0 then 1 else 0 end) over (
                    {{ measure_partition(group_by) }}
                )
                = 1 as measure_has_next
            from measure_ranges
        )
    select
        {{ measure_key_names(group_by) }}
        cell,
        measure_small = 1e0 as primary_suppressed,
        cast(measure_cells as bigint) as primary_suppressed_cells,
        attacker_min,
        attacker_max,
        disclosed_without_secondary,
        measure_table_disclosed and measure_has_next and measure_next_place = 1 as secondary_suppressed,
        measure_table_disclosed and not measure_has_next as total_withheld,
        case when measure_table_faulty then 'the table has a missing or negative count' end as attack_reason
    from measure_disclosed
{%- endmacro %}

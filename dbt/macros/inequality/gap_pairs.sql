{#
    The CTE pairs of int_inequality_gap: each group beside the group that it is compared with (seed inequality_comparisons).

    Input: key, the columns of a set of groups. Reads the CTEs families (one row for each set) and groups (macro
    groups_beside_whole).
#}
{% macro gap_pairs(key) -%}
    pairs as (
        select
            families.*,
            comparisons.comparison_group,
            comparisons.reference_group,
            {{ rate_multiplier("unit") }} as multiplier,
            {% for side in ["comparison", "reference"] %}
                {{ side }}_figure.numerator as {{ side }}_numerator,
                {{ side }}_figure.denominator as {{ side }}_denominator,
                {{ side }}_figure.value as {{ side }}_value,
                coalesce({{ side }}_figure.value, {{ side }}_figure.value_low) as {{ side }}_value_low,
                coalesce({{ side }}_figure.value, {{ side }}_figure.value_high) as {{ side }}_value_high,
                {{ side }}_figure.ci_lower_95 as {{ side }}_lower,
                {{ side }}_figure.ci_upper_95 as {{ side }}_upper,
                {{ side }}_figure.value_basis as {{ side }}_basis,
                {{ side }}_figure.cells as {{ side }}_cells,
                coalesce({{ side }}_figure.value_status, 'missing') as {{ side }}_status,
                '{{ side }} group '
                || comparisons.{{ side }}_group
                || ': '
                || coalesce({{ side }}_figure.value_status_reason, 'no figure') as {{ side }}_reason
                {{- "," if not loop.last }}
            {% endfor %}
        from families
        inner join {{ ref("inequality_comparisons") }} as comparisons on families.dimension = comparisons.dimension
        {% for side in ["comparison", "reference"] %}
            left join
                groups as {{ side }}_figure
                on {% for column in key %} families.{{ column }} = {{ side }}_figure.{{ column }} and {% endfor %}
                comparisons.{{ side }}_group = {{ side }}_figure.group_code
        {% endfor %}
    )
{%- endmacro %}

{#
    The CTEs tested and judged of int_inequality_gap: how far the two groups of a pair differ, in standard errors (likelihood ratio,
    rounding included), at both ends of what hidden counts allow.

    Reads the CTE widened (a pair with its kind, values, limits and rounding). Gives deviate_least, deviate_most, z_least, z_most.
#}
{% macro gap_deviates() -%}
    -- the comparison at one end of what it can be, the reference at the other: the same
    -- where nothing is hidden
    {%- set ends = {
        "least": ["comparison_value_low", "reference_value_high"],
        "most": ["comparison_value_high", "reference_value_low"],
    } %}
    tested as (
        select
            *,
            {%- for end, (comparison, reference) in ends.items() %}
                case
                    when kind <> 'values'
                    then
                        {{
                            likelihood_ratio_deviate(
                                comparison ~ " / multiplier * comparison_denominator",
                                "comparison_denominator",
                                reference ~ " / multiplier * reference_denominator",
                                "reference_denominator",
                                "unit = 'proportion'",
                            )
                        }}
                end as deviate_{{ end }} {{- "," if not loop.last }}
            {%- endfor %}
        from widened
    ),

    judged as (
        select
            *,
            {%- for end, (comparison, reference) in ends.items() %}
                {{
                    deviate_with_error(
                        "deviate_" ~ end,
                        "(" ~ comparison ~ " - " ~ reference ~ ") / multiplier",
                        "sqrt(power(comparison_rounding, 2) + power(reference_rounding, 2))",
                    )
                }} as z_{{ end }} {{- "," if not loop.last }}
            {%- endfor %}
        from tested
    )
{%- endmacro %}

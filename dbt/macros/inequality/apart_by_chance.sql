{#
    The CTEs weighed, erring and apart of int_inequality_summary: what chance alone would make of mean differences and of the index
    of disparity if no group differed. A difference that is normal with the standard deviation s lies sqrt(2 / pi) s apart in the
    mean. From the best group there is no such value, because the data pick it.

    Input: error, the standard error of a group's value. Reads the CTE usable (groups with family_id, denominator, is_reference).
    Gives apart: family_id, from_mean, from_mean_weighted, from_reference, from_reference_weighted (in the unit of value), and
    from_mean_error, from_mean_error_weighted, their standard deviations.
#}
{% macro apart_by_chance(error) -%}
    {#- the standard deviation of each group's difference if no group differed #}
    {%- set deviations = {
        "from_mean": measure_root("(own_variance * (1 - 2 * share) + variance_of_mean)"),
        "from_reference": "case when is_reference then 0 else sqrt(own_variance + reference_variance) end",
    } %}
    {%- set weights = {"": "1e0 / groups", "_weighted": "share"} %}
    {%- set half_normal_mean, half_normal_variance = (
        0.7978845608028654,
        0.3633802276324186,
    ) %}
    weighed as (
        select
            family_id,
            is_reference,
            power({{ error }}, 2) as own_variance,
            denominator / nullif({{ in_order("sum", "denominator") }} over same_family, 0) as share,
            count(*) over same_family as groups
        from usable
        window same_family as (partition by family_id)
    ),

    erring as (
        select
            *,
            {{ in_order("sum", "power(share, 2) * own_variance") }} over same_family as variance_of_mean,
            max(case when is_reference then own_variance end) over same_family as reference_variance
        from weighed
        window same_family as (partition by family_id)
    ),

    apart as (
        select
            family_id,
            {%- for point, deviation in deviations.items() %}
                {%- for suffix, weight in weights.items() %}
                    {{ half_normal_mean }}e0
                    * {{ in_order("sum", weight ~ " * " ~ deviation) }} as {{ point }}{{ suffix }},
                {%- endfor %}
            {%- endfor %}
            {%- for suffix, weight in weights.items() %}
                sqrt(
                    {{ half_normal_variance }}e0
                    * {{
                        in_order(
                            "sum",
                            "power(" ~ weight ~ " * " ~ deviations["from_mean"] ~ ", 2)",
                        )
                    }}
                ) as from_mean_error{{ suffix }} {{- "," if not loop.last }}
            {%- endfor %}
        from erring
        group by family_id
        having count(*) = count(own_variance) and count(*) = count(share)
    )
{%- endmacro %}

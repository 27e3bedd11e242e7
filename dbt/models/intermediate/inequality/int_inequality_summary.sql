{{ config(materialized="view") }}
-- Grain: as fct_inequality_measure, the measures over all groups (concentration
-- indices, variances, disparity, mean differences, Theil, mean log deviation,
-- attributable risk and fraction). Question: how unequal is an indicator over all
-- groups, not only its ends? Weights are shares of the denominators. Ethnic groups have
-- no order, so no concentration index; a measure that needs to know which direction is
-- good has no row where the indicator does not say.
{%- set figures %}
    with
        usable as (
            select
                groups.*,
                case when groups.is_ordered then groups.group_order end
                as subgroup_order,
                groups.polarity = 'higher_is_better' as is_favourable
            from {{ ref("int_inequality_group") }} as groups
            inner join
                {{ ref("int_inequality_family") }} as family
                on groups.family_id = family.family_id
            where
                family.family_status is null
                and groups.is_used
                and groups.dimension <> 'core20'
        ),

        estimates as (
            {{
                inequality_measures(
                    "usable",
                    ["family_id"],
                    "group_code",
                    "value",
                    "denominator",
                    standard_error_from_limits("ci_lower_95", "ci_upper_95"),
                    "subgroup_order",
                    "is_favourable",
                    "is_reference",
                    scale="multiplier",
                )
            }}
        )

    select
        family_id,
        measure,
        estimate as value,
        lower as ci_lower_95,
        upper as ci_upper_95,
        reference_group,
        reason as undefined_reason,
        limits_reason
    from estimates
{%- endset %}

{{
    inequality_rows(
        figures,
        "summary",
        ["imd_decile", "imd_quintile", "ethnic_group", "ethnic_group_5"],
    )
}}

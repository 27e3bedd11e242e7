{{ config(materialized="view") }}
-- Grain: as fct_inequality_measure, measures slope_index and relative_index, for
-- deciles and quintiles of deprivation. Question: how much more does the most deprived
-- end have than the least deprived, when every group between counts?
-- All deciles (quintiles) are required. Both indices are most over or minus least
-- deprived, as the gaps are, whatever direction is good. Fitted on the logit or log
-- scale.
{%- set figures %}
    with
        usable as (
            select
                groups.*,
                case groups.dimension when 'imd_decile' then 10 else 5 end
                as quantile_count
            from {{ ref("int_inequality_group") }} as groups
            inner join
                {{ ref("int_inequality_family") }} as family
                on groups.family_id = family.family_id
            where
                family.family_status is null
                and groups.dimension in ('imd_decile', 'imd_quintile')
        ),

        {%- for unit, condition in {"proportion": "= 'proportion'", "rate": "<> 'proportion'"}.items() %}
            {{ unit }}_groups as (select * from usable where unit {{ condition }}),

            {{ unit }}_indices as (
                {{
                    slope_index(
                        unit ~ "_groups",
                        ["family_id"],
                        "group_order",
                        "denominator",
                        "value",
                        "ci_lower_95",
                        "ci_upper_95",
                        value_type=unit,
                        transform=true,
                        multiplier=-1,
                        quantiles="quantile_count",
                    )
                }}
            ),
        {%- endfor %}

        indices as (
            select * from proportion_indices
            union all
            select * from rate_indices
        )

    {%- for measure in ["slope_index", "relative_index"] %}
        select
            family_id,
            '{{ measure }}' as measure,
            {{ measure }} as value,
            {{ measure }}_lower as ci_lower_95,
            {{ measure }}_upper as ci_upper_95,
            cast(null as string) as reference_group,
            {{ measure }}_reason as undefined_reason,
            {{ measure }}_limits_reason as limits_reason
        from indices {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endset %}

{{ inequality_rows(figures, "slope", ["imd_decile", "imd_quintile"]) }}

{{ config(materialized="view") }}
-- Grain: as fct_inequality_measure, excess events. Question: how many adverse events
-- would there not have been, had every group had the rate of the least deprived, of the
-- average or of the best? Net counts shortfalls of other groups against the excess,
-- positive leaves them out. Against the average net is 0 by construction and not
-- given. Adverse events: int_inequality_group.
{%- set figures %}
    with
        usable as (
            select
                groups.*,
                case when groups.is_ordered then groups.group_order end
                as subgroup_order
            from {{ ref("int_inequality_group") }} as groups
            inner join
                {{ ref("int_inequality_family") }} as family
                on groups.family_id = family.family_id
            where family.family_status is null and groups.is_used
        ),

        best_groups as (
            select
                family_id,
                group_code,
                row_number() over (
                    partition by family_id
                    order by
                        adverse_events / denominator, denominator desc, group_code
                ) as place
            from usable
        ),

        excess as (
            {{
                excess_events(
                    "usable",
                    ["family_id"],
                    "subgroup_order",
                    "adverse_events",
                    "denominator",
                    is_share="unit = 'proportion'",
                )
            }}
        )

    select
        excess.family_id,
        'excess_events_net_' || excess.reference as measure,
        excess.excess_net as value,
        excess.excess_net_lower as ci_lower_95,
        excess.excess_net_upper as ci_upper_95,
        case when excess.reference = 'best' then best_groups.group_code end
        as reference_group,
        excess.reason as undefined_reason,
        excess.limits_reason
    from excess
    left join
        best_groups on excess.family_id = best_groups.family_id and best_groups.place = 1
    union all
    select
        excess.family_id,
        'excess_events_positive_' || excess.reference,
        excess.excess_positive_only,
        null,
        null,
        case when excess.reference = 'best' then best_groups.group_code end,
        excess.reason,
        'no limits: the groups above the reference are picked by the data'
    from excess
    left join
        best_groups on excess.family_id = best_groups.family_id and best_groups.place = 1
{%- endset %}

{{ inequality_rows(figures, "excess", inequality_dimensions()) }}

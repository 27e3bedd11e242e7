-- Grain: family of groups (int_inequality_group). Question: can a measure over all
-- groups be worked out, from which groups, and if not, which group is in the way?
-- The first group in order that is not published decides the status.
with
    ordered as (
        select
            *,
            case
                when is_used and value_status <> 'published'
                then
                    row_number() over (
                        partition by family_id, is_used and value_status <> 'published'
                        order by group_order, group_code
                    )
            end as place_of_obstacle
        from {{ ref("int_inequality_group") }}
    )

select
    family_id,
    {%- for column in [
        "indicator_id",
        "organisation_code",
        "organisation_level",
        "treatment_function_code",
        "period_start",
        "period_end",
        "period_type",
        "geography_basis",
        "standardisation",
        "dimension",
        "unit",
        "polarity",
        "imd_version",
        "geography_vintage",
        "source_id",
        "snapshot_sha256",
        "data_as_of",
        "data_origin",
    ] %}
        max({{ column }}) as {{ column }},
    {%- endfor %}
    max(case when is_ordered then 1 else 0 end) = 1 as is_ordered,
    max(case when has_direction then 1 else 0 end) = 1 as has_direction,
    max(case when is_reference then group_code end) as reference_group,
    max(case when is_reference then value end) as reference_value,
    max(case when group_order = 1 then group_code end) as first_group,
    max(case when group_order = 1 then value end) as first_value,
    {{ listed_text("case when is_used then group_code end", ",", order="group_order") }}
    as groups_used,
    coalesce(
        max(case when place_of_obstacle = 1 then value_status end),
        case when max(case when is_used then 1 else 0 end) = 0 then 'not_applicable' end
    ) as family_status,
    coalesce(
        max(
            case
                when place_of_obstacle = 1
                then 'group ' || group_code || ': ' || value_status_reason
            end
        ) || case
            when count(place_of_obstacle) > 1
            then ' (and ' || (count(place_of_obstacle) - 1) || ' more)'
            else ''
        end,
        case
            when max(case when is_used then 1 else 0 end) = 0
            then 'no group has any people'
        end
    ) as family_reason
from ordered
group by family_id

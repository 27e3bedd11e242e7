{{ config(materialized="view") }}
-- Grain: indicator x organisation x period x dimension, current geography. Question: of
-- how many people is the group known?
-- The share is of the people whom the fullest breakdown of the same figure counts. A
-- cell that the publisher hides counts as nobody, so the share is a lower bound.
with
    breakdowns as (
        select
            figure.indicator_id,
            figure.organisation_code,
            figure.period_end,
            figure.dimension,
            {{ in_order("sum", "figure.denominator") }} as people,
            {{
                in_order(
                    "sum",
                    "case when dim_group.is_unknown then 0 else figure.denominator end",
                )
            }} as people_known
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_group") }} as dim_group
            on figure.dimension = dim_group.dimension
            and figure.group_code = dim_group.group_code
        where
            figure.geography_basis = 'current'
            and figure.standardisation = 'crude'
            and figure.treatment_function_code = 'all'
            and figure.organisation_level in ('england', 'icb', 'trust')
        group by
            figure.indicator_id,
            figure.organisation_code,
            figure.period_end,
            figure.dimension
    )

select
    *,
    people_known / nullif(
        max(people) over (partition by indicator_id, organisation_code, period_end), 0
    ) as known_share
from breakdowns

-- Grain: indicator x level x span of days without a gap from the first target on.
-- Question: by which target is a figure of that level and those days read?
-- While several apply, by the one that was set last (a step of planning before the
-- standard that it leads to). After the last day of all of them the one that ended
-- last stands, with target NULL: it has lapsed. macros/targets joins it to figures.
with
    targets as (
        select
            *,
            coalesce(valid_from, date '1900-01-01') as begins,
            coalesce(valid_to, date '9999-12-31') as ends
        from {{ ref("dim_indicator_target") }}
    ),

    turning_points as (
        select indicator_id, organisation_level, begins as from_date
        from targets
        union
        select indicator_id, organisation_level, valid_to + 1
        from targets
        where valid_to is not null
    ),

    spans as (
        select
            *,
            coalesce(
                lead(from_date) over (
                    partition by indicator_id, organisation_level order by from_date
                )
                - 1,
                date '9999-12-31'
            ) as to_date
        from turning_points
    )

    {% call kept(
        "row_number() over (partition by spans.indicator_id, "
        ~ "spans.organisation_level, spans.from_date order by targets.ends >= "
        ~ "spans.from_date desc, case when targets.ends >= spans.from_date "
        ~ "then targets.begins else targets.ends end desc) = 1"
    ) %}
select
    spans.indicator_id,
    spans.organisation_level,
    spans.from_date,
    spans.to_date,
    targets.target_no,
    targets.target as target_set,
    case when targets.ends >= spans.from_date then targets.target end as target,
    case when targets.target_kind = 'milestone' then targets.valid_to end as target_due,
    targets.valid_to as applies_to,
    targets.target_statement,
    targets.target_source
from spans
inner join
    targets
    on spans.indicator_id = targets.indicator_id
    and spans.organisation_level = targets.organisation_level
    and spans.from_date >= targets.begins
    {% endcall %}

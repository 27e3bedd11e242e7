-- Grain: organisation x organisation at the end of a chain of successions. Question:
-- where did an organisation end up, by all ways?
-- A chain is followed forward in time only: a code that was given again after its
-- organisation was succeeded (its opening is later than the succession) does not
-- inherit the succession of the first.
with recursive
    organisations as (
        select organisation_code, opened_on from {{ ref("int_organisation_known") }}
    ),

    successions as (
        select predecessor_code, successor_code, effective_on
        from {{ ref("stg_ods_organisation__succession") }}
        where effective_on <= date '{{ var("current_geography_date") }}'
    ),

    steps as (
        select
            organisation_code,
            organisation_code as reached_code,
            coalesce(opened_on, date '1900-01-01') as reached_on,
            cast(null as date) as left_on,
            '>' || organisation_code || '>' as path
        from organisations
        union all
        select
            steps.organisation_code,
            successions.successor_code,
            successions.effective_on,
            coalesce(steps.left_on, successions.effective_on),
            steps.path || successions.successor_code || '>'
        from steps
        inner join
            successions
            on steps.reached_code = successions.predecessor_code
            and steps.reached_on <= successions.effective_on
        where position('>' || successions.successor_code || '>' in steps.path) = 0
    )

select
    steps.organisation_code,
    steps.reached_code as last_code,
    min(steps.left_on) as left_on
from steps
where
    not exists (
        select 1
        from successions
        where
            steps.reached_code = successions.predecessor_code
            and steps.reached_on <= successions.effective_on
            and position('>' || successions.successor_code || '>' in steps.path) = 0
    )
group by steps.organisation_code, steps.reached_code

-- Grain: organisation x organisation at the end of a chain of successions. Question:
-- where did an organisation end up, by all ways?
-- A chain is followed forward in time only: a code that was given again after its
-- organisation was succeeded (its opening is later than the succession) does not
-- inherit the succession of the first.
with
    organisations as (
        select organisation_code, opened_on from {{ ref("int_organisation_known") }}
    ),

    successions as (
        select predecessor_code, successor_code, effective_on
        from {{ ref("stg_ods_organisation__succession") }}
        where effective_on <= date '{{ var("current_geography_date") }}'
    ),

    steps as (
        {% set first %}
        select
            organisation_code,
            organisation_code as reached_code,
            coalesce(opened_on, date '1900-01-01') as reached_on,
            cast(null as date) as left_on,
            '>' || organisation_code || '>' as path
        from organisations
        {% endset %}
        {% call(rows) each_step(first) %}
            select
                reached.organisation_code,
                successions.successor_code as reached_code,
                successions.effective_on as reached_on,
                coalesce(reached.left_on, successions.effective_on) as left_on,
                reached.path || successions.successor_code || '>' as path
            from {{ rows }} as reached
            inner join
                successions
                on reached.reached_code = successions.predecessor_code
                and reached.reached_on <= successions.effective_on
            where
                position('>' || successions.successor_code || '>' in reached.path) = 0
        {% endcall %}
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

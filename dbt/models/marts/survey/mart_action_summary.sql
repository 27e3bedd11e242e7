-- Grain: trust. Question: how many priorities has the trust open, how many of them can
-- be measured, are they paid for longer than a year, and is breadth itself a problem?
-- Rating and self-assessment are next to the numbers; an association, not a cause.
with
    actions as (
        select
            organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            trust_type,
            count(*) filter (where is_open) as open_priorities,
            count(*) filter (where is_open and has_metric) as open_with_metric,
            count(*) filter (where is_open and is_funded) as open_funded,
            count(*) filter (
                where is_open and funding_type = 'RECURRENT'
            ) as open_recurrent,
            count(*) filter (where is_open and item_type = 'PILOT') as open_pilots,
            count(*) filter (where is_published_plan) as published_plans,
            count(distinct target_group_code) filter (where is_open) as target_groups,
            count(*) filter (where status = 'CLOSED') as closed,
            max(data_as_of) as data_as_of,
            min(data_origin) as data_origin
        from {{ ref("mart_action") }}
        group by organisation_code, organisation_name, icb_code, icb_name, trust_type
    ),

    maturity as (
        select
            organisation_code,
            max(rating) filter (where domain_code = 'OVERALL') as overall_rating,
            max(score_pct) filter (
                where domain_code = 'SELF_ASSESSMENT'
            ) as self_assessment_pct
        from {{ ref("mart_maturity") }}
        group by organisation_code
    )

select
    actions.organisation_code,
    actions.organisation_name,
    actions.icb_code,
    actions.icb_name,
    actions.trust_type,
    cast(actions.open_priorities as integer) as open_priorities,
    cast(actions.open_with_metric as integer) as open_with_metric,
    {{ proportion("actions.open_with_metric", "actions.open_priorities") }}
    as share_with_metric,
    cast(actions.open_funded as integer) as open_funded,
    cast(actions.open_recurrent as integer) as open_recurrent,
    {{ proportion("actions.open_recurrent", "actions.open_priorities") }}
    as share_recurrent,
    cast(actions.open_pilots as integer) as open_pilots,
    actions.open_pilots > 0 as is_pilot_site,
    cast(actions.published_plans as integer) as published_plans,
    cast(actions.target_groups as integer) as target_groups,
    cast(actions.closed as integer) as closed,
    maturity.overall_rating,
    maturity.self_assessment_pct,
    actions.data_as_of,
    actions.data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from actions
left join maturity on actions.organisation_code = maturity.organisation_code

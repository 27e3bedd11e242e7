-- Grain: policy document or event and theme. Question: what was asked of the NHS on
-- inequalities, how strongly, for which year, by when, and when did it come out?
-- planning_year and issued_date are kept apart: a source calls one and the same
-- guidance by two years, which citation_conflict flags.
select
    policy_id,
    planning_year,
    issued_date,
    issuer,
    document,
    theme,
    strength,
    cast(
        case
            strength
            when 'target'
            then 3
            when 'objective'
            then 3
            when 'duty'
            then 3
            -- to review in the annual report, not to adhere
            when 'review_duty'
            then 1
            when 'mention'
            then 1
            else 0
        end as integer
    ) as mention_score,
    metric as indicator_id,
    target_value,
    target_unit,
    target_date,
    event_status,
    expected_date,
    verification,
    citation_conflict,
    citation_conflict_reason,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from {{ ref("policy_timeline") }}

-- Grain: policy document or event and theme. Question: what was asked of the NHS on
-- inequalities, how strongly, for which year, by when, and when did it come out?
-- financial_year and published_date are kept apart: a source calls one and the same
-- guidance by two years, which citation_conflict_reason says.
select
    policy_id,
    planning_year as financial_year,
    issued_date as published_date,
    issuer as publisher,
    document,
    theme,
    strength,
    metric as indicator_id,
    target_value as target,
    target_unit as unit,
    target_date,
    event_status as status,
    expected_date,
    verification,
    citation_conflict_reason,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from {{ ref("policy_timeline") }}

-- Grain: collection, trust and period with an accepted submission. Question: which
-- submission speaks for them? `warned_rules` are those of intake
-- (int_returns__submission has those of each build too).
select
    submission_id,
    collection_code,
    org_code,
    period_start,
    period_end,
    submission_type,
    sequence_no,
    disclosure_profile,
    imd_version,
    nil_return,
    received_at,
    file_sha256,
    nullif(warned_rules, '') as warned_rules,
    is_revised,
    data_origin
from {{ ref("int_returns__ranked") }}
where is_in_use

-- Grain: file whose manifest could be read. Question: what is the outcome of each
-- file that a trust sent?
-- SUPERSEDED: accepted, and another one speaks for the trust and period.
select
    files.submission_id,
    files.collection_code,
    files.org_code as organisation_code,
    {{ icb_columns("organisation") }},
    {{ returns_current_trust("files.org_code", "organisation") }},
    files.period_start,
    files.period_end,
    files.submission_type,
    files.sequence_no,
    files.received_at,
    case
        when not files.is_accepted
        then 'REJECTED'
        when not files.is_in_use
        then 'SUPERSEDED'
        when files.nil_return
        then 'NIL'
        when files.verdict = 'accepted_with_warnings'
        then 'ACCEPTED_WARN'
        else 'ACCEPTED'
    end as status,
    files.is_in_use,
    coalesce(files.received_at > files.soft_deadline, false) as is_late,
    cast(files.row_count as bigint) as row_count,
    cast(files.rows_quarantined as bigint) as lines_set_aside,
    cast(files.groups_rejected as bigint) as groups_rejected,
    files.failed_rules,
    files.warned_rules,
    files.period_end as data_as_of,
    files.data_origin
from {{ ref("int_returns__submission") }} as files
left join
    {{ ref("dim_organisation") }} as organisation
    on files.org_code = organisation.organisation_code

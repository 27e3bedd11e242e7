-- Grain: submission whose manifest could be read. Question: is it the one in use for
-- its collection, trust and period (int_returns__ranked), and what is its verdict?
-- Verdicts are those of intake and, from this build, rule W05
-- (int_returns__far_from_published).
with
    judged as (
        select
            ranked.*,
            -- sorted, as intake writes them; registers kept before W05 was asked here
            -- may hold it
            {{
                sorted_words(
                    "ranked.warned_rules", ",", "W05", "far.submission_id is not null"
                )
            }} as warnings
        from {{ ref("int_returns__ranked") }} as ranked
        left join
            (
                select distinct submission_id
                from {{ ref("int_returns__far_from_published") }}
            ) as far
            on ranked.submission_id = far.submission_id
    )

select
    submission_id,
    collection_code,
    template_version,
    org_code,
    period_start,
    period_end,
    submission_type,
    sequence_no,
    disclosure_profile,
    imd_version,
    nil_return,
    received_at,
    route,
    file_sha256,
    row_count,
    rows_accepted,
    rows_quarantined,
    groups_rejected,
    case
        when not is_accepted
        then verdict
        when coalesce(failed_rules, '') = '' and warnings = ''
        then 'accepted'
        else 'accepted_with_warnings'
    end as verdict,
    nullif(failed_rules, '') as failed_rules,
    nullif(warnings, '') as warned_rules,
    data_origin,
    soft_deadline,
    close_at,
    is_accepted,
    is_in_use,
    is_revised
from judged

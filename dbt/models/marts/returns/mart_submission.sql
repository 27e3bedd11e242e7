-- Grain: collection x trust x period, wherever a return is expected. Question: has it
-- come, on time, and was it taken?
-- SUSPENDED: by the trust's board. NIL: nothing to report. ACCEPTED, ACCEPTED_WARN: a
-- file is in use. REJECTED: files came, none could be taken. LATE, AWAITED: nothing
-- came, after and before the soft deadline.
-- What each file became, superseded ones too, is in mart_submission_file.
with
    files as (
        select
            collection_code,
            org_code,
            period_end,
            count(*) filter (where verdict = 'rejected') as files_rejected,
            min(received_at) filter (where is_accepted) as first_accepted_at,
            {{
                listed_text(
                    "failed_rules", distinct=true, where="verdict = 'rejected'"
                )
            }} as failed_rules
        from {{ ref("int_returns__submission") }}
        group by all
    )

select
    expected.collection_code,
    expected.org_code as organisation_code,
    trust.organisation_name,
    {{ icb_columns("trust") }},
    expected.period_start,
    expected.period_end,
    case
        when in_use.nil_return
        then 'NIL'
        when in_use.verdict = 'accepted_with_warnings'
        then 'ACCEPTED_WARN'
        when in_use.verdict = 'accepted'
        then 'ACCEPTED'
        when expected.suspended
        then 'SUSPENDED'
        when files.files_rejected > 0
        then 'REJECTED'
        when expected.is_due
        then 'LATE'
        else 'AWAITED'
    end as status,
    in_use.submission_id is not null as is_in_use,
    expected.soft_deadline,
    expected.close_at,
    expected.is_closed,
    in_use.received_at,
    cast(
        case
            when files.first_accepted_at <= expected.soft_deadline
            then 0
            else {{ days_between("expected.soft_deadline", "files.first_accepted_at") }}
        end as integer
    ) as days_late,
    in_use.submission_type,
    in_use.sequence_no,
    files.failed_rules,
    in_use.warned_rules,
    case when in_use.is_revised then 'r' end as revision_flag,
    expected.suspension_url,
    expected.period_end as data_as_of,
    '{{ "return" if env_var("HIW_ORIGIN") == "published" else "synthetic" }}'
    as data_origin
from {{ ref("stg_returns__expected") }} as expected
left join
    {{ ref("int_returns__submission") }} as in_use
    on expected.collection_code = in_use.collection_code
    and expected.org_code = in_use.org_code
    and expected.period_end = in_use.period_end
    and in_use.is_in_use
left join
    files
    on expected.collection_code = files.collection_code
    and expected.org_code = files.org_code
    and expected.period_end = files.period_end
left join
    {{ ref("dim_organisation") }} as trust
    on expected.org_code = trust.organisation_code

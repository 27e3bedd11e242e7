-- Grain: submission whose manifest could be read. Question: is it the one in use for
-- its collection, trust and period?
-- Among accepted files the best (revision over refresh over primary, then the highest
-- sequence number) that was received by the close is in use. A revision that came after
-- the close, or any accepted file where none came by the close, goes into the next
-- release and is marked revised. The hash breaks a tie, so that the order of arrival
-- decides nothing.
-- Made of the two registers alone: the engine that builds facts of rows reads it too.
-- What the rank is made of stays beside it.
with
    submissions as (
        select
            s.*,
            s.collection_code
            || ' '
            || s.org_code
            || ' '
            || cast(s.period_end as string) as slot,
            s.verdict in ('accepted', 'accepted_with_warnings') as is_accepted,
            e.close_at,
            e.soft_deadline,
            coalesce(s.received_at <= e.close_at, true) as is_by_close,
            case
                s.submission_type when 'V' then 3 when 'R' then 2 when 'P' then 1
            end as type_rank
        from {{ ref("stg_returns__submission") }} as s
        left join
            {{ ref("stg_returns__expected") }} as e using (
                collection_code, org_code, period_end
            )
        -- A lake that has changed from the sample to live files keeps both; they
        -- never meet in one release.
        where
            s.data_origin
            = '{{ "return" if env_var("HIW_ORIGIN") == "published" else "synthetic" }}'
    ),

    candidates as (
        select
            *,
            is_accepted
            and (
                is_by_close
                or submission_type = 'V'
                or not coalesce(
                    bool_or(is_accepted and is_by_close) over (partition by slot), false
                )
            ) as is_candidate
        from submissions
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by slot
                order by
                    is_candidate desc, type_rank desc, sequence_no desc, file_sha256
            ) as place
        from candidates
    )

select
    *,
    is_candidate and place = 1 as is_in_use,
    is_candidate and place = 1 and not is_by_close as is_revised
from ranked

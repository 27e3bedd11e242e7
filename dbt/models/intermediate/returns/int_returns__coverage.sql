-- Grain: collection x period. Question: of how many trusts is there a return, and who
-- is missing?
with
    expected as (
        select collection_code, org_code, period_start, period_end
        from {{ ref("stg_returns__expected") }}
    ),

    matched as (
        select expected.*, in_use.submission_id is not null as is_in_use
        from expected
        left join
            {{ ref("int_returns__in_use") }} as in_use using (
                collection_code, org_code, period_end
            )
    )

select
    collection_code,
    period_start,
    period_end,
    cast(count(*) as integer) as trusts_expected,
    cast(count(*) filter (where is_in_use) as integer) as trusts_received,
    {{ listed_text("org_code", where="not is_in_use") }} as missing_trusts
from matched
group by all

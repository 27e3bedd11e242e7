{{ config(severity="warn") }}
-- A difference that the publisher gives (MHS95g: most deprived quintile against the
-- rest) and that is not the difference of its own rates. Rates and difference are
-- rounded to whole numbers, so they may be 2 apart. Only warns: it is the publisher's
-- arithmetic, and the direction of the difference is not documented.
with
    measures as (select * from {{ ref("stg_nhse_mhsds__measure") }}),

    rates as (
        select
            file_month,
            organisation_code,
            max(value) filter (where group_code = 'core20') as core20,
            max(value) filter (where group_code = 'rest') as rest
        from measures
        where measure_id = 'MHS95b' and dimension = 'core20'
        group by file_month, organisation_code
    )

select gaps.file_month, gaps.organisation_code
from measures as gaps
inner join
    rates
    on gaps.file_month = rates.file_month
    and gaps.organisation_code = rates.organisation_code
where
    gaps.dimension = 'imd_gap'
    and abs(abs(rates.core20 - rates.rest) - abs(gaps.value)) > 2

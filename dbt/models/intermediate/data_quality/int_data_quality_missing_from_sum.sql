-- Grain: source x period x organisation that is a sum of others (England, region, ICB).
-- Question: how many organisations were expected in it and have no row, and which?
with
    missing as (select * from {{ ref("int_data_quality_missing") }}),

    levels as (
        select 'ENG' as level_code, missing.*
        from missing
        union all
        select region_code, missing.*
        from missing
        where region_code is not null
        union all
        select icb_code, missing.*
        from missing
        where icb_code is not null
    )

select
    source_id,
    period_end,
    level_code as organisation_code,
    cast(count(distinct organisation_code) as integer) as organisations,
    'expected, and without a row in the file: '
    || {{ listed_text("organisation_code", distinct=true) }} as reason
from levels
group by source_id, period_end, level_code

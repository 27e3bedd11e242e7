-- Sex and total band: the trusts, ICBs and regions of a day add up to NHS acute England
-- within 2.5 for each number (rounded to 5).
with
    sums as (
        select
            period_end,
            category_code,
            organisation_level,
            sum(count_low) as pathways_low,
            sum(count_high) as pathways_high,
            count(*) as numbers
        from {{ ref("int_waiting_list_wlmds_grid") }}
        where
            entity = 'geography'
            and sector = 'NHS ACUTE'
            and metric = 'sex'
            and waiting_band = 'total'
        group by period_end, category_code, organisation_level
    )

select parts.*, england.pathways_low as england
from sums as parts
inner join
    sums as england
    on parts.period_end = england.period_end
    and parts.category_code = england.category_code
    and england.organisation_level = 'england'
where
    parts.organisation_level <> 'england'
    and (
        parts.pathways_low - 2.5 * (parts.numbers + 1) > england.pathways_high
        or parts.pathways_high + 2.5 * (parts.numbers + 1) < england.pathways_low
    )

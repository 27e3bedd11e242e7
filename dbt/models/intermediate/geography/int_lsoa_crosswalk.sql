-- Grain: LSOA of 2021 x LSOA of 2011 from which it was made. Question: which share of
-- an LSOA of 2021 belongs to each LSOA of 2011?
-- Unchanged and split LSOAs have one origin, so all of them belongs to it. Merged and
-- irregular ones (97 and 6 in England) are divided equally among their origins: the
-- look-up does not say how many people came from each.
with pairs as (select * from {{ ref("stg_ons_geography__lsoa_2011_to_2021") }})

select
    lsoa_code_2021,
    lsoa_code_2011,
    change_code,
    case
        left(lsoa_code_2021, 1) when 'E' then 'england' when 'W' then 'wales'
    end as country,
    1e0 / count(*) over (partition by lsoa_code_2021) as share_of_lsoa_2021
from pairs

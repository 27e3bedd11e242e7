-- Grain: source x organisation level. Question: are the counts by group rounded to 5?
-- They are where every one of them is a multiple of 5. The publishers say so too (HES
-- and ECDS disclosure rule), but not for which levels, and England's are not rounded in
-- all sources.
select
    source_id,
    organisation_level,
    bool_and(
        coalesce(mod(numerator, 5), 0) = 0 and coalesce(mod(denominator, 5), 0) = 0
    ) as is_rounded
from {{ ref("fct_indicator_value") }}
where
    value_status = 'published'
    and denominator is not null
    and dimension in ('{{ inequality_dimensions() | join("', '") }}')
group by source_id, organisation_level

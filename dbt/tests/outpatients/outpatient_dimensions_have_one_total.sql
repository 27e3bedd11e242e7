-- Years in which attendances by deprivation, ethnicity, age and sex do not have the
-- same total: a file or a group was lost.
-- Every figure is exact, so there is no tolerance (104,634,817 in 2023-24,
-- 113,225,153 in 2024-25, by all of them).
with
    totals as (
        select period_start, dimension, sum(attendances) as attendances
        from {{ ref("int_outpatients_group") }}
        group by period_start, dimension
        union all
        select period_start, dimension, sum(attendances)
        from {{ ref("int_outpatients_age_sex") }}
        group by period_start, dimension
        union all
        select period_start, breakdown, sum(attendances)
        from {{ ref("stg_nhsd_hes_outpatient__main_specialty") }}
        group by period_start, breakdown
    )

select
    period_start,
    min(attendances) as smallest,
    max(attendances) as largest,
    {{ listed_text("dimension") }} as dimensions
from totals
group by period_start
having min(attendances) <> max(attendances)

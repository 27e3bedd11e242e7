-- Grain: month x age band (England), and all ages together. Question: which share of
-- appointments kept or missed was missed, by age?
-- A file repeats the two years before its own: the newest edition of a month is used.
with
    months as (
        {% call kept("edition = max(edition) over (partition by period_start)") %}
        select *
        from {{ ref("stg_nhsd_hes_monthly__age_band") }}
        {% endcall %}
    ),

    groups as (
        select
            period_start,
            'age_band' as dimension,
            age_band as group_code,
            attended,
            did_not_attend,
            snapshot_sha256
        from months
        union all
        select period_start, 'all', 'all', attended, did_not_attend, snapshot_sha256
        from months
    )

select
    period_start,
    last_day(period_start) as period_end,
    dimension,
    group_code,
    cast(sum(did_not_attend) as double) as numerator,
    cast(sum(attended + did_not_attend) as double) as denominator,
    max(snapshot_sha256) as snapshot_sha256
from groups
group by period_start, dimension, group_code

-- Grain: field x waiting band x organisation (and all organisations of a level
-- together) x snapshot (WLMDS geography). Question: how many of the cells that have
-- patients does the publisher hide? Cells without patients (absent rows) do not count.
with
    cells as (
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            waiting_band,
            pathways_status
        from {{ ref("int_waiting_list_wlmds_grid") }}
        where
            not is_absent
            and entity = 'geography'
            and sector
            = case when organisation_code = 'ENG' then 'ENGLAND' else 'NHS ACUTE' end
    ),

    alone_and_together as (
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            waiting_band,
            pathways_status
        from cells
        union all
        select
            'all', organisation_level, period_end, metric, waiting_band, pathways_status
        from cells
        where organisation_code <> 'ENG'
    )

select
    'suppressed_share' as quality_measure,
    metric as field_name,
    waiting_band,
    organisation_code,
    organisation_level,
    period_end as period_start,
    period_end,
    'snapshot' as period_type,
    cast(count(*) filter (where pathways_status = 'suppressed') as double) as numerator,
    cast(count(*) as double) as denominator,
    'published' as value_status,
    cast(null as string) as value_status_reason,
    'nhse_wlmds' as source_id
from alone_and_together
group by metric, waiting_band, organisation_code, organisation_level, period_end

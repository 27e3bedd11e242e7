-- Cells of the geography and specialty files that the grid lost or doubled: rows and
-- sums before and after.
with
    files as (
        select
            'geography' as entity,
            snapshot_date,
            count(*) as cells,
            sum(pathways) as pathways
        from {{ ref("stg_nhse_wlmds__geography") }}
        group by snapshot_date
        union all
        select 'specialty', snapshot_date, count(*), sum(pathways)
        from {{ ref("stg_nhse_wlmds__specialty") }}
        group by snapshot_date
    ),

    grid as (
        select
            entity,
            snapshot_date,
            count(*) filter (where not is_absent) as cells,
            sum(pathways) as pathways
        from {{ ref("int_waiting_list_wlmds_grid") }}
        where entity <> 'timeseries'
        group by entity, snapshot_date
    )

select
    files.entity,
    files.snapshot_date,
    files.cells,
    grid.cells as cells_in_grid,
    files.pathways,
    grid.pathways as pathways_in_grid
from files
left join
    grid on files.entity = grid.entity and files.snapshot_date = grid.snapshot_date
where
    files.cells is distinct from grid.cells
    or files.pathways is distinct from grid.pathways

-- Grain: organisation x sector x treatment function x day x dimension x group.
-- Question: how many wait, how many of them how long? Deciles are rolled up to fifths
-- and to Core20 (the two most deprived tenths), ethnic categories to five groups. A sum
-- with a suppressed part is NULL, between the sums of the parts' bounds. The total is
-- the metric's own: Age, Sex, IMD and Ethnicity leave out different people (England, 29
-- June 2025: 7,201,115, 6,855,290, 7,088,955 and 7,321,885).
{%- set bands = ["total", "weeks_00_18", "weeks_over_52"] %}
select
    grid.snapshot_date,
    grid.period_end,
    grid.organisation_code,
    grid.organisation_level,
    grid.sector,
    grid.treatment_function_code,
    grid.metric,
    groups.dimension,
    groups.group_code,
    {%- for band in bands %}
        case
            when
                count(*) filter (
                    where grid.waiting_band = '{{ band }}' and grid.pathways is null
                )
                = 0
            then
                cast(
                    sum(grid.pathways) filter (
                        where grid.waiting_band = '{{ band }}'
                    ) as double
                )
        end as {{ band }},
        cast(
            sum(grid.count_low) filter (
                where grid.waiting_band = '{{ band }}'
            ) as double
        ) as {{ band }}_low,
        cast(
            sum(grid.count_high) filter (
                where grid.waiting_band = '{{ band }}'
            ) as double
        ) as {{ band }}_high,
        cast(
            count(*) filter (
                where grid.waiting_band = '{{ band }}' and grid.pathways is null
            ) as integer
        ) as {{ band }}_suppressed_cells,
    {%- endfor %}
    max(grid.snapshot_sha256) as snapshot_sha256
from {{ ref("int_waiting_list_wlmds_grid") }} as grid
inner join
    {{ ref("waiting_list_groups") }} as groups
    on grid.metric = groups.metric
    and grid.category_code = groups.category_code
group by
    grid.snapshot_date,
    grid.period_end,
    grid.organisation_code,
    grid.organisation_level,
    grid.sector,
    grid.treatment_function_code,
    grid.metric,
    groups.dimension,
    groups.group_code

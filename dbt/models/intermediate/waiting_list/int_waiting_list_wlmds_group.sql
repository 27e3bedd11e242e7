-- Grain: organisation x sector x treatment function x day x dimension x group.
-- Question: how many wait, how many of them how long? Deciles are rolled up to
-- quintiles and to Core20 (the two most deprived deciles), ethnic categories to five
-- groups. A sum with a suppressed part is NULL, between the sums of the parts' bounds.
-- The total is the metric's own: Age, Sex, IMD and Ethnicity leave out different
-- people (England, 29 June 2025: 7,201,115, 6,855,290, 7,088,955 and 7,321,885). Known
-- is the total without the pathways whose clock start is not known, as in RTT and in
-- the returns: the sum of the three bands, or where one of them is hidden the total
-- minus those unknown.
{%- set bands = [
    "total",
    "known",
    "unknown_clock_start",
    "weeks_00_18",
    "weeks_over_52",
] %}
{%- set cell = [
    "snapshot_date",
    "period_end",
    "organisation_code",
    "organisation_level",
    "sector",
    "treatment_function_code",
    "metric",
    "category_code",
] %}
with
    parts as (
        select
            {{ cell | join(", ") }},
            count(pathways) filter (where waiting_band like 'weeks_%') as bands_shown,
            sum(pathways) filter (where waiting_band like 'weeks_%') as in_bands,
            {%- for band in ["total", "unknown_clock_start"] %}
                {%- for column in ["pathways", "count_low", "count_high"] %}
                    max({{ column }}) filter (
                        where waiting_band = '{{ band }}'
                    ) as {{ band }}_{{ column }},
                {%- endfor %}
            {%- endfor %}
            max(snapshot_sha256) as snapshot_sha256
        from {{ ref("int_waiting_list_wlmds_grid") }}
        group by {{ cell | join(", ") }}
    ),

    counted as (
        select
            {{ cell | join(", ") }},
            waiting_band,
            pathways,
            count_low,
            count_high,
            snapshot_sha256
        from {{ ref("int_waiting_list_wlmds_grid") }}
        union all
        select
            {{ cell | join(", ") }},
            'known',
            known_pathways,
            coalesce(known_pathways, total_count_low - unknown_clock_start_count_high),
            coalesce(known_pathways, total_count_high - unknown_clock_start_count_low),
            snapshot_sha256
        from
            (
                select
                    *,
                    case
                        when bands_shown = 3
                        then in_bands
                        else total_pathways - unknown_clock_start_pathways
                    end as known_pathways
                from parts
            ) as with_known
    )

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
from counted as grid
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

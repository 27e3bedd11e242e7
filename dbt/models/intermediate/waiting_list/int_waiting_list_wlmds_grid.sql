-- Grain: organisation x sector x treatment function x day x metric x category x waiting
-- band, complete. Question: what does the publisher say about each cell, the absent
-- ones with it? The files leave out cells without patients (24,612 of 30,690 cells
-- are in the first geography file), so a cell that is absent is 0 where its
-- organisation has the metric at all. A suppressed cell stays NULL, between 1 and 7.
with
    geography as (
        select
            'geography' as entity,
            cells.snapshot_date,
            cells.snapshot_date as period_end,
            cells.organisation_code,
            -- the file tells an ICB from a trust of five characters by its name only
            case
                when length(cells.organisation_code) = 5
                then coalesce(organisation.organisation_level, cells.organisation_level)
                else cells.organisation_level
            end as organisation_level,
            cells.sector,
            'all' as treatment_function_code,
            cells.metric,
            cells.category_code,
            cells.waiting_band,
            cells.pathways,
            cells.pathways_status,
            cells.snapshot_sha256
        from {{ ref("stg_nhse_wlmds__geography") }} as cells
        left join
            {{ ref("dim_organisation") }} as organisation
            on cells.organisation_code = organisation.organisation_code
    ),

    specialty as (
        select
            'specialty' as entity,
            cells.snapshot_date,
            cells.snapshot_date as period_end,
            'ENG' as organisation_code,
            'england' as organisation_level,
            'ENGLAND' as sector,
            treatment_functions.treatment_function_code,
            cells.metric,
            cells.category_code,
            cells.waiting_band,
            cells.pathways,
            cells.pathways_status,
            cells.snapshot_sha256
        from {{ ref("stg_nhse_wlmds__specialty") }} as cells
        left join
            {{ ref("treatment_functions") }} as treatment_functions
            on cells.treatment_function_name = treatment_functions.wlmds_name
    ),

    -- Every release carries all weeks again: the newest release that has a week speaks
    -- for it.
    newest_release as (
        select week_ending, max(snapshot_date) as snapshot_date
        from {{ ref("stg_nhse_wlmds__timeseries") }}
        group by week_ending
    ),

    timeseries as (
        select
            'timeseries' as entity,
            cells.snapshot_date,
            cells.week_ending as period_end,
            'ENG' as organisation_code,
            'england' as organisation_level,
            'ENGLAND' as sector,
            'all' as treatment_function_code,
            cells.metric,
            cells.category_code,
            cells.waiting_band,
            cells.pathways,
            cells.pathways_status,
            cells.snapshot_sha256
        from {{ ref("stg_nhse_wlmds__timeseries") }} as cells
        inner join
            newest_release
            on cells.week_ending = newest_release.week_ending
            and cells.snapshot_date = newest_release.snapshot_date
        -- The geography file of the same day says the same of England, with ethnicity
        -- and deprivation beside it.
        where
            cells.week_ending
            not in (select snapshot_date from {{ ref("stg_nhse_wlmds__geography") }})
    ),

    cells as (
        select *
        from geography
        union all
        select *
        from specialty
        union all
        select *
        from timeseries
    ),

    with_metric as (
        select
            entity,
            snapshot_date,
            period_end,
            organisation_code,
            max(organisation_level) as organisation_level,
            sector,
            treatment_function_code,
            metric,
            max(snapshot_sha256) as snapshot_sha256
        from cells
        group by
            entity,
            snapshot_date,
            period_end,
            organisation_code,
            sector,
            treatment_function_code,
            metric
    ),

    categories as (
        select distinct metric, category_code from {{ ref("waiting_list_groups") }}
    ),

    bands as (
        select 'weeks_00_18' as waiting_band
        union all
        select 'weeks_18_52'
        union all
        select 'weeks_over_52'
        union all
        select 'unknown_clock_start'
        union all
        select 'total'
    )

select
    with_metric.entity,
    with_metric.snapshot_date,
    with_metric.period_end,
    with_metric.organisation_code,
    with_metric.organisation_level,
    with_metric.sector,
    with_metric.treatment_function_code,
    with_metric.metric,
    categories.category_code,
    bands.waiting_band,
    cells.metric is null as is_absent,
    case when cells.metric is null then 0 else cells.pathways end as pathways,
    coalesce(cells.pathways_status, 'published') as pathways_status,
    -- 1 to 7 before rounding: the smallest number that the files show is 10, the
    -- rounding of 8
    case
        when cells.metric is null
        then 0
        when cells.pathways_status = 'suppressed'
        then 1
        else cells.pathways
    end as count_low,
    case
        when cells.metric is null
        then 0
        when cells.pathways_status = 'suppressed'
        then 7
        else cells.pathways
    end as count_high,
    with_metric.snapshot_sha256
from with_metric
inner join categories on with_metric.metric = categories.metric
cross join bands
left join
    cells
    on with_metric.entity = cells.entity
    and with_metric.snapshot_date = cells.snapshot_date
    and with_metric.period_end = cells.period_end
    and with_metric.organisation_code = cells.organisation_code
    and with_metric.sector = cells.sector
    and with_metric.treatment_function_code = cells.treatment_function_code
    and with_metric.metric = cells.metric
    and categories.category_code = cells.category_code
    and bands.waiting_band = cells.waiting_band

-- Grain: quality measure x field x organisation x snapshot, as reported (WLMDS).
-- Question: whose ethnicity, age, sex or decile is known? Not stated (Z: asked, and did
-- not say) and not known (99) are two shares. People without a recorded age, sex or
-- decile stand nowhere in the file: left_out_share sets a metric's total against the
-- largest total of the same organisation and day, so it is a lower bound.
-- rounding_error: every cell is rounded to 5, off by a variance of 2. A cell that
-- counts in the numerator moves a share p by (1 - p) over the whole, one beside it by
-- p. A total that is taken from another moves it whole: of the median trust 10 pathways
-- have no age, a difference of two totals that rounding alone moves by 6.5.
with
    totals as (
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            case when count(pathways) = count(*) then sum(pathways) end as total,
            case
                when
                    count(pathways) filter (where category_code not in ('Z', '99'))
                    = count(*) filter (where category_code not in ('Z', '99'))
                then sum(pathways) filter (where category_code not in ('Z', '99'))
            end as known,
            coalesce(sum(pathways) filter (where category_code = 'Z'), 0) as not_stated,
            coalesce(sum(pathways) filter (where category_code = '99'), 0) as not_known,
            count(*) filter (where pathways > 0) as cells,
            count(*) filter (
                where pathways > 0 and category_code = 'Z'
            ) as not_stated_cells,
            count(*) filter (
                where pathways > 0 and category_code = '99'
            ) as not_known_cells,
            count(*) filter (
                where category_code = 'Z' and pathways is null
            ) as not_stated_hidden,
            count(*) filter (
                where category_code = '99' and pathways is null
            ) as not_known_hidden
        from {{ ref("int_waiting_list_wlmds_grid") }}
        where
            waiting_band = 'total'
            and entity = 'geography'
            and sector
            = case when organisation_code = 'ENG' then 'ENGLAND' else 'NHS ACUTE' end
        group by organisation_code, organisation_level, period_end, metric
    ),

    shares as (
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            'known_share' as quality_measure,
            known as numerator,
            total as denominator,
            cells,
            cells - not_stated_cells - not_known_cells as cells_counted,
            0 as cells_taken
        from totals
        where metric = 'ethnicity'
        union all
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            'valid_share',
            case when not_stated_hidden = 0 then known + not_stated end,
            total,
            cells,
            cells - not_known_cells,
            0
        from totals
        where metric = 'ethnicity'
        union all
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            'not_stated_share',
            case when not_stated_hidden = 0 then not_stated end,
            total,
            cells,
            not_stated_cells,
            0
        from totals
        where metric = 'ethnicity'
        union all
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            'not_known_share',
            case when not_known_hidden = 0 then not_known end,
            total,
            cells,
            not_known_cells,
            0
        from totals
        where metric = 'ethnicity'
        union all
        select
            organisation_code,
            organisation_level,
            period_end,
            metric,
            'left_out_share',
            (max(total) over same_day) - total,
            max(total) over same_day,
            max(cells) over same_day,
            max(cells) over same_day,
            cells
        from totals
        window same_day as (partition by organisation_code, period_end)
    )

select
    quality_measure,
    metric as field_name,
    'total' as waiting_band,
    organisation_code,
    organisation_level,
    period_end as period_start,
    period_end,
    'snapshot' as period_type,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator,
    case
        when numerator is null or denominator is null then 'suppressed' else 'published'
    end as value_status,
    case
        when numerator is null or denominator is null
        then 'a cell of the sum is hidden by the publisher'
    end as value_status_reason,
    sqrt(
        2e0 * (
            cells_counted * power(1e0 - numerator / nullif(denominator, 0), 2)
            + (cells - cells_counted) * power(numerator / nullif(denominator, 0), 2)
            + cells_taken
        )
    )
    / nullif(denominator, 0) as rounding_error,
    'nhse_wlmds' as source_id
from shares

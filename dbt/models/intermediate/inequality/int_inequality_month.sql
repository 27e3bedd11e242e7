-- Grain: monthly or quarterly series (indicator x organisation, all groups and
-- treatment functions, current geography) x month or quarter from its first to its
-- last.
-- Question: which periods belong together? A period without a figure has a row, so that
-- charts show the hole. A segment ends at a break in the series that concerns the
-- organisation (seed series_breaks; the field test of A&E ended for 14 trusts, not for
-- the others) and at a hole of two periods or more: what lies on its two sides are no
-- neighbours.
with
    figures as (
        select figure.*
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_indicator") }} as indicator
            on figure.indicator_id = indicator.indicator_id
        where
            figure.period_type in ('month', 'quarter')
            and figure.dimension = 'all'
            and figure.treatment_function_code = 'all'
            and figure.geography_basis = 'current'
            and figure.standardisation = 'crude'
            and figure.organisation_level in ('england', 'region', 'icb', 'trust')
            and indicator.unit <> 'count'
    ),

    spans as (
        select
            indicator_id,
            organisation_code,
            max(organisation_level) as organisation_level,
            max(case period_type when 'quarter' then 3 else 1 end) as step,
            max(source_id) as source_id,
            max(data_origin) as data_origin,
            min(period_start) as first_month,
            max(period_start) as last_month
        from figures
        group by indicator_id, organisation_code
        having count(value) >= 2
    ),

    bounds as (
        select min(first_month) as first_month, max(last_month) as last_month from spans
    ),

    months as (
        select {{ each_day("first_month", "last_month", step="month") }} as period_start
        from bounds
    ),

    calendar as (
        select
            spans.*,
            months.period_start,
            cast(
                {{ months_later("months.period_start", "spans.step") }}
                - interval '1 day' as date
            ) as period_end
        from spans
        inner join
            months on months.period_start between spans.first_month and spans.last_month
        where
            mod(
                {{ months_apart("spans.first_month", "months.period_start") }},
                spans.step
            )
            = 0
    ),

    joined as (
        select
            calendar.indicator_id,
            calendar.organisation_code,
            calendar.organisation_level,
            calendar.step,
            calendar.period_start,
            calendar.period_end,
            figures.value,
            coalesce(figures.value_status, 'missing') as value_status,
            case
                when figures.value_status is null
                then 'no figure for this period'
                else figures.value_status_reason
            end as value_status_reason,
            calendar.source_id,
            figures.snapshot_sha256,
            calendar.data_origin
        from calendar
        left join
            figures
            on calendar.indicator_id = figures.indicator_id
            and calendar.organisation_code = figures.organisation_code
            and calendar.period_start = figures.period_start
    ),

    -- how many breaks lie behind a month of an organisation, and why the last was one
    eras as (
        select
            joined.indicator_id,
            joined.organisation_code,
            joined.period_start,
            count(*) as era,
            {{
                value_at_largest(
                    "breaks.reason", "breaks.break_date", tie="breaks.break_date"
                )
            }} as reason
        from joined
        inner join
            {{ ref("series_breaks") }} as breaks
            on joined.indicator_id = breaks.indicator_id
            and breaks.break_date <= joined.period_start
            and {{
                break_concerns(
                    "breaks.concerns",
                    "joined.organisation_level",
                    "joined.organisation_code",
                )
            }}
        group by joined.indicator_id, joined.organisation_code, joined.period_start
    ),

    valued as (
        select
            joined.indicator_id,
            joined.organisation_code,
            joined.period_start,
            joined.step,
            coalesce(eras.era, 0) as era,
            eras.reason,
            lag(joined.period_start) over earlier as month_before,
            lag(coalesce(eras.era, 0)) over earlier as era_before
        from joined
        left join
            eras
            on joined.indicator_id = eras.indicator_id
            and joined.organisation_code = eras.organisation_code
            and joined.period_start = eras.period_start
        where joined.value is not null
        window
            earlier as (
                partition by joined.indicator_id, joined.organisation_code
                order by joined.period_start
            )
    ),

    starts as (
        select
            indicator_id,
            organisation_code,
            period_start,
            case
                when era > era_before
                then reason
                else 'two periods or more without a figure'
            end as segment_reason
        from valued
        where
            era > era_before
            or month_before
            < cast({{ months_later("period_start", "-2 * step") }} as date)
    )

select
    joined.indicator_id,
    joined.organisation_code,
    joined.organisation_level,
    joined.period_start,
    joined.period_end,
    joined.value,
    joined.value_status,
    joined.value_status_reason,
    joined.source_id,
    joined.snapshot_sha256,
    joined.data_origin,
    count(starts.period_start) over (
        partition by joined.indicator_id, joined.organisation_code
        order by joined.period_start
        rows between unbounded preceding and current row
    ) as segment,
    starts.segment_reason
from joined
left join
    starts
    on joined.indicator_id = starts.indicator_id
    and joined.organisation_code = starts.organisation_code
    and joined.period_start = starts.period_start

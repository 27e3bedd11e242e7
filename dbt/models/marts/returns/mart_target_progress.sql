-- Grain: target x period in which its metric was reported. Question: is the
-- organisation on its way to the target, and do
-- the people of the most deprived fifth (Core20) lag behind the overall figure?
-- Trajectory: a straight line from the baseline to the target. GREEN: at the
-- trajectory or better; AMBER: worse by at
-- most a fifth of the way from baseline to target; RED: worse than that. Not judged
-- where the figure is not shown.
with
    targets as (
        select *
        from {{ ref("target_register") }}
        where data_origin = '{{ env_var("HIW_ORIGIN") }}'
    ),

    rates as (
        select *
        from {{ ref("mart_hi_rate") }}
        where not is_estimate and dim_type in ('ALL', 'IMD_QUINTILE')
    ),

    placed as (
        select
            targets.*,
            overall.metric_name,
            overall.polarity,
            overall.period_start,
            overall.period_end,
            overall.rate as actual,
            overall.rate_status as actual_status,
            core20.rate as core20_rate,
            core20.rate_status as core20_status,
            overall.trusts_left_out,
            overall.data_origin as figure_origin,
            least(
                1,
                greatest(
                    0,
                    date_diff(
                        'day',
                        targets.baseline_period_end,
                        overall.period_end
                    ) / nullif(
                        date_diff(
                            'day', targets.baseline_period_end, targets.target_date
                        ),
                        0
                    )
                )
            ) as way_gone
        from targets
        inner join
            rates as overall
            on targets.metric_id = overall.metric_id
            and targets.org_code = overall.geo_code
            and overall.dim_type = 'ALL'
            and overall.period_end >= targets.baseline_period_end
        left join
            rates as core20
            on overall.metric_id = core20.metric_id
            and overall.geo_code = core20.geo_code
            and overall.period_end = core20.period_end
            and core20.dim_type = 'IMD_QUINTILE'
            and core20.dim_value = '1'
    ),

    judged as (
        select
            *,
            baseline_pct + way_gone * (target_pct - baseline_pct) as trajectory,
            case polarity when 'lower_is_better' then -1 else 1 end as direction
        from placed
    )

select
    target_id,
    target_name,
    owner,
    org_code,
    metric_id,
    metric_name,
    period_start,
    period_end,
    baseline_period_end,
    baseline_pct as baseline,
    target_date,
    target_pct as target,
    trajectory,
    actual,
    actual_status,
    case
        when actual is null
        then 'NOT_JUDGED'
        when direction * (actual - trajectory) >= 0
        then 'GREEN'
        when direction * (actual - trajectory) >= -0.2 * abs(target_pct - baseline_pct)
        then 'AMBER'
        else 'RED'
    end as rag,
    core20_rate,
    core20_status,
    actual - core20_rate as core20_gap,
    trusts_left_out,
    source,
    note,
    period_end as data_as_of,
    figure_origin as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from judged

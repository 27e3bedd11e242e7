-- Grain: target x period in which its metric was reported x source. Question: is the
-- organisation on its way to the target, and do the people of the most deprived
-- quintile (Core20) lag behind the others?
-- Figures are those of int_returns__target_figure. Trajectory: a straight line from the
-- baseline to the target. GREEN: at the trajectory or better; AMBER: worse by at most a
-- fifth of the way from baseline to target; RED: worse than that. Not judged where the
-- figure is not shown, where baseline or way are not known, and after the month of the
-- target, which has lapsed.
with
    figures as (select * from {{ ref("int_returns__target_figure") }}),

    targets as (
        select *
        from {{ ref("target_register") }}
        where data_origin = '{{ env_var("HIW_ORIGIN") }}'
    ),

    placed as (
        select
            targets.*,
            {{ all_but(["metric_id", "geo_code", "data_origin"], of="figure") }},
            figure.data_origin as figure_origin,
            {{ days_between("targets.baseline_period_end", "figure.period_end") }}
            / nullif(
                {{ days_between("targets.baseline_period_end", "targets.target_date") }},
                0
            ) as way
        from targets
        inner join
            figures as figure
            on targets.metric_id = figure.metric_id
            and targets.org_code = figure.geo_code
            and figure.period_end >= targets.baseline_period_end
    ),

    judged as (
        select
            *,
            baseline_pct
            + case when way > 1 then 1 when way < 0 then 0 else way end
            * (target_pct - baseline_pct) as trajectory,
            case polarity when 'lower_is_better' then -1 else 1 end as direction
        from placed
    )

select
    target_id,
    target_name,
    owner,
    judged.org_code as organisation_code,
    {{ icb_columns("organisation") }},
    metric_id as indicator_id,
    metric_name as indicator_name,
    period_start,
    period_end,
    baseline_period_end,
    baseline_pct as baseline,
    target_date,
    target_pct as target,
    trajectory,
    actual as value,
    actual_status as value_status,
    'percent' as unit,
    case
        when actual is null or trajectory is null or period_end > last_day(target_date)
        then 'NOT_JUDGED'
        when direction * (actual - trajectory) >= 0
        then 'GREEN'
        when direction * (actual - trajectory) >= -0.2 * abs(target_pct - baseline_pct)
        then 'AMBER'
        else 'RED'
    end as rag,
    {{
        reading_of(
            "actual",
            "period_end",
            "polarity",
            "target_pct",
            "target_date",
            "last_day(target_date)",
        )
    }} as target_reading,
    core20_rate as core20_value,
    coalesce(core20_status, 'not_available') as core20_value_status,
    rest_rate as rest_value,
    core20_rate - rest_rate as core20_gap,
    gap_lower as core20_gap_ci_lower_95,
    gap_upper as core20_gap_ci_upper_95,
    core20_period_end,
    trusts_left_out,
    source as target_source,
    source_id,
    note,
    period_end as data_as_of,
    figure_origin as data_origin
from judged
left join
    {{ ref("dim_organisation") }} as organisation
    on judged.org_code = organisation.organisation_code

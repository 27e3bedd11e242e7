-- Grain: trust x PLUS group, newest wave of the trust. Question: do the groups that the
-- trust says it puts first match the gaps that are measured and the actions that are
-- paid for?
-- Gaps: inclusion health groups from mart_inclusion_health (its group_code is the
-- option code), ethnic minorities from mart_hi_rate (the worst of the groups other than
-- White, metrics where fewer is better); other groups are measured by nothing yet. The
-- worst ratio of the newest period stands here with its lower limit; a mean stay has
-- no limits, and is no gap on its own. Clear is what the certainty of the ratio calls
-- so (q value); emergency admissions have none, because their people are not sent.
-- Actions are open items of mart_action.
with
    named as (
        {% call kept("max(wave) over (partition by organisation_code) = wave") %}
        select *
        from {{ ref("mart_trust_survey") }}
        where question_code = 'HI_PLUS_GROUP' and value_status <> 'not_collected'
        {% endcall %}
    ),

    gaps as (
        select
            organisation_code,
            group_code,
            measure_code as metric_id,
            period_end,
            rate_ratio,
            rate_ratio_ci_lower_95,
            certainty = 'clear difference' and rate_ratio > 1 as is_clear,
            disclosure_flag = 'OK' as is_shown
        from {{ ref("mart_inclusion_health") }}
        where measure_code in ('AE_ATTENDANCES', 'EM_ADMISSIONS', 'MEAN_LOS')
        union all
        select
            rates.organisation_code,
            'ETHNIC_MINORITY',
            rates.indicator_id,
            rates.period_end,
            rates.rate_ratio,
            rates.rate_ratio_ci_lower_95,
            rates.certainty = 'clear difference' and rates.rate_ratio > 1,
            rates.disclosure_flag = 'OK'
        from {{ ref("mart_hi_rate") }} as rates
        inner join
            {{ ref("hi_metric") }} as metrics on rates.indicator_id = metrics.metric_id
        where
            rates.organisation_level = 'trust'
            and rates.dimension = 'ETHNIC5'
            and rates.group_code not in ('WHITE', 'UNK')
            and metrics.polarity = 'lower_is_better'
    ),

    newest_gaps as (
        {% call kept(
            "max(period_end) over (partition by organisation_code, group_code) "
            ~ "= period_end"
        ) %}
        select *
        from gaps
        {% endcall %}
    ),

    worst as (
        select
            organisation_code,
            group_code,
            max(period_end) as gap_period_end,
            max(rate_ratio) as worst_ratio,
            {{ value_at_largest("metric_id", "rate_ratio") }}
            as worst_ratio_indicator_id,
            {{
                value_at_largest(
                    "rate_ratio_ci_lower_95", "rate_ratio", tie="metric_id"
                )
            }} as worst_ratio_ci_lower_95,
            coalesce(bool_or(is_clear), false) as has_clear_gap,
            bool_or(is_shown and rate_ratio is not null) as is_measured
        from newest_gaps
        group by organisation_code, group_code
    ),

    actions as (
        select
            organisation_code,
            group_code,
            count(*) as open_actions,
            count(*) filter (where funding_type <> 'NONE') as funded_actions,
            count(*) filter (where indicator_id is not null) as actions_with_metric
        from {{ ref("mart_action") }}
        where status <> 'CLOSED'
        group by organisation_code, group_code
    ),

    together as (
        select
            named.*,
            worst.gap_period_end,
            worst.worst_ratio,
            worst.worst_ratio_ci_lower_95,
            worst.worst_ratio_indicator_id,
            coalesce(worst.has_clear_gap, false) as has_clear_gap,
            case
                when worst.organisation_code is null
                then 'not_measured'
                when worst.is_measured
                then 'measured'
                else 'not_shown'
            end as gap_status,
            coalesce(actions.open_actions, 0) as open_actions,
            coalesce(actions.funded_actions, 0) as funded_actions,
            coalesce(actions.actions_with_metric, 0) as actions_with_metric
        from named
        left join
            worst
            on named.organisation_code = worst.organisation_code
            and named.option_code = worst.group_code
        left join
            actions
            on named.organisation_code = actions.organisation_code
            and named.option_code = actions.group_code
    )

select
    organisation_code,
    organisation_name,
    icb_code,
    icb_name,
    trust_type,
    wave,
    option_code as group_code,
    option_label as group_name,
    selected,
    value_status,
    value_status_reason,
    gap_status,
    gap_period_end as period_end,
    worst_ratio as rate_ratio,
    worst_ratio_ci_lower_95 as rate_ratio_ci_lower_95,
    worst_ratio_indicator_id as indicator_id,
    has_clear_gap,
    cast(open_actions as integer) as open_actions,
    cast(funded_actions as integer) as funded_actions,
    cast(actions_with_metric as integer) as actions_with_metric,
    case
        when selected is null
        then 'not_answered'
        when selected and has_clear_gap and funded_actions > 0
        then 'named_with_gap_and_funded'
        when selected and funded_actions > 0
        then 'named_and_funded_without_a_clear_gap'
        when selected and has_clear_gap
        then 'named_with_gap_and_not_funded'
        when selected
        then 'named_only'
        when has_clear_gap
        then 'gap_not_named'
        when open_actions > 0
        then 'action_not_named'
        else 'not_named'
    end as alignment,
    data_as_of,
    data_origin
from together

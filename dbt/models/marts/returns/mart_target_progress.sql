-- Grain: target x period in which its metric was reported x source. Question: is the
-- organisation on its way to the target, and do the people of the most deprived
-- quintile (Core20) lag behind the others?
-- Figures come from the returns (mart_hi_rate) and from the published indicator that
-- the metric names (seed hi_metric); both stand where both are there. The gap is Core20
-- minus the other four quintiles, as everywhere. A published figure has its Core20 from
-- the newest waiting list by deprivation up to the same day, the month before at the
-- earliest. Limits of the gap are those of fct_inequality_measure; of returns
-- Newcombe's,
-- with the rounding of one count of Core20 and four of the others. Trajectory: a
-- straight line from the baseline to the target. GREEN: at the
-- trajectory or better; AMBER: worse by at most a fifth of the way from baseline to
-- target; RED: worse than that. Not judged where the figure is not shown, and after the
-- month of the target, which has lapsed.
{%- set core20, rest = "fifths.group_code = '1'", "fifths.group_code <> '1'" %}
{%- set counts = [
    "max(fifths.numerator) filter (where " ~ core20 ~ ")",
    "max(fifths.denominator) filter (where " ~ core20 ~ ")",
    "sum(fifths.numerator) filter (where " ~ rest ~ ")",
    "sum(fifths.denominator) filter (where " ~ rest ~ ")",
] %}
{%- set pair = [
    "core20_numerator",
    "core20_denominator",
    "rest_numerator",
    "rest_denominator",
] %}
with
    targets as (
        select *
        from {{ ref("target_register") }}
        where data_origin = '{{ env_var("HIW_ORIGIN") }}'
    ),

    summed as (
        select
            overall.indicator_id as metric_id,
            overall.indicator_name as metric_name,
            overall.polarity,
            overall.organisation_code as geo_code,
            overall.period_start,
            overall.period_end,
            overall.value as actual,
            overall.value_status as actual_status,
            max(fifths.value) filter (where fifths.group_code = '1') as core20_rate,
            max(fifths.value_status) filter (
                where fifths.group_code = '1'
            ) as core20_status,
            -- all four of the others, or none
            case
                when
                    count(*) filter (
                        where {{ rest }} and fifths.value_status = 'published'
                    )
                    = 4
                then true
            end as is_rest_whole,
            {%- for name in pair %}
                {{ counts[loop.index0] }} as {{ name }},
            {%- endfor %}
            max(
                case when fifths.group_code = '1' then overall.period_end end
            ) as core20_period_end,
            overall.trusts_left_out,
            overall.data_origin,
            'returns' as source_id
        from {{ ref("mart_hi_rate") }} as overall
        left join
            {{ ref("mart_hi_rate") }} as fifths
            on overall.indicator_id = fifths.indicator_id
            and overall.organisation_code = fifths.organisation_code
            and overall.period_end = fifths.period_end
            and fifths.dimension = 'IMD_QUINTILE'
            and fifths.group_code in ('1', '2', '3', '4', '5')
            and not fifths.is_estimate
        where overall.dimension = 'ALL' and not overall.is_estimate
        group by all
    ),

    returned as (
        select
            metric_id,
            metric_name,
            polarity,
            geo_code,
            period_start,
            period_end,
            actual,
            actual_status,
            core20_rate,
            core20_status,
            case
                when is_rest_whole then {{ proportion(*pair[2:], multiplier=100) }}
            end as rest_rate,
            {%- for side in ["lower", "upper"] %}
                case
                    when is_rest_whole and core20_rate is not null
                    then
                        100
                        * {{
                            widened_limit(
                                "(" ~ gap_absolute_proportions(*pair) ~ ")",
                                "("
                                ~ (
                                    gap_absolute_newcombe_lower(*pair)
                                    if side == "lower"
                                    else gap_absolute_newcombe_upper(*pair)
                                )
                                ~ ")",
                                "sqrt(power("
                                ~ rounding_error(pair[0], pair[1], "true")
                                ~ ", 2) + power("
                                ~ rounding_error(pair[2], pair[3], "true", cells=4)
                                ~ ", 2))",
                            )
                        }}
                end as gap_{{ side }},
            {%- endfor %}
            core20_period_end,
            trusts_left_out,
            data_origin,
            source_id
        from summed
    ),

    facts as (
        select *
        from {{ ref("fct_indicator_value") }}
        where
            geography_basis = 'current'
            and treatment_function_code = 'all'
            and standardisation = 'crude'
    ),

    published as (
        {% call kept(
            "row_number() over (partition by metric.metric_id, "
            ~ "figure.organisation_code, figure.period_end order by "
            ~ "core20.period_end desc nulls last, core20.period_start) = 1"
        ) %}
        select
            metric.metric_id,
            metric.metric_name,
            metric.polarity,
            figure.organisation_code as geo_code,
            figure.period_start,
            figure.period_end,
            100 * figure.value as actual,
            figure.value_status as actual_status,
            100 * core20.value as core20_rate,
            core20.value_status as core20_status,
            100 * rest.value as rest_rate,
            100 * gap.ci_lower_95 as gap_lower,
            100 * gap.ci_upper_95 as gap_upper,
            core20.period_end as core20_period_end,
            cast(null as string) as trusts_left_out,
            figure.data_origin,
            figure.source_id
        from {{ ref("hi_metric") }} as metric
        inner join
            facts as figure
            on metric.indicator_id = figure.indicator_id
            and figure.dimension = 'all'
        left join
            facts as core20
            on metric.core20_indicator_id = core20.indicator_id
            and figure.organisation_code = core20.organisation_code
            and core20.dimension = 'core20'
            and core20.group_code = 'core20'
            and core20.period_end <= figure.period_end
            and core20.period_end >= figure.period_start - interval 1 month
        left join
            facts as rest
            on core20.indicator_id = rest.indicator_id
            and core20.organisation_code = rest.organisation_code
            and core20.period_end = rest.period_end
            and rest.dimension = 'core20'
            and rest.group_code = 'rest'
        left join
            {{ ref("fct_inequality_measure") }} as gap
            on core20.indicator_id = gap.indicator_id
            and core20.organisation_code = gap.organisation_code
            and core20.period_end = gap.period_end
            and gap.measure = 'absolute_gap'
            and gap.comparison_group = 'core20'
            and gap.reference_group = 'rest'
            and gap.treatment_function_code = 'all'
            and gap.geography_basis = 'current'
            and gap.standardisation = 'crude'
        {% endcall %}
    ),

    placed as (
        select
            targets.*,
            {{ all_but(["metric_id", "geo_code", "data_origin"], of="figure") }},
            figure.data_origin as figure_origin,
            least(
                1,
                greatest(
                    0,
                    {{
                        days_between(
                            "targets.baseline_period_end", "figure.period_end"
                        )
                    }} / nullif(
                        {{
                            days_between(
                                "targets.baseline_period_end", "targets.target_date"
                            )
                        }},
                        0
                    )
                )
            ) as way_gone
        from targets
        inner join
            (
                select *
                from returned
                union all
                select *
                from published
            ) as figure
            on targets.metric_id = figure.metric_id
            and targets.org_code = figure.geo_code
            and figure.period_end >= targets.baseline_period_end
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
        when actual is null or period_end > last_day(target_date)
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
    figure_origin as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from judged
left join
    {{ ref("dim_organisation") }} as organisation
    on judged.org_code = organisation.organisation_code

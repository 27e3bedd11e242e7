-- Grain: metric x organisation x period x source. Question: what is the figure of a
-- metric that has targets, and what are those of Core20 and of the other four
-- quintiles?
-- Figures come from the returns (mart_hi_rate) and from the published indicator that
-- the metric names (seed hi_metric); both stand where both are there. The gap is Core20
-- minus the other four quintiles, as everywhere. A published figure has its Core20 from
-- the newest waiting list by deprivation up to the same day, the month before at the
-- earliest. Limits of the gap are those of fct_inequality_measure; of returns
-- Newcombe's, with the rounding of one count of Core20 and four of the others.
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
    )

select *
from returned
union all
select *
from published

{{ config(materialized="view") }}
-- Grain: as fct_inequality_measure, the measures over all groups (concentration
-- indices, variances, disparity, mean differences, Theil, mean log deviation,
-- attributable risk and fraction). Question: how unequal is an indicator over all
-- groups, not only its ends? Weights are shares of the denominators. Ethnic groups have
-- no order, so no concentration index; a measure that needs to know which direction is
-- good has no row where the indicator does not say.
-- Variances, Theil and mean log deviation grow with chance, most in small trusts, which
-- they called the most unequal (correlation with the logarithm of the size -0.53), and
-- Ahn's limits lay below 0 in half of the rows. Here they are without their bias, with
-- limits that hold, beside what chance alone would make if no group differed
-- (expected_value and its 95% point; macro spread_under_chance). Theil and mean log
-- deviation take the same ratio as the variance, of which they are half, over the
-- squared mean, as long as groups differ by less than their mean.
-- Mean differences and the index of disparity grow with chance as well (correlation
-- with the logarithm of the size of trusts -0.46). They stay as WHO HEAT defines them,
-- beside what chance would make of them: a difference that is normal with the standard
-- deviation s lies sqrt(2 / pi) s apart in the mean. From the best group there is no
-- such value, because the data pick it.
-- Least size: a measure of spread says nothing where a group would have fewer than 5
-- events, or fewer than 5 people without one, at the common rate (Cochran's rule for
-- the chi-squared test).
-- Where groups have no order, the attributable measures compare with the best group,
-- which the data pick: no limits.
{%- set fewest_events = 5 %}
{%- set by_variance = {
    "between_group_variance": 1,
    "theil_index": 1,
    "mean_log_deviation": 1,
    "between_group_standard_deviation": 0.5,
    "coefficient_of_variation": 0.5,
} %}
{%- set error = standard_error_from_limits("ci_lower_95", "ci_upper_95") %}
{%- set figures %}
    with
        usable as (
            select
                groups.*,
                case when groups.is_ordered then groups.group_order end
                as subgroup_order,
                groups.polarity = 'higher_is_better' as is_favourable
            from {{ ref("int_inequality_group") }} as groups
            inner join
                {{ ref("int_inequality_family") }} as family
                on groups.family_id = family.family_id
            where
                family.family_status is null
                and groups.is_used
                and groups.dimension <> 'core20'
        ),

        estimates as (
            {{
                inequality_measures(
                    "usable",
                    ["family_id"],
                    "group_code",
                    "value",
                    "denominator",
                    error,
                    "subgroup_order",
                    "is_favourable",
                    "is_reference",
                    scale="multiplier",
                )
            }}
        ),

        sizes as (
            select
                family_id,
                bool_or(is_ordered) as is_ordered,
                max(unit) = 'proportion' as is_share,
                max(multiplier) as multiplier,
                min(denominator) as fewest_people,
                {{ in_order("sum", "denominator * value / multiplier") }}
                / nullif({{ in_order("sum", "denominator") }}, 0) as common_rate
            from usable
            group by family_id
        ),

        chance as (
            {{ spread_under_chance("usable", ["family_id"], "value", "denominator", error) }}
        ),

        {{ apart_by_chance(error) }},

        related as (
            select
                estimates.*,
                sizes.is_ordered,
                case
                    {%- for suffix in ["", "_weighted"] %}
                        when estimates.measure = 'index_of_disparity{{ suffix }}'
                        then
                            100
                            * apart.from_mean{{ suffix }}
                            / nullif(sizes.common_rate * sizes.multiplier, 0)
                        {%- for point in ["from_mean", "from_reference"] %}
                            when
                                estimates.measure
                                = 'mean_difference_{{ point }}{{ suffix }}'
                            then apart.{{ point }}{{ suffix }}
                        {%- endfor %}
                    {%- endfor %}
                end as expected_apart,
                case
                    {%- for suffix in ["", "_weighted"] %}
                        when
                            estimates.measure in (
                                'index_of_disparity{{ suffix }}',
                                'mean_difference_from_mean{{ suffix }}'
                            )
                        then
                            1
                            + {{ normal_quantile(0.9) }}
                            * apart.from_mean_error{{ suffix }}
                            / nullif(apart.from_mean{{ suffix }}, 0)
                    {%- endfor %}
                end as upper_of_expected,
                case
                    {%- for measure, power in by_variance.items() %}
                        when estimates.measure = '{{ measure }}' then {{ power }}
                    {%- endfor %}
                end as variance_power,
                coalesce(
                    estimates.reason,
                    case
                        when
                            (
                                estimates.measure in ('{{ by_variance | join("', '") }}')
                                or estimates.measure like 'index_of_disparity%'
                                or estimates.measure like 'mean_difference%'
                            )
                            and sizes.fewest_people
                            * least(
                                sizes.common_rate,
                                case when sizes.is_share then 1 - sizes.common_rate else cast('infinity' as double) end
                            )
                            < {{ fewest_events }}
                        then
                            'too few to tell: a group would have fewer than {{ fewest_events }} events, or people without one, at the common rate'
                    end
                ) as undefined_reason,
                {{ all_but(["family_id"], of="chance") }}
            from estimates
            inner join sizes on estimates.family_id = sizes.family_id
            left join chance on estimates.family_id = chance.family_id
            left join apart on estimates.family_id = apart.family_id
        )

    {%- set relative -%}
        estimate * power({} / nullif(between_variance, 0), variance_power)
    {%- endset %}
    select
        family_id,
        measure,
        case
            when undefined_reason is not null
            then null
            when variance_power is null or between_variance is null
            then estimate
            when corrected_variance = 0
            then 0
            else {{ relative.format("corrected_variance") }}
        end as value,
        {%- for limit, corrected in {
            "lower": "corrected_lower",
            "upper": "corrected_upper",
        }.items() %}
            case
                when
                    undefined_reason is not null
                    or (measure like 'population_attributable%' and not is_ordered)
                then null
                when variance_power is null
                then {{ limit }}
                else {{ relative.format(corrected) }}
            end as ci_{{ limit }}_95,
        {%- endfor %}
        case
            when undefined_reason is null and variance_power is not null
            then {{ relative.format("chance_variance") }}
            when undefined_reason is null
            then expected_apart
        end as expected_value,
        case
            when undefined_reason is null and variance_power is not null
            then {{ relative.format("chance_variance_upper") }}
            when undefined_reason is null
            then expected_apart * upper_of_expected
        end as expected_upper_95,
        case
            when undefined_reason is null and variance_power is not null
            then chance_p_value
        end as p_value,
        reference_group,
        undefined_reason,
        case
            when measure like 'population_attributable%' and not is_ordered
            then 'the best group is picked by the data: no limits'
            when variance_power is null
            then limits_reason
            when between_variance is null
            then 'a subgroup has no standard error'
        end as limits_reason
    from related
{%- endset %}

{{
    inequality_rows(
        figures,
        "summary",
        [
            "imd_decile",
            "imd_quintile",
            "ethnic_group",
            "ethnic_group_5",
            "ethnic_group_5_2001",
        ],
        expects=true,
    )
}}

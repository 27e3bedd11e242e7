-- Grain: trust x metric x ethnic group of five x quintile of deprivation x period
-- (newest periods).
-- Question: is the gap between ethnic groups still there inside each quintile of
-- deprivation, and is it larger or smaller there than the two gaps alone would make it?
-- Against White patients of the same quintile (within_fifth_*), and against White
-- patients of the least deprived quintile: ratio of ratios RR11 / (RR10 x RR01), 1
-- where the two disadvantages multiply; RERI RR11 - RR10 - RR01 + 1, 0 where they add
-- (Rothman). 1 first: the ethnic group; 1 second: the quintile. Both on the share of
-- adverse events (over 18 weeks, not within), so that above 1 and above 0 mean: worse
-- together than apart (on the share within 18 weeks both had the opposite sign). Limits
-- by the delta method (macros interaction): each of the four cells adds the variance of
-- its share (int_returns__intersection_cell). The limits are those of one row, not
-- corrected for how many rows there are; certainty is: q by Benjamini and Hochberg over
-- the rows of all trusts and metrics of a period.
{%- set cell = ["geo_level", "geo_code", "metric_id", "period_end"] %}
with
    varied as (select * from {{ ref("int_returns__intersection_cell") }}),

    compared as (
        select
            cells.*,
            same_fifth.numerator as white_numerator,
            same_fifth.denominator as white_denominator,
            cells.ethnic_group5 <> 'WHITE'
            and cells.share is not null
            and same_fifth.share is not null as is_compared,
            {%- for cell_name, relation in {
                "11": "cells",
                "10": "least_deprived",
                "01": "same_fifth",
                "00": "least_deprived_white",
            }.items() %}
                {{ relation }}.adverse_share as share_{{ cell_name }},
                {{ relation }}.adverse_variance as variance_{{ cell_name }}
                {{- "," if not loop.last }}
            {%- endfor %}
        from varied as cells
        {%- for alias, (group, fifth) in {
                "same_fifth": ["'WHITE'", "cells.imd_quintile"],
                "least_deprived": ["cells.ethnic_group5", "'5'"],
                "least_deprived_white": ["'WHITE'", "'5'"],
            }.items() %}
            left join
                varied as {{ alias }}
                on {% for column in cell %}
                    cells.{{ column }} = {{ alias }}.{{ column }} and
                {% endfor %}
                {{ alias }}.ethnic_group5 = {{ group }}
                and {{ alias }}.imd_quintile = {{ fifth }}
        {%- endfor %}
    ),

    interactions as (
        {%- set shares = ["share_11", "share_10", "share_01", "share_00"] %}
        {%- set variances = [
            "variance_11",
            "variance_10",
            "variance_01",
            "variance_00",
        ] %}
        select
            *,
            ethnic_group5 <> 'WHITE' and imd_quintile <> '5' as interacts,
            {{ ratio_of_ratios(*shares) }} as crossed,
            {{ normal_quantile(0.95) }}
            * {{ ratio_of_ratios_log_standard_error(shares, variances) }} as log_margin,
            {{ relative_excess_risk(*shares) }} as excess_risk,
            {{ relative_excess_risk_standard_error(shares, variances) }} as excess_error
        from compared
    ),

    tested as (
        select
            *,
            case
                when interacts
                then {{ normal_p_value("excess_risk / nullif(excess_error, 0)") }}
            end as interaction_p_value
        from interactions
    ),

    controlled as (
        {{ false_discovery("tested", "interaction_p_value", "geo_level, period_end") }}
    )

    {%- set pair = [
        "numerator",
        "denominator",
        "white_numerator",
        "white_denominator",
    ] %}
select
    {{ returns_organisation_level("geo_level") }} as organisation_level,
    geo_code as organisation_code,
    {{ icb_columns("organisation") }},
    {{ returns_current_trust("compared.geo_code", "organisation") }},
    metric_id as indicator_id,
    ethnic_group5 as ethnic_group_5,
    cast(imd_quintile as integer) as imd_quintile,
    period_start,
    period_end,
    numerator,
    numerator_status,
    numerator_low,
    numerator_high,
    denominator,
    denominator_status,
    denominator_low,
    denominator_high,
    100 * share as value,
    rate_status as value_status,
    'percent' as unit,
    {{ returns_rate_limits() }},
    withheld_reason,
    case
        when is_compared then {{ gap_absolute_proportions(*pair, multiplier=100) }}
    end as within_fifth_gap,
    {%- for side in ["lower", "upper"] %}
        case
            when is_compared then 100 * {{ returns_gap_limit(side, pair) }}
        end as within_fifth_gap_ci_{{ side }}_95,
    {%- endfor %}
    case when interacts then crossed end as ratio_of_ratios,
    case
        when interacts and crossed > 0 then crossed * exp(- log_margin)
    end as ratio_of_ratios_ci_lower_95,
    case
        when interacts and crossed > 0 then crossed * exp(log_margin)
    end as ratio_of_ratios_ci_upper_95,
    case when interacts then excess_risk end as reri,
    case
        when interacts then excess_risk - {{ normal_quantile(0.95) }} * excess_error
    end as reri_ci_lower_95,
    case
        when interacts then excess_risk + {{ normal_quantile(0.95) }} * excess_error
    end as reri_ci_upper_95,
    q_value,
    case when interacts then {{ returns_certainty("q_value") }} end as certainty,
    imd_version,
    case when is_revised then 'r' end as revision_flag,
    period_end as data_as_of,
    compared.data_origin
from controlled as compared
left join
    {{ ref("dim_organisation") }} as organisation
    on compared.geo_code = organisation.organisation_code

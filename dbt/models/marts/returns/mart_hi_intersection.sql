-- Grain: trust x metric x ethnic group of five x quintile of deprivation x period
-- (newest periods).
-- Question: is the gap between ethnic groups still there inside each quintile of
-- deprivation, and is it larger or smaller
-- there than the two gaps alone would make it?
-- Against White patients of the same quintile (within_fifth_*), and against White
-- patients of the least deprived quintile:
-- ratio of ratios RR11 / (RR10 x RR01), 1 where the two disadvantages multiply; RERI
-- RR11 - RR10 - RR01 + 1, 0 where they add (Rothman). 1 first: the ethnic group; 1
-- second: the quintile. Both on the share of adverse events (over 18 weeks, not
-- within), so that above 1 and above 0 mean: worse together than apart (on the share
-- within 18 weeks both had the opposite sign). Limits by the delta method (macros
-- interaction). Groups of five that a trust sent in the grouping of 2001 (ASIAN_2001,
-- OTHER_2001; see int_returns__rate_cell) are named and withheld, counts too: no whole
-- of theirs is in the marts, so the disclosure attack could not weigh them against the
-- categories. Each of the four cells adds the variance of its share and that of
-- rounding its counts to 5 (macro rounding_error). The limits are those of one row,
-- not corrected for how many rows there are; certainty is: q by Benjamini
-- and Hochberg over the rows of all trusts and metrics of a period.
{%- set cell = ["geo_level", "geo_code", "metric_id", "period_end"] %}
{%- set metrics = "('WL_LE18_PCT', 'WL_GT52_PCT', 'OP_DNA_PCT')" %}
with
    shown as (
        {{
            returns_shown_cells(
                "dim_type in ('ETHNIC5_IMD_QUINTILE', 'IMD_QUINTILE', 'ETHNIC5') and geo_level = 'TRUST' and metric_id in "
                ~ metrics
            )
        }}
    ),

    nested as (
        select
            {% call all_with(["imd_quintile"]) %}
                case
                    dim_type
                    when 'IMD_QUINTILE'
                    then dim_value
                    when 'ETHNIC5'
                    then 'whole'
                    else imd_quintile
                end as imd_quintile
            {% endcall %},
            case
                dim_type when 'IMD_QUINTILE' then 'whole' else dim_value
            end as ethnic_group5
        from shown
    ),

    safe as (
        {{
            returns_withheld_sets(
                "nested",
                [
                    {
                        "same": cell + ["imd_quintile"],
                        "sets": ["dim_type"],
                        "parts": "dim_type = 'ETHNIC5_IMD_QUINTILE'",
                        "whole": "dim_type = 'IMD_QUINTILE'",
                    },
                    {
                        "same": cell + ["ethnic_group5"],
                        "sets": ["dim_type"],
                        "parts": "dim_type = 'ETHNIC5_IMD_QUINTILE'",
                        "whole": "dim_type = 'ETHNIC5'",
                    },
                ],
                found=ref("stg_returns__withheld_set"),
            )
        }}
    ),

    -- Where half of an ethnic group's cells are hidden, rows and columns together would
    -- say too much of them: the group is then shown in no quintile.
    thin as (
        select
            *,
            dim_type = 'ETHNIC5_IMD_QUINTILE'
            and (
                ethnic_group5 like '%2001'
                or greatest(
                    count(
                        case when numerator_status = 'suppressed' then 1 end
                    ) over group_cells,
                    count(
                        case when denominator_status = 'suppressed' then 1 end
                    ) over group_cells
                )
                >= 3
            ) as is_thin
        from safe
        window
            group_cells as (
                partition by {{ cell | join(", ") }}, dim_type, ethnic_group5
            )
    ),

    guarded as (
        select
            {{
                returns_withheld_where(
                    "thin",
                    "is_thin",
                    "half of the quintiles of this group are too small",
                )
            }}
        from thin
    ),

    shared as (
        {{
            returns_shared_denominators(
                "guarded",
                [
                    "geo_level",
                    "geo_code",
                    "dim_type",
                    "ethnic_group5",
                    "imd_quintile",
                    "period_end",
                ],
            )
        }}
    ),

    cells as (
        select
            *,
            {{ disclosed_value("rate_status", proportion("numerator", "denominator")) }}
            as share,
            {{
                disclosed_value(
                    "rate_status",
                    proportion(
                        "case when metric_id = 'WL_LE18_PCT' then denominator - numerator else numerator end",
                        "denominator",
                    ),
                )
            }}
            as adverse_share
        from shared
        where dim_type = 'ETHNIC5_IMD_QUINTILE'
    ),

    -- variance of the adverse share: binomial, and that of the rounding of both counts
    varied as (
        select
            *,
            adverse_share * (1 - adverse_share) / denominator + power(
                {{ rounding_error("numerator", "denominator", "true") }}, 2
            ) as adverse_variance
        from cells
    ),

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
    compared.data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from controlled as compared
left join
    {{ ref("dim_organisation") }} as organisation
    on compared.geo_code = organisation.organisation_code

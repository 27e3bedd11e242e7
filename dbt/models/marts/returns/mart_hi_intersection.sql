-- Grain: trust x metric x ethnic group of five x fifth of deprivation x period
-- (newest periods).
-- Question: is the gap between ethnic groups still there inside each fifth of
-- deprivation, and is it larger or smaller
-- there than the two gaps alone would make it?
-- Against White patients of the same fifth (within_fifth_*), and against White
-- patients of the least deprived fifth:
-- ratio of ratios RR11 / (RR10 x RR01), 1 where the two disadvantages multiply; RERI
-- RR11 - RR10 - RR01 + 1, 0 where they
-- add (Rothman). 1 first: the ethnic group; 1 second: the fifth. All from rounded
-- counts.
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
            * replace (
                case
                    dim_type
                    when 'IMD_QUINTILE'
                    then dim_value
                    when 'ETHNIC5'
                    then 'whole'
                    else imd_quintile
                end as imd_quintile
            ),
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

    -- Where half of an ethnic group's cells are hidden, rows and columns together
    -- would say
    -- too much of them: the group is then shown in no fifth.
    thin as (
        select
            *,
            dim_type = 'ETHNIC5_IMD_QUINTILE'
            and greatest(
                count(*) filter (numerator_status = 'suppressed') over group_cells,
                count(*) filter (denominator_status = 'suppressed') over group_cells
            )
            >= 3 as is_thin
        from safe
        window
            group_cells as (
                partition by {{ cell | join(", ") }}, dim_type, ethnic_group5
            )
    ),

    guarded as (
        select
            thin.* replace (
                {%- for column in [
                    "numerator_status",
                    "denominator_status",
                    "rate_status",
                ] %}
                    case
                        when is_thin then 'withheld' else {{ column }}
                    end as {{ column }},
                {%- endfor %}
                {%- for column in ["numerator", "denominator"] %}
                    case when not is_thin then {{ column }} end as {{ column }},
                {%- endfor %}
                case
                    when is_thin
                    then
                        coalesce(
                            withheld_reason,
                            'half of the fifths of this group are too small'
                        )
                    else withheld_reason
                end as withheld_reason
            )
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
            as share
        from shared
        where dim_type = 'ETHNIC5_IMD_QUINTILE'
    ),

    compared as (
        select
            cells.*,
            same_fifth.numerator as white_numerator,
            same_fifth.denominator as white_denominator,
            cells.ethnic_group5 <> 'WHITE'
            and cells.share is not null
            and same_fifth.share is not null as is_compared,
            cells.share / nullif(least_deprived_white.share, 0) as rr_11,
            least_deprived.share / nullif(least_deprived_white.share, 0) as rr_10,
            same_fifth.share / nullif(least_deprived_white.share, 0) as rr_01
        from cells
        {%- for alias, (group, fifth) in {
                "same_fifth": ["'WHITE'", "cells.imd_quintile"],
                "least_deprived": ["cells.ethnic_group5", "'5'"],
                "least_deprived_white": ["'WHITE'", "'5'"],
            }.items() %}
            left join
                cells as {{ alias }}
                on {% for column in cell %}
                    cells.{{ column }} = {{ alias }}.{{ column }} and
                {% endfor %}
                {{ alias }}.ethnic_group5 = {{ group }}
                and {{ alias }}.imd_quintile = {{ fifth }}
        {%- endfor %}
    )

    {%- set pair = [
        "numerator",
        "denominator",
        "white_numerator",
        "white_denominator",
    ] %}
    {%- set interacts = "ethnic_group5 <> 'WHITE' and imd_quintile <> '5'" %}
select
    geo_level,
    geo_code,
    {{ returns_current_trust("compared.geo_code", "organisation") }},
    metric_id,
    ethnic_group5,
    imd_quintile,
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
    100 * share as rate,
    rate_status,
    {{
        disclosed_value(
            "rate_status", wilson_lower("numerator", "denominator", 0.95, 100)
        )
    }} as lcl,
    {{
        disclosed_value(
            "rate_status", wilson_upper("numerator", "denominator", 0.95, 100)
        )
    }} as ucl,
    case
        when rate_status = 'published' then 'OK' else upper(rate_status)
    end as disclosure_flag,
    withheld_reason,
    case
        when is_compared then {{ gap_absolute_proportions(*pair, multiplier=100) }}
    end as within_fifth_gap_pp,
    case
        when is_compared then 100 * {{ gap_absolute_newcombe_lower(*pair) }}
    end as within_fifth_gap_lcl,
    case
        when is_compared then 100 * {{ gap_absolute_newcombe_upper(*pair) }}
    end as within_fifth_gap_ucl,
    case
        when is_compared then {{ gap_relative_proportions(*pair) }}
    end as within_fifth_rate_ratio,
    case
        when is_compared then {{ gap_relative_katz_lower(*pair) }}
    end as within_fifth_rr_lcl,
    case
        when is_compared then {{ gap_relative_katz_upper(*pair) }}
    end as within_fifth_rr_ucl,
    case
        when {{ interacts }} then rr_11 / nullif(rr_10 * rr_01, 0)
    end as ratio_of_ratios,
    case when {{ interacts }} then rr_11 - rr_10 - rr_01 + 1 end as reri,
    imd_version,
    case when is_revised then 'r' end as revision_flag,
    period_end as data_as_of,
    compared.data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from compared
left join
    {{ ref("dim_organisation") }} as organisation
    on compared.geo_code = organisation.organisation_code

-- Grain: trust x metric x ethnic group of five x quintile of deprivation x period.
-- Question: which of these counts may be shown, which share do they give, and how far
-- can the share be off?
-- Groups of five that a trust sent in the grouping of 2001 (ASIAN_2001, OTHER_2001; see
-- int_returns__rate_cell) are named and withheld, counts too: no whole of theirs is in
-- the marts, so the disclosure attack could not weigh them against the categories.
-- Variance is of the share of adverse events (over 18 weeks, not within): binomial, and
-- that of rounding both counts to 5 (macro rounding_error).
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
    )

select
    *,
    adverse_share * (1 - adverse_share) / denominator + power(
        {{ rounding_error("numerator", "denominator", "true") }}, 2
    ) as adverse_variance
from cells

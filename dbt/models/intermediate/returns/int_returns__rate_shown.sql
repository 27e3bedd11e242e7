-- Grain: level x organisation x metric x dimension x group x period. Question: which
-- counts of a metric may be shown, beside all others
-- that are shown?
-- A set of groups is withheld where its sum, or what other figures say of it together
-- (stg_returns__withheld_set), would give a hidden count away; a sum of few trusts
-- where one of them is hidden. Counts are rounded; the status of each says why there is
-- none.
-- Restricted, as its rows also say which sums a cell is in. Made again by period.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(
    parts_of_rows(
        "period_end",
        rows=[
            ref("int_returns__rate_level"),
            ref("stg_returns__withheld_set"),
        ],
    )
) %}
{%- set geography = ["geo_level", "geo_code", "metric_id", "period_end"] %}
{%- set group = ["metric_id", "dim_type", "dim_value", "period_end"] %}
{%- set is_in_sums = " and coalesce(withheld_reason, '') not like 'W0%' and is_expected and (dim_type = 'ALL' or not is_safe)" %}
{%- set is_hidden_sum = "coalesce(has_hidden_part and trusts_included < 10, false)" %}
with
    shown as (
        select
            *,
            case
                when dim_type like 'IMD_DECILE%'
                then {{ returns_fifth("dim_value") }}
                when dim_type = 'ETHNIC_CATEGORY'
                then
                    (
                        select max(group5)
                        from {{ ref("ethnic_category") }} as category
                        where category.code = dim_value
                    )
                else dim_value
            end as nest_group
        from
            (
                {{
                    returns_shown_cells(
                        "dim_type not like 'ETHNIC5_IMD%' and "
                        ~ in_parts(asked, "period_end")
                    )
                }}
            )
    ),

    safe as (
        {{
            returns_withheld_sets(
                "shown",
                [
                    {
                        "same": geography,
                        "sets": ["dim_type"],
                        "parts": "dim_type <> 'ALL'",
                        "whole": "dim_type = 'ALL'",
                    },
                    {
                        "same": geography + ["nest_group"],
                        "sets": ["dim_type"],
                        "parts": "dim_type = 'IMD_DECILE'",
                        "whole": "dim_type = 'IMD_QUINTILE'",
                    },
                    {
                        "same": geography + ["nest_group"],
                        "sets": ["dim_type"],
                        "parts": "dim_type = 'ETHNIC_CATEGORY'",
                        "whole": "dim_type = 'ETHNIC5'",
                    },
                    {
                        "same": group + ["icb_code"],
                        "sets": ["geo_level"],
                        "parts": "geo_level = 'TRUST'" ~ is_in_sums,
                        "whole": "geo_level = 'ICB'",
                        "hide_whole": true,
                    },
                    {
                        "same": group,
                        "sets": ["geo_level"],
                        "parts": "geo_level = 'TRUST'" ~ is_in_sums,
                        "whole": "geo_level = 'NATIONAL'",
                        "hide_whole": true,
                    },
                ],
                found=ref("stg_returns__withheld_set"),
            )
        }}
    ),

    -- A sum of fewer than ten trusts is not shown where one of them is hidden:
    -- England less the other ICBs would give it away.
    hidden_parts as (
        select
            metric_id,
            dim_type,
            dim_value,
            period_end,
            icb_code,
            bool_or(
                numerator_status = 'suppressed' or denominator_status = 'suppressed'
            ) as has_hidden_part
        from safe
        where geo_level = 'TRUST' {{ is_in_sums }}
        group by
            grouping sets (
                ({{ group | join(", ") }}, icb_code), ({{ group | join(", ") }})
            )
        -- Trusts of which no ICB is known are in no ICB's sum; as a group of their own
        -- they would be a second England, which has no ICB either.
        having grouping(icb_code) = 1 or icb_code is not null
    ),

    summed as (
        select
            {{
                returns_withheld_where(
                    "safe",
                    is_hidden_sum,
                    "a sum of few trusts, of which one is hidden",
                )
            }}
        from safe
        left join
            hidden_parts
            on case when safe.geo_level <> 'TRUST' then safe.metric_id end
            = hidden_parts.metric_id
            and safe.dim_type = hidden_parts.dim_type
            and safe.dim_value = hidden_parts.dim_value
            and safe.period_end = hidden_parts.period_end
            and safe.icb_code is not distinct from hidden_parts.icb_code
    )

    {{
        returns_shared_denominators(
            "summed",
            [
                "geo_level",
                "geo_code",
                "dim_type",
                "dim_value",
                "period_end",
            ],
        )
    }}

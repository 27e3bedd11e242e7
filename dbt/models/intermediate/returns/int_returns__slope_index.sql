-- Grain: level x organisation x metric x dimension (quintiles of one edition) x period.
-- Question: how much more do the most deprived have than the least deprived, when every
-- quintile counts? Slope and relative index of the shown rates, most minus (over) least
-- deprived, as shares. Restricted. Made again by period.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(parts_of_rows("period_end", kept=[ref("mart_hi_rate")])) %}
{%- set series = [
    "organisation_level",
    "organisation_code",
    "indicator_id",
    "dimension",
] %}
with
    fifths as (
        select
            *,
            cast(group_code as integer) as fifth,
            value / 100 as share,
            ci_lower_95 / 100 as share_lcl,
            ci_upper_95 / 100 as share_ucl
        from {{ ref("mart_hi_rate") }}
        where
            dimension like 'IMD_QUINTILE%'
            and group_code <> '99'
            and {{ in_parts(asked, "period_end") }}
    ),

    indices as (
        {{
            slope_index(
                "fifths",
                series + ["period_start", "period_end", "imd_version", "data_origin"],
                "fifth",
                "denominator",
                "share",
                "share_lcl",
                "share_ucl",
                value_type="proportion",
                transform=true,
                multiplier=-1,
                quantiles=5,
            )
        }}
    ),

    reasons as (
        select
            {{ series | join(", ") }},
            period_end,
            max(icb_code) as icb_code,
            max(icb_name) as icb_name,
            max(withheld_reason) as withheld_reason,
            bool_or(revision_flag = 'r') as is_revised
        from fifths
        group by all
    )

select
    indices.*,
    reasons.icb_code,
    reasons.icb_name,
    reasons.withheld_reason,
    reasons.is_revised
from indices
inner join reasons using ({{ series | join(", ") }}, period_end)

-- Grain: indicator x organisation of today x treatment function x period x dimension x
-- group. Question: who waits how long for planned care, and how does that
-- compare with England? Trusts, ICBs and regions of the WLMDS are NHS acute providers
-- only and are next to England's NHS acute providers; RTT has all providers at every
-- level. Every share is of the pathways with a known clock start; the share of those
-- without one is next to it. Made again by period.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(
    parts_beside_england(kept=[ref("int_waiting_list_unknown_clock_start")])
) %}
with
    figures as (
        {{
            beside_england(
                ["nhse_rtt", "nhse_rtt_archive", "nhse_wlmds"],
                [
                    "target",
                    "target_reading",
                    "treatment_function_code",
                    "treatment_function_name",
                    "dimension",
                    "group_code",
                    "group_name",
                    "value_low",
                    "value_high",
                    "numerator_low",
                    "numerator_high",
                    "sector",
                    "organisations_missing",
                    "imd_version",
                ],
                asked=asked,
            )
        }}
    )

select
    figures.*,
    {{ level_label("figures.organisation_level", "figures.source_id") }} as level_label,
    unknown.numerator / nullif(unknown.denominator, 0) as unknown_clock_start_share,
    {%- for side in ["low", "high"] %}
        coalesce(unknown.numerator_{{ side }}, unknown.numerator) / nullif(
            unknown.denominator, 0
        ) as unknown_clock_start_share_{{ side }} {{- "," if not loop.last }}
    {%- endfor %}
from figures
left join
    {{ ref("int_waiting_list_unknown_clock_start") }} as unknown
    on figures.source_id = unknown.source_id
    and figures.organisation_code = unknown.organisation_code
    and figures.treatment_function_code = unknown.treatment_function_code
    and figures.period_start = unknown.period_start
    and figures.period_end = unknown.period_end
    and figures.dimension = unknown.dimension
    and figures.group_code = unknown.group_code
    and figures.geography_basis = unknown.geography_basis

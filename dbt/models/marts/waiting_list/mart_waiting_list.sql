-- Grain: indicator x organisation x treatment function x period x dimension x group x
-- geography basis. Question: who waits how long for planned care, and how does that
-- compare with England? Trusts, ICBs and regions of the WLMDS are NHS acute providers
-- only and are next to England's NHS acute providers; RTT has all providers at every
-- level. Every share is of the pathways with a known clock start; the share of those
-- without one is next to it.
with
    figures as (
        {{
            beside_england(
                ["nhse_rtt", "nhse_rtt_archive", "nhse_wlmds"],
                [
                    "indicator_id",
                    "indicator_name",
                    "unit",
                    "polarity",
                    "target",
                    "target_reading",
                    "organisation_code",
                    "organisation_name",
                    "organisation_level",
                    "treatment_function_code",
                    "treatment_function_name",
                    "period_start",
                    "period_end",
                    "period_type",
                    "dimension",
                    "group_code",
                    "group_name",
                    "geography_basis",
                    "numerator",
                    "denominator",
                    "value",
                    "value_low",
                    "value_high",
                    "ci_lower_95",
                    "ci_upper_95",
                    "value_status",
                    "value_status_reason",
                    "numerator_low",
                    "numerator_high",
                    "sector",
                    "organisations_missing",
                    "england_value",
                    "gap_to_england",
                    "england_comparison",
                    "imd_version",
                    "geography_vintage",
                    "source_id",
                    "snapshot_sha256",
                    "data_as_of",
                    "data_origin",
                    "release_id",
                ],
            )
        }}
    )

select
    figures.* exclude (release_id),
    {{ level_label("figures.organisation_level", "figures.source_id") }} as level_label,
    unknown.numerator / nullif(unknown.denominator, 0) as unknown_clock_start_share,
    {%- for side in ["low", "high"] %}
        coalesce(unknown.numerator_{{ side }}, unknown.numerator)
        / nullif(unknown.denominator, 0) as unknown_clock_start_share_{{ side }},
    {%- endfor %}
    figures.release_id
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

-- Grain: indicator x organisation x treatment function x period x dimension x group x
-- geography basis. Question: who waits how long for planned care, and how does that
-- compare with England? Trusts, ICBs and regions of the WLMDS are NHS acute providers
-- only, England is all sectors; RTT has all providers at every level.
{{
    beside_england(
        ["nhse_rtt", "nhse_wlmds"],
        [
            "indicator_id",
            "indicator_name",
            "unit",
            "polarity",
            "target",
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
            "ci_lower_95",
            "ci_upper_95",
            "value_status",
            "value_status_reason",
            "numerator_low",
            "numerator_high",
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

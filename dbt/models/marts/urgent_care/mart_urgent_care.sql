-- Grain: indicator x organisation x month x geography basis. Question: how long do
-- people wait in A&E, and how does that compare with England? Where four-hour waits
-- were not collected the value is NULL, never 100 %; sums say in organisations_missing
-- how many they leave out.
{{
    beside_england(
        ["nhse_ae"],
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
            "period_start",
            "period_end",
            "period_type",
            "geography_basis",
            "numerator",
            "denominator",
            "value",
            "ci_lower_95",
            "ci_upper_95",
            "value_status",
            "value_status_reason",
            "organisations_missing",
            "england_value",
            "gap_to_england",
            "england_comparison",
            "geography_vintage",
            "source_id",
            "snapshot_sha256",
            "data_as_of",
            "data_origin",
            "release_id",
        ],
    )
}}

-- Grain: figure of a source whose mart has the organisations of today (waits, A&E,
-- cancer waiting times, outpatients), for the organisations that its file names.
-- Question: what was published for an organisation that has been merged, divided or
-- closed since, beside England? Where nothing changed the figures are those of the
-- mart. Made again by period.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(parts_beside_england()) %}
{{
    beside_england(
        [
            "nhse_ae",
            "nhse_cwt",
            "nhse_rtt",
            "nhse_rtt_archive",
            "nhse_wlmds",
            "nhsd_hes_monthly",
            "nhsd_hes_outpatient",
        ],
        [
            "treatment_function_code",
            "treatment_function_name",
            "dimension",
            "group_code",
            "group_name",
            "value_low",
            "value_high",
            "numerator_low",
            "numerator_high",
            "organisations_missing",
            "imd_version",
        ],
        basis="as_reported",
        asked=asked,
    )
}}

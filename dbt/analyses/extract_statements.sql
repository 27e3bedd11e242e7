-- Question: which statements turn a trust's patient-level extract into its return, on the trust's own machine?
-- Rendered with the measures, once for each state of this project (transform/dbt.py); `hiw extract` runs them one after the other over
-- the relations that dbt/macros/extract names. A national body calls the same macros over relations of its own.
-- name: decile_of_lsoa
{{ extract_decile_of_lsoa() }}
-- name: decile_of_postcode
{{ extract_decile_of_postcode() }}
-- name: area_of_person
{{ extract_area_of_person() }}
-- name: wlmds_open_grouped
{{ extract_wlmds_open_grouped() }}
-- name: wlmds_open_judged
{{ extract_wlmds_open_judged() }}
-- name: wlmds_open_repeated
{{ extract_repeated_keys() }}
-- name: wlmds_open_duplicates
{{ extract_wlmds_open_duplicates() }}
-- name: wlmds_open_tally
{{ extract_tally_of_groups() }}
-- name: wlmds_open_periods
{{ extract_periods("wlmds_open", "census_day") }}
-- name: wlmds_open_cells
{{ extract_wlmds_open_cells() }}
-- name: cds_020_grouped
{{ extract_cds_020_grouped() }}
-- name: cds_020_judged
{{ extract_cds_020_judged() }}
-- name: cds_020_repeated
{{ extract_repeated_keys() }}
-- name: cds_020_duplicates
{{ extract_cds_020_duplicates() }}
-- name: cds_020_tally
{{ extract_tally_of_groups() }}
-- name: cds_020_periods
{{ extract_periods("cds_020", "appointment_date") }}
-- name: cds_020_cells
{{ extract_cds_020_cells() }}
-- name: ecds_judged
{{ extract_ecds_judged() }}
-- name: ecds_repeated
{{ extract_ecds_repeated() }}
-- name: ecds_tally
{{ extract_ecds_tally() }}
-- name: ecds_periods
{{ extract_periods("ecds", "arrival_date") }}
-- name: ecds_cells
{{ extract_ecds_cells() }}
-- name: admitted_care_judged
{{ extract_admitted_care_judged() }}
-- name: admitted_care_tally
{{ extract_admitted_care_tally() }}
-- name: admitted_care_periods
{{ extract_periods("admitted_care", "spell_start") }}
-- name: admitted_care_cells
{{ extract_admitted_care_cells() }}
-- name: wl01_rows
{{ extract_wl01_rows() }}
-- name: op01_rows
{{ extract_op01_rows() }}
-- name: uc01_rows
{{ extract_uc01_rows() }}
-- name: told
select place, {{ extract_told("n") }} as told from counts order by place

-- Question: which statements turn a trust's patient-level extract into its return, on the trust's own machine?
-- Rendered with the measures, once for each state of this project (transform/dbt.py); `hiw extract` runs them one after the other over
-- the relations that dbt/macros/extract names. A national body calls the same macros over relations of its own.
-- name: decile_of_lsoa
{{ extract_decile_of_lsoa() }}
-- name: decile_of_postcode
{{ extract_decile_of_postcode() }}
-- name: area_of_person
{{ extract_area_of_person() }}
-- name: wl01_judged
{{ extract_wl01_judged() }}
-- name: wl01_duplicates
{{ extract_wl01_duplicates() }}
-- name: wl01_cells
{{ extract_wl01_cells() }}
-- name: wl01_rows
{{ extract_wl01_rows() }}
-- name: told
select place, {{ extract_told("n") }} as told from counts order by place

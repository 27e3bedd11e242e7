-- Grain: one row for each year, dimension and group. Question: what does the
-- publisher say?
select * from {{ source("nhsd_hes_outpatient", "ethnicity_deprivation") }}

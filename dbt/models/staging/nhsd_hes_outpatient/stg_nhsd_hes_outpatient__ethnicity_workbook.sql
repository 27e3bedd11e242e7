-- Grain: one row for each year and ethnic category, in the shape of
-- ethnicity_deprivation. Question: what does the publisher say?
select * from {{ source("nhsd_hes_outpatient", "ethnicity_workbook") }}

-- Grain: one row for each year and decile, in the shape of ethnicity_deprivation.
-- Question: what does the publisher say?
select * from {{ source("nhsd_hes_outpatient", "deprivation_workbook") }}

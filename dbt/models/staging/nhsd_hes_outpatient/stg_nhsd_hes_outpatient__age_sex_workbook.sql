-- Grain: one row for each year, main specialty and age band, in the shape of
-- age_sex_specialty. Question: what does the publisher say?
select * from {{ source("nhsd_hes_outpatient", "age_sex_workbook") }}

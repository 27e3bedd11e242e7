-- Grain: one row for each year, breakdown and specialty. Question: what does the
-- publisher say?
select * from {{ source("nhsd_hes_outpatient", "main_specialty") }}

-- Grain: one row for each month and age band (England). Question: what does the
-- publisher say?
select * from {{ source("nhsd_hes_monthly", "age_band") }}

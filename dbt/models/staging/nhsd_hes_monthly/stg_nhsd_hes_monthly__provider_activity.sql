-- Grain: one row for each month, breakdown and organisation. Question: what does the
-- publisher say?
select * from {{ source("nhsd_hes_monthly", "provider_activity") }}

-- Grain: one row for each month and treatment function (England). Question: what does
-- the publisher say?
select * from {{ source("nhsd_hes_monthly", "treatment_function") }}

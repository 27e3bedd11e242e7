-- Grain: one row for each year, kind of attendance, main specialty and age band that
-- has an attendance. Question: what does the publisher say?
select * from {{ source("nhsd_hes_outpatient", "age_sex_specialty") }}

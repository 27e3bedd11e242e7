-- Grain: one row for each LSOA of 2021 and five-year age band, England and Wales.
-- Question: what does the publisher say?
select * from {{ source("ons_census", "age_band") }}

-- Grain: one row for each LSOA of 2021 in England, with its sub-ICB location, ICB and
-- district. Question: what does the publisher say?
select * from {{ source("ons_geography", "lsoa_2021") }}

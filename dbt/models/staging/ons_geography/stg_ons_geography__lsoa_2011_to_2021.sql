-- Grain: one row for each pair of an LSOA of 2011 and an LSOA of 2021 that share
-- ground. Question: what does the publisher say?
select * from {{ source("ons_geography", "lsoa_2011_to_2021") }}

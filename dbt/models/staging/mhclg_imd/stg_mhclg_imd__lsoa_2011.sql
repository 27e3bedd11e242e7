-- Grain: one row for each LSOA of 2011 in England, with the indices of 2019.
-- Question: what does the publisher say?
select * from {{ source("mhclg_imd", "lsoa_2011") }}

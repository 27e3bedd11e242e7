-- Grain: one row for each LSOA of 2021 in England, with the indices of 2025.
-- Question: what does the publisher say?
select * from {{ source("mhclg_imd", "lsoa_2021") }}

-- Grain: one row for each trust and ICB from which it has patients. Question: what
-- does the publisher say?
select * from {{ source("ohid_catchment", "trust_icb") }}

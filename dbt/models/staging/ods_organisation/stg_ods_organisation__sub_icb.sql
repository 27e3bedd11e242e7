-- Grain: one row for each sub-ICB location, reporting entity or commissioning hub,
-- closed groups included. Question: what does the publisher say?
select * from {{ source("ods_organisation", "sub_icb") }}

-- Grain: one row for each NHS trust, closed ones included. Question: what does the
-- publisher say?
select * from {{ source("ods_organisation", "trust") }}

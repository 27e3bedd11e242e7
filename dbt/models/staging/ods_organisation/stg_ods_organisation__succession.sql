-- Grain: one row for each predecessor, successor and day of effect. Question: what
-- does the publisher say?
select * from {{ source("ods_organisation", "succession") }}

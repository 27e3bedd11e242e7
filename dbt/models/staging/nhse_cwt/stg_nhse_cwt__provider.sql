-- Grain and meaning: as the clean table. Question: what does the publisher say?
select * from {{ source("nhse_cwt", "provider") }}

-- Grain and meaning: as the clean table. Question: what does the publisher say?
select * from {{ source("ohid_dental_extractions", "extractions") }}

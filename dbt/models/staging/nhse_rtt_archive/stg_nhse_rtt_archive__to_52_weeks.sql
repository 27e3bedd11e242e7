-- Grain and meaning: as the clean table. Question: what does the publisher say?
select * from {{ source("nhse_rtt_archive", "to_52_weeks") }}

-- Grain and meaning: as the clean table. Question: what does the publisher say?
select * from {{ source("nhse_rtt_archive", "before_october_2017") }}

-- Grain and meaning: as the clean table. Question: what do the trusts say? Restricted.
select * from {{ source("returns", "sa01") }}

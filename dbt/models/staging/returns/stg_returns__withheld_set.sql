-- Grain and meaning: as the clean table. Question: which sets of counts would several
-- tables together give away? Restricted.
select distinct geo_level, geo_code, metric_id, dim_type, period_end
from {{ source("returns", "withheld_set") }}

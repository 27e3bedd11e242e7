-- Grain: source. Question: who publishes it, under which licence, how must it be
-- attributed, and is its format confirmed?
select
    slug as source_id,
    title as source_title,
    why,
    publisher,
    licence,
    attribution,
    documentation,
    cadence,
    format_status,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from {{ source("meta", "sources") }}

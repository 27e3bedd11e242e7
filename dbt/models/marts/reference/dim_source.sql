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
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from {{ source("meta", "sources") }}

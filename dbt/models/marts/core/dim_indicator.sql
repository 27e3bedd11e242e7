-- Grain: indicator. Question: what is counted, over what, why, in which unit, and who
-- answers for it?
select
    indicator_id,
    indicator_name,
    definition,
    why_it_matters,
    numerator,
    denominator,
    unit,
    polarity,
    target,
    target_source,
    core20plus5_element,
    available_level,
    source_id,
    method,
    breaks_in_series,
    caveats,
    author,
    checked_by,
    next_review,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from {{ ref("indicators") }}

-- Grain: dimension x group. Question: which groups are there, in which order, and
-- which one is the reference or means unknown?
select
    dimension,
    group_code,
    group_name,
    group_order,
    is_unknown,
    is_reference,
    is_core20,
    age_from,
    age_to,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from {{ ref("group_definitions") }}

-- Grain: indicator x target x level. Question: which targets were set for an indicator,
-- by whom, for which levels, and from when to when do they apply?
-- Everything comes from dbt/indicators/<indicator_id>.yml. Targets that have lapsed
-- stay; which one a figure is read by is said in int_indicator_target.
select
    indicator_id,
    cast(target_no as integer) as target_no,
    organisation_level,
    cast(target as double) as target,
    target_kind,
    cast(applies_from as date) as valid_from,
    cast(applies_to as date) as valid_to,
    target_statement,
    target_source,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from {{ source("meta", "indicator_targets") }}

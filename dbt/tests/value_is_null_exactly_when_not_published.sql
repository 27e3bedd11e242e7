-- A value beside a status that denies it, a NULL beside one that promises it, or a NULL
-- without a reason.
select
    'fct_indicator_value' as table_name,
    indicator_id,
    organisation_code,
    period_end,
    dimension,
    group_code as what,
    value_status
from {{ ref("fct_indicator_value") }}
where
    (value is null) = (value_status = 'published')
    or (value is null and value_status_reason is null)
union all
select
    'fct_inequality_measure',
    indicator_id,
    organisation_code,
    period_end,
    dimension,
    measure || ' ' || comparison_group,
    value_status
from {{ ref("fct_inequality_measure") }}
where
    (value is null) = (value_status = 'published')
    or (value is null and value_status_reason is null)
union all
select
    'mart_data_quality',
    measure,
    organisation_code,
    period_end,
    field_name,
    waiting_band,
    value_status
from {{ ref("mart_data_quality") }}
where
    (value is null) = (value_status = 'published')
    or (value is null and value_status_reason is null)

-- Targets whose metric has a published indicator, and the figures of that indicator
-- from the baseline on that mart_target_progress does not show as they are.
select target.target_id, figure.source_id, figure.period_end
from {{ ref("target_register") }} as target
inner join {{ ref("hi_metric") }} as metric on target.metric_id = metric.metric_id
inner join
    {{ ref("fct_indicator_value") }} as figure
    on metric.indicator_id = figure.indicator_id
    and target.org_code = figure.organisation_code
left join
    {{ ref("mart_target_progress") }} as shown
    on target.target_id = shown.target_id
    and figure.source_id = shown.source_id
    and figure.period_end = shown.period_end
where
    target.data_origin = '{{ env_var("HIW_ORIGIN") }}'
    and figure.value_status = 'published'
    and figure.dimension = 'all'
    and figure.treatment_function_code = 'all'
    and figure.geography_basis = 'current'
    and figure.standardisation = 'crude'
    and figure.period_end >= target.baseline_period_end
    and (shown.value is null or abs(shown.value - 100 * figure.value) > 1e-9)

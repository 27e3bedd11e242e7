-- Shares outside 0 to 1, numerators above denominators, limits that do not hold their
-- estimate, bounds in the wrong order.
select
    figure.indicator_id,
    figure.organisation_code,
    figure.period_end,
    figure.dimension,
    figure.group_code,
    figure.value
from {{ ref("fct_indicator_value") }} as figure
inner join
    {{ ref("dim_indicator") }} as indicator
    on figure.indicator_id = indicator.indicator_id
where
    figure.value < 0
    or (indicator.unit = 'proportion' and figure.value > 1)
    or figure.value < figure.ci_lower_95
    or figure.value > figure.ci_upper_95
    or figure.numerator_low > figure.numerator_high
union all
select
    indicator_id,
    organisation_code,
    period_end,
    dimension,
    measure || ' ' || comparison_group,
    value
from {{ ref("fct_inequality_measure") }}
where value < ci_lower_95 or value > ci_upper_95

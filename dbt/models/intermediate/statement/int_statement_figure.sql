-- Grain: indicator x organisation x dimension x group, of the lines of the Statement.
-- Question: what is the newest figure of each group, and of which breakdown is it?
-- The finest grouping that is short enough for a report: quintiles, Core20 and five
-- ethnic groups. Current geography, all treatment functions together.
{% call kept(
    "dense_rank() over (partition by indicator_id, organisation_code, "
    ~ "dimension order by period_end desc) = 1"
) %}
select
    *,
    {{ breakdown_of("dimension") }} as breakdown
from {{ ref("fct_indicator_value") }}
where
    indicator_id in (select indicator_id from {{ ref("statement_indicators") }})
    and organisation_level in ('england', 'icb', 'trust')
    and geography_basis = 'current'
    and treatment_function_code = 'all'
    and dimension in (
        'all',
        'imd_quintile',
        'core20',
        'ethnic_group_5',
        'ethnic_group_5_2001',
        'ethnic_group_msds',
        'age_band',
        'sex'
    )
{% endcall %}

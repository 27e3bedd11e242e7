-- Figures whose indicator is not in the catalogue would be left out of
-- fct_indicator_value without a word; indicators of the catalogue without a unit that
-- the facts can work with would be taken for rates.
{%- for model in [
    "int_waiting_list_rtt_indicator_value",
    "int_waiting_list_wlmds_indicator_value",
    "int_urgent_care_indicator_value",
    "int_outpatients_indicator_value",
    "int_maternity_indicator_value",
    "int_severe_mental_illness_indicator_value",
    "int_primary_care_indicator_value",
    "int_outpatients_standardised_indicator_value",
    "int_oral_health_indicator_value",
    "int_talking_therapies_indicator_value",
] %}
    select distinct figures.indicator_id, '{{ model }}' as where_it_stands
    from {{ ref(model) }} as figures
    left join
        {{ ref("dim_indicator") }} as indicators
        on figures.indicator_id = indicators.indicator_id
    where indicators.indicator_id is null
    union all
{%- endfor %}
select indicator_id, 'catalogue: unit ' || coalesce(unit, 'missing')
from {{ ref("dim_indicator") }}
where
    unit is null
    or (
        unit not in ('proportion', 'count')
        and unit not like 'rate_per_%'
        -- ratios and scores of the workforce standards, and of what is not public, have
        -- no figures in the facts
        and held_in = 'fct_indicator_value'
    )

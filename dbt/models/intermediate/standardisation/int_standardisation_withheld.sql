-- Grain: indicator x period whose publisher calls figures standardised that are not.
-- Question: do figures that are called age-standardised differ from the crude ones of
-- the same groups? Where none differs by more than 0.5% the label is withheld: the
-- weights were the group's own population (code of the mental health statistics, 2025).
-- One group that differs is enough: any group may have the ages of the standard.
{%- set key = [
    "organisation_code",
    "treatment_function_code",
    "period_start",
    "period_end",
    "dimension",
    "group_code",
] %}
with
    figures as (
        {%- for model in published_figures() %}
            select
                indicator_id,
                {{ key | join(", ") }},
                standardisation,
                coalesce(
                    published_value, numerator / nullif(denominator, 0)
                ) as published_value
            from {{ ref(model) }}
            where
                geography_basis = 'as_reported' and value_status = 'published'
                {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    standardised.indicator_id,
    standardised.period_start,
    standardised.period_end,
    cast(count(*) as integer) as groups_compared,
    max(
        abs(standardised.published_value - crude.published_value)
        / abs(crude.published_value)
    ) as greatest_difference
from figures as standardised
inner join
    {{ ref("dim_indicator") }} as indicator
    on standardised.indicator_id = indicator.indicator_id
inner join
    figures as crude
    on coalesce(indicator.crude_indicator_id, standardised.indicator_id)
    = crude.indicator_id
    and {% for column in key %}
        standardised.{{ column }} = crude.{{ column }} {{ "and" if not loop.last }}
    {% endfor %}
where
    standardised.standardisation = 'age_standardised'
    and crude.standardisation = 'crude'
    and crude.published_value <> 0
group by standardised.indicator_id, standardised.period_start, standardised.period_end
having greatest_difference <= 0.005

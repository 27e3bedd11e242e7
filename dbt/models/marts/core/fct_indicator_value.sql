-- Grain: indicator x organisation x treatment function x period x dimension x group x
-- geography basis x standardisation. Question: what is the value of an indicator for a
-- group of people, with its interval, and if it is not known, why?
-- Most subjects bring numerators and denominators, and value and limits are worked out
-- here. Those in published_figures also bring figures that the publisher has worked
-- out (standardised ones, and rates whose denominator is not published): these stand
-- as they are.
{%- set counted_figures = [
    "int_waiting_list_rtt_indicator_value",
    "int_waiting_list_wlmds_indicator_value",
    "int_urgent_care_indicator_value",
    "int_outpatients_indicator_value",
    "int_maternity_indicator_value",
    "int_severe_mental_illness_indicator_value",
    "int_primary_care_indicator_value",
    "int_learning_disability_indicator_value",
    "int_vaccination_indicator_value",
    "int_children_audit_indicator_value",
    "int_oral_health_indicator_value",
] %}
{%- set published_figures = [
    "int_cardiovascular_indicator_value",
    "int_mental_health_indicator_value",
    "int_cancer_indicator_value",
    "int_talking_therapies_indicator_value",
] %}
with
    figures as (
        {%- for model in counted_figures + published_figures %}
            select
                indicator_id,
                organisation_code,
                organisation_level,
                treatment_function_code,
                period_start,
                period_end,
                period_type,
                dimension,
                group_code,
                geography_basis,
                {%- if model in published_figures %}
                    standardisation, published_value, published_lower, published_upper,
                {%- else %}
                    'crude' as standardisation,
                    cast(null as double) as published_value,
                    cast(null as double) as published_lower,
                    cast(null as double) as published_upper,
                {%- endif %}
                numerator,
                denominator,
                numerator_low,
                numerator_high,
                value_status as reported_status,
                value_status_reason as reported_reason,
                organisations_missing,
                imd_version,
                geography_vintage,
                source_id,
                snapshot_sha256
            from {{ ref(model) }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    with_unit as (
        select
            figures.*,
            indicators.unit,
            cast(
                case
                    when indicators.unit like 'rate_per_%'
                    then replace(indicators.unit, 'rate_per_', '')
                    else '1'
                end as double
            ) as multiplier
        from figures
        inner join
            {{ ref("dim_indicator") }} as indicators
            on figures.indicator_id = indicators.indicator_id
    ),

    reasons as (
        select
            *,
            case
                when reported_status <> 'published' or published_value is not null
                then null
                when unit = 'count'
                then case when numerator is null then 'missing numerator' end
                when unit = 'proportion'
                then {{ proportion_reason("numerator", "denominator") }}
                else {{ rate_reason("numerator", "denominator") }}
            end as undefined_reason
        from with_unit
    ),

    statuses as (
        select
            *,
            case
                when undefined_reason is null
                then reported_status
                when undefined_reason = 'zero denominator'
                then 'not_applicable'
                else 'not_available'
            end as value_status,
            coalesce(undefined_reason, reported_reason) as value_status_reason
        from reasons
    )

select
    indicator_id,
    organisation_code,
    organisation_level,
    treatment_function_code,
    period_start,
    period_end,
    period_type,
    dimension,
    group_code,
    geography_basis,
    standardisation,
    numerator,
    denominator,
    case
        when value_status <> 'published'
        then null
        when published_value is not null
        then published_value
        when unit = 'count'
        then numerator
        when unit = 'proportion'
        then {{ proportion("numerator", "denominator") }}
        else {{ rate("numerator", "denominator", "multiplier") }}
    end as value,
    case
        when value_status <> 'published' or unit = 'count'
        then null
        when published_value is not null
        then published_lower
        when unit = 'proportion'
        then {{ wilson_lower("numerator", "denominator") }}
        else {{ rate_lower("numerator", "denominator", "multiplier") }}
    end as ci_lower_95,
    case
        when value_status <> 'published' or unit = 'count'
        then null
        when published_value is not null
        then published_upper
        when unit = 'proportion'
        then {{ wilson_upper("numerator", "denominator") }}
        else {{ rate_upper("numerator", "denominator", "multiplier") }}
    end as ci_upper_95,
    value_status,
    value_status_reason,
    numerator_low,
    numerator_high,
    cast(organisations_missing as integer) as organisations_missing,
    imd_version,
    geography_vintage,
    source_id,
    snapshot_sha256,
    period_end as data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from statuses

-- Grain: as fct_indicator_value. Question: what is the value of an indicator, with its
-- interval, and if it is not known, why?
-- Most subjects bring numerators and denominators, and value and limits are worked out
-- here. Those in published_figures also bring figures that the publisher has worked
-- out: standardised ones, rates whose denominator is not published, and rates printed
-- beside rounded counts, which are made from the counts before rounding. These stand as
-- they are, and value_basis says so. Rounded counts then serve for the limits only,
-- which take the least numerator over the greatest denominator that the rounding
-- allows, and the greatest over the least. A label that does not hold is withheld
-- (int_standardisation_withheld).
-- A count that the publisher hid, or a sum with hidden cells, has the bounds that his
-- own file gives (1 to 7 for each hidden cell, in MHSDS 0 to 4). Where the people are
-- known it is `bounded`: no value, and value_low and value_high, the value with the
-- least and the most that was hidden. They are numerator_low and numerator_high of the
-- same row over its denominator, so they tell nobody more than these did.
-- Made again by the day on which the period ends: the figures of all subjects, and the
-- units, formats and labels that they are read with.
{{ config(materialized="by_part", part="period_end") }}
{%- set subjects = [] %}
{%- for model in counted_figures() + published_figures() %}
    {%- do subjects.append(ref(model)) %}
{%- endfor %}
{%- set kept_by_part = ref("int_waiting_list_rtt_indicator_value") %}
{%- set asked = wanted_parts(
    parts_of_rows(
        "period_end",
        rows=subjects
        | reject("equalto", kept_by_part)
        | list + [ref("int_standardisation_withheld")],
        kept=[kept_by_part],
        whole=[
            "(select indicator_id, unit from " ~ ref("dim_indicator") ~ ")",
            "(select source_id, format_status from "
            ~ ref("dim_source")
            ~ ")",
        ],
    )
) %}
{%- set grain = [
    "indicator_id",
    "organisation_code",
    "organisation_level",
    "treatment_function_code",
    "period_start",
    "period_end",
    "period_type",
    "dimension",
    "group_code",
    "geography_basis",
] %}
{%- set printed = [
    "standardisation",
    "published_value",
    "published_lower",
    "published_upper",
    "denominator_low",
    "denominator_high",
] %}
with
    figures as (
        {%- for model in counted_figures() + published_figures() %}
            select
                {{ grain | join(", ") }},
                {%- if model in published_figures() %} {{ printed | join(", ") }},
                {%- else %}
                    'crude' as standardisation,
                    {%- for column in printed[1:] %}
                        cast(null as double) as {{ column }},
                    {%- endfor %}
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
            from {{ ref(model) }}
            where {{ in_parts(asked, "period_end") }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    with_unit as (
        select
            figures.*,
            case
                when withheld.indicator_id is null
                then figures.standardisation
                else 'not_confirmed'
            end as standardisation_label,
            case
                when
                    withheld.indicator_id is null
                    or figures.reported_status <> 'published'
                then figures.reported_reason
                else
                    'called standardised by the publisher, but equal to the crude figures '
                    || 'within 0.5% in all groups, so not called so here'
            end as remark,
            sources.format_status,
            indicators.unit,
            {{ rate_multiplier("indicators.unit") }} as multiplier
        from figures
        inner join
            {{ ref("dim_indicator") }} as indicators
            on figures.indicator_id = indicators.indicator_id
        left join
            {{ ref("dim_source") }} as sources on figures.source_id = sources.source_id
        left join
            {{ ref("int_standardisation_withheld") }} as withheld
            on case
                when figures.standardisation = 'age_standardised'
                then figures.indicator_id
            end
            = withheld.indicator_id
            and figures.period_start = withheld.period_start
            and figures.period_end = withheld.period_end
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
                when
                    reported_status = 'suppressed'
                    and standardisation = 'crude'
                    and numerator_low is not null
                    and numerator_high is not null
                    and (unit = 'count' or coalesce(denominator_low, denominator) > 0)
                then 'bounded'
                when undefined_reason is null
                then reported_status
                when undefined_reason = 'zero denominator'
                then 'not_applicable'
                else 'not_available'
            end as value_status,
            coalesce(undefined_reason, remark) as value_status_reason,
            case
                when published_value is not null
                then 'printed'
                when numerator_low is not null
                then 'rounded_counts'
                else 'counts'
            end as value_basis
        from reasons
    ),

    valued as (
        select
            *,
            case
                when published_value is not null
                then published_value
                when unit = 'count'
                then numerator
                else {{ value_by_unit("numerator", "denominator") }}
            end as known_value,
            -- what the rounding allows: the counts themselves where they are exact
            coalesce(numerator_low, numerator) as least_numerator,
            coalesce(denominator_high, denominator) as greatest_denominator,
            coalesce(denominator_low, denominator) as least_denominator,
            case
                when
                    unit = 'proportion'
                    and coalesce(denominator_low, denominator)
                    < coalesce(numerator_high, numerator)
                then coalesce(denominator_low, denominator)
                else coalesce(numerator_high, numerator)
            end as greatest_numerator
        from statuses
    ),

    -- NULL where a count is not known: a printed value without printed limits has none
    limited as (
        select
            *,
            {{ limit_by_unit("lower", "least_numerator", "greatest_denominator") }}
            as limit_lower,
            {{ limit_by_unit("upper", "greatest_numerator", "least_denominator") }}
            as limit_upper
        from valued
    )

select
    {{ grain | join(", ") }},
    standardisation_label as standardisation,
    numerator,
    denominator,
    case when value_status = 'published' then known_value end as value,
    {%- for side, counts in {
        "low": ["least_numerator", "greatest_denominator"],
        "high": ["greatest_numerator", "least_denominator"],
    }.items() %}
        case
            when value_status <> 'bounded'
            then null
            when unit = 'count'
            then {{ counts[0] }}
            else {{ value_by_unit(*counts) }}
        end as value_{{ side }},
    {%- endfor %}
    {%- for side, beyond in {"lower": "<", "upper": ">"}.items() %}
        case
            when value_status <> 'published' or unit = 'count'
            then null
            when
                published_value is not null
                and (published_{{ side }} is not null or denominator is null)
            then published_{{ side }}
            when known_value {{ beyond }} limit_{{ side }}
            then known_value
            else limit_{{ side }}
        end as ci_{{ side }}_95,
    {%- endfor %}
    case when value_status = 'published' then value_basis end as value_basis,
    value_status,
    value_status_reason,
    numerator_low,
    numerator_high,
    cast(organisations_missing as integer) as organisations_missing,
    imd_version,
    geography_vintage,
    source_id,
    format_status,
    snapshot_sha256
from limited

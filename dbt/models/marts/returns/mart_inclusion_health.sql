-- Grain: trust x quarter x measure x way of identification (group: homeless people).
-- Question: how often do homeless people come to A&E, are they admitted as
-- emergencies, and how long do they stay, against housed people of the same trust, and
-- on which denominator?
-- Ratios are withheld where the housing of more than the agreed share is not known
-- (rule U03, seed rule_thresholds). They are comparable between trusts only beside
-- identification_method: no central rule says that housing must be recorded.
-- Attendances of one person are not independent: a few people with many visits make
-- the counts vary more than those of as many people with one visit each. The return has
-- the people of each month (AE_PERSONS), not how often each of them came. With m
-- attendances for each person the number of attendances of a person is taken as
-- geometric (after each there is another with the same chance), so that its mean square
-- is m (2m - 1), and the variance of the count X is (2m - 1) X, that of a compound
-- Poisson count; for m = 1 it is X. Limits, q (over all ratios of the measure and the
-- quarter) and certainty of A&E attendances rest on that. Of admissions the people are
-- not sent: their limits take each as independent, remark says that they are too
-- narrow, and no difference is called clear. Where the people are not sent or hidden,
-- the same holds for attendances.
-- EPC_REGISTERED: growth is worked out from the counts; a stated growth is next to
-- it, marked where it differs.
{% set counts = [
    "numerator",
    "denominator",
    "reference_numerator",
    "reference_denominator",
] %}
{%- set people = ["persons", "reference_persons"] %}
with
    compared as (
        select
            *,
            {{
                disclosed_value(
                    "rate_status", rate("numerator", "denominator", "multiplier")
                )
            }} as rate,
            {{
                disclosed_value(
                    "reference_rate_status",
                    rate(
                        "reference_numerator", "reference_denominator", "multiplier"
                    ),
                )
            }} as reference_rate,
            {{ disclosed_pair_status("rate_status", "reference_rate_status") }}
            as rate_ratio_status,
            measure_code <> 'MEAN_LOS' as has_limits,
            persons > 0 and reference_persons > 0 as has_persons,
            lag(numerator) over earlier as previous_numerator
        from {{ ref("int_returns__inclusion_shown") }}
        window
            earlier as (
                partition by org_code, measure_code, identification_method
                order by period_end
            )
    ),

    -- what a count counts for, once its variance is that of people with several events:
    -- X / (2m - 1) independent ones
    {%- set pair = counts %}
    {%- set independent = {} %}
    {%- for prefix, persons in {
        "": "persons",
        "reference_": "reference_persons",
    }.items() %}
        {%- set _ = independent.update(
            {
                prefix: prefix
                ~ "numerator / case when has_persons then greatest(1e0, 2e0 * "
                ~ prefix
                ~ "numerator / "
                ~ persons
                ~ " - 1e0) else 1e0 end"
            }
        ) %}
    {%- endfor %}
    erring as (
        select
            *,
            {{ disclosed_value("rate_ratio_status", gap_relative_rates(*pair)) }}
            as rate_ratio,
            case
                when has_limits and rate_ratio_status = 'published'
                then
                    sqrt(
                        1e0 / ({{ independent[""] }})
                        + 1e0 / ({{ independent["reference_"] }})
                        + power({{ returns_ratio_rounding(counts) }}, 2)
                    )
            end as log_error
        from compared
    ),

    tested as (
        select
            *,
            case
                when has_persons then {{ normal_p_value("ln(rate_ratio) / log_error") }}
            end as p_value
        from erring
    ),

    controlled as (
        {{ false_discovery("tested", "p_value", "measure_code, period_end") }}
    ),

    stated as (
        select
            submission_id,
            max(
                cast(floor((count_low + count_high) / 2.0) as bigint)
            ) as growth_stated_pct
        from {{ ref("int_returns__inclusion") }}
        where measure_code = 'EPC_GROWTH_STATED'
        group by all
    )

select
    controlled.org_code as organisation_code,
    organisation.organisation_name,
    {{ icb_columns("organisation") }},
    {{ returns_current_trust("controlled.org_code", "organisation") }},
    'IH_HOMELESS' as group_code,
    'HOUSED' as reference_group,
    controlled.measure_code,
    controlled.identification_method,
    controlled.period_start,
    controlled.period_end,
    'quarter' as period_type,
    {%- for count in counts %}
        controlled.{{ count }}, controlled.{{ count }}_status,
    {% endfor %}
    {%- for count in people %}
        controlled.{{ count }},
        case
            when measure_code = 'AE_ATTENDANCES'
            then controlled.{{ count }}_status
            else 'not_applicable'
        end as {{ count }}_status,
    {%- endfor %}
    controlled.rate as value,
    controlled.rate_status as value_status,
    controlled.reference_rate as reference_value,
    controlled.reference_rate_status as reference_value_status,
    case
        measure_code
        when 'MEAN_LOS'
        then 'days'
        when 'EPC_REGISTERED'
        then 'people'
        else 'per 1,000 people in the quarter'
    end as unit,
    controlled.rate_ratio_status,
    controlled.rate_ratio,
    {%- for limit, sign in {"lower": "-", "upper": "+"}.items() %}
        controlled.rate_ratio * exp(
            {{ sign }} {{ normal_quantile(0.95) }} * log_error
        ) as rate_ratio_ci_{{ limit }}_95,
    {%- endfor %}
    case
        when not has_limits or measure_code = 'EPC_REGISTERED'
        then null
        when has_persons
        then
            'The limits count people, not attendances: as many for each person as persons and numerator say, spread as by chance (geometric)'
        else
            'The limits take each attendance or admission as independent; those of one person are not, so the true limits are wider, and no difference is called clear'
    end as remark,
    controlled.q_value,
    case
        when controlled.rate_ratio_status <> 'published'
        then 'too few to tell'
        when controlled.q_value is not null
        then {{ returns_certainty("controlled.q_value") }}
    end as certainty,
    case
        when rate_ratio_status = 'published'
        then 'OK'
        when measure_code = 'EPC_REGISTERED' and numerator_status = 'published'
        then 'OK'
        else upper(rate_ratio_status)
    end as disclosure_flag,
    case
        when is_withheld
        then
            'U03: housing not known for more than '
            || cast(round(100 * not_known_limit) as integer)
            || '%'
    end as withheld_reason,
    controlled.denominator_source,
    controlled.denominator_counted_on,
    -- Whole per cent; without limits on the few, because it rests on all attendances
    -- or admissions of the quarter.
    case
        when reference_numerator >= 2000
        then cast(round(100 * not_known_share) as integer)
    end as not_known_pct,
    case
        when measure_code = 'EPC_REGISTERED'
        then 100 * (numerator / nullif(previous_numerator, 0) - 1)
    end as growth_pct,
    case
        when measure_code = 'EPC_REGISTERED'
        then cast(stated.growth_stated_pct as integer)
    end as growth_stated_pct,
    case
        when
            measure_code <> 'EPC_REGISTERED'
            or stated.growth_stated_pct is null
            or previous_numerator is null
        then null
        when
            abs(
                stated.growth_stated_pct
                - 100 * (numerator / nullif(previous_numerator, 0) - 1)
            )
            > 2
        then 'U04: the stated growth is not the growth of the counts'
        else 'the stated growth is that of the counts'
    end as growth_note,
    case
        measure_code
        when 'MEAN_LOS'
        then
            'Ratio of mean stays, not standardised by age; the return has no spread of stays, so there are no limits'
        when 'EPC_REGISTERED'
        then 'People registered with enhanced primary care at the end of the quarter'
        else
            'Crude rates; comparable between trusts only where housing is identified in the same way'
    end as method,
    case when is_revised then 'r' end as revision_flag,
    controlled.period_end as data_as_of,
    controlled.data_origin
from controlled
left join stated using (submission_id)
left join
    {{ ref("dim_organisation") }} as organisation
    on controlled.org_code = organisation.organisation_code

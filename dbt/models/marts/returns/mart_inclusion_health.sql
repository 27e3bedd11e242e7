-- Grain: trust x quarter x measure x way of identification (group: homeless people).
-- Question: how often do homeless people come to A&E, are they admitted as
-- emergencies, and how long do they stay, against
-- housed people of the same trust, and on which denominator?
-- Ratios are withheld where the housing of more than the agreed share is not known
-- (rule U03, seed rule_thresholds). They are
-- comparable between trusts only beside identification_method: no central rule says
-- that housing must be recorded.
-- Attendances of one person are not independent: a few people with many visits make
-- the counts vary more than those of as many people with one visit each. The return has
-- the people of each month (AE_PERSONS), not how often each of them came. With m
-- attendances for each person the number of attendances of a person is taken as
-- geometric (after each there is another with the same chance), so that its mean square
-- is m (2m - 1), and the variance of the count X is (2m - 1) X, that of a compound
-- Poisson count; for m = 1 it is X. Limits, q (over all ratios of the measure and the
-- quarter) and certainty of A&E attendances rest on that. Of admissions the people are
-- not sent: their limits take each as independent, remark says that
-- they are too narrow, and no difference is called clear. Where the people are not
-- sent or hidden, the same holds for attendances.
-- EPC_REGISTERED: growth is worked out from the counts; a stated growth is next to
-- it, marked where it differs.
with
    {% set counts = [
        "numerator",
        "denominator",
        "reference_numerator",
        "reference_denominator",
    ] %}
    {%- set people = ["persons", "reference_persons"] %}
    figures as (
        select
            *,
            cast(floor((count_low + count_high) / 2.0) as bigint) as figure,
            count_high - count_low > 0.1 * count_low as is_unsure
        from {{ ref("int_returns__inclusion") }}
    ),

    measures as (
        select *
        from
            (
                values
                    (
                        'AE_ATTENDANCES',
                        'AE_ATTENDANCES',
                        'POP_DENOMINATOR',
                        'AE_PERSONS',
                        1000
                    ),
                    ('EM_ADMISSIONS', 'EM_ADMISSIONS', 'POP_DENOMINATOR', null, 1000),
                    ('MEAN_LOS', 'EM_BED_DAYS', 'EM_DISCHARGED_SPELLS', null, 1),
                    ('EPC_REGISTERED', 'EPC_REGISTERED', null, null, null)
            ) as listed(measure_code, counted, divided_by, of_people, multiplier)
    ),

    not_known as (
        select
            submission_id,
            identification_method,
            measure_code,
            sum(figure) filter (where accommodation_group = 'NOT_KNOWN')
            / nullif(sum(figure), 0) as not_known_share
        from figures
        group by all
    ),

    paired as (
        select
            homeless.org_code,
            homeless.submission_id,
            homeless.period_start,
            homeless.period_end,
            homeless.identification_method,
            measures.measure_code,
            measures.multiplier,
            homeless.figure as numerator_count,
            homeless.is_unsure as is_numerator_unsure,
            base.figure as denominator_count,
            base.is_unsure as is_denominator_unsure,
            housed.figure as reference_numerator_count,
            housed.is_unsure as is_reference_numerator_unsure,
            housed_base.figure as reference_denominator_count,
            housed_base.is_unsure as is_reference_denominator_unsure,
            persons.figure as persons_count,
            persons.is_unsure as is_persons_unsure,
            housed_persons.figure as reference_persons_count,
            housed_persons.is_unsure as is_reference_persons_unsure,
            case
                measures.divided_by
                when 'POP_DENOMINATOR'
                then
                    concat_ws(
                        ' against ',
                        base.denominator_source,
                        housed_base.denominator_source
                    )
                when 'EM_DISCHARGED_SPELLS'
                then 'discharged emergency spells of the return'
            end as denominator_source,
            case
                when measures.divided_by = 'POP_DENOMINATOR' then base.counted_on
            end as denominator_counted_on,
            coalesce(not_known.not_known_share, 0) as not_known_share,
            (
                -- the trust's own before the one of all
                select coalesce(max(value) filter (where org_code <> 'ALL'), max(value))
                from {{ ref("rule_thresholds") }} as thresholds
                where
                    thresholds.rule_id = 'U03'
                    and thresholds.org_code in ('ALL', homeless.org_code)
                    and homeless.period_end >= thresholds.valid_from
                    and homeless.period_end
                    <= coalesce(thresholds.valid_to, date '9999-12-31')
            ) as not_known_limit,
            homeless.is_revised,
            homeless.data_origin
        from figures as homeless
        inner join measures on homeless.measure_code = measures.counted
        {%- for alias, (measure, group) in {
                "base": ["measures.divided_by", "'HOMELESS'"],
                "housed": ["measures.counted", "'HOUSED'"],
                "housed_base": ["measures.divided_by", "'HOUSED'"],
                "persons": ["measures.of_people", "'HOMELESS'"],
                "housed_persons": ["measures.of_people", "'HOUSED'"],
            }.items() %}
            left join
                figures as {{ alias }}
                on homeless.submission_id = {{ alias }}.submission_id
                and homeless.identification_method = {{ alias }}.identification_method
                and {{ alias }}.measure_code = {{ measure }}
                and {{ alias }}.accommodation_group = {{ group }}
        {%- endfor %}
        left join
            not_known
            on homeless.submission_id = not_known.submission_id
            and homeless.identification_method = not_known.identification_method
            and not_known.measure_code = measures.counted
        where homeless.accommodation_group = 'HOMELESS'
    ),

    shown as (
        select
            *,
            not_known_share > not_known_limit
            and measure_code <> 'EPC_REGISTERED' as is_withheld,
            {%- for count in counts + people %}
                case
                    when {{ count }}_count is null
                    then 'not_collected'
                    when is_{{ count }}_unsure
                    then 'not_available'
                    else {{ disclosed_count_status(count ~ "_count") }}
                end as {{ count }}_status,
                case
                    when not is_{{ count }}_unsure
                    then {{ disclosed_count(count ~ "_count") }}
                end as {{ count }} {{- "," if not loop.last }}
            {%- endfor %}
        from paired
    ),

    rated as (
        select
            *,
            {%- for prefix in ["", "reference_"] %}
                case
                    when measure_code = 'EPC_REGISTERED'
                    then 'not_applicable'
                    when is_withheld
                    then 'withheld'
                    when {{ prefix }}numerator_status <> 'published'
                    then {{ prefix }}numerator_status
                    when {{ prefix }}denominator_status <> 'published'
                    then {{ prefix }}denominator_status
                    when {{ prefix }}denominator = 0
                    then 'not_applicable'
                    when {{ prefix }}numerator = 0
                    then 'suppressed'
                    else 'published'
                end as {{ prefix }}rate_status {{- "," if not loop.last }}
            {%- endfor %}
        from shown
    ),

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
        from rated
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
        select submission_id, max(figure) as growth_stated_pct
        from figures
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
    controlled.data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from controlled
left join stated using (submission_id)
left join
    {{ ref("dim_organisation") }} as organisation
    on controlled.org_code = organisation.organisation_code

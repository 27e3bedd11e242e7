-- Grain: trust x quarter x measure x way of identification. Question: which counts of
-- homeless people, and of housed people beside them, may be shown, and may their rates?
-- Rates are withheld where the housing of more than the agreed share is not known (rule
-- U03, seed rule_thresholds). Counts of 1 to 7 are hidden, others rounded to 5.
{% set counts = [
    "numerator",
    "denominator",
    "reference_numerator",
    "reference_denominator",
] %}
{%- set people = ["persons", "reference_persons"] %}
with
    figures as (
        select
            *,
            cast(floor((count_low + count_high) / 2.0) as bigint) as figure,
            10 * (count_high - count_low) > count_low as is_unsure
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
    )

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

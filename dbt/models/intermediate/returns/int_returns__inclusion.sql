-- Grain: trust x quarter x measure x way of identification x accommodation group, and
-- what it is divided by.
-- Question: what are the true counts of urgent care of homeless and of housed people?
-- Restricted.
-- Rows with the code ALL where a trust sends them, else its codes summed. Months of a
-- quarter are summed; registered people are not added over months: the newest month
-- counts. People who attended are added too, and count once in each month: beside the
-- attendances they say how often a person comes in a month.
-- A measure of which a count could not be read (status rejected) is left out whole.
with
    in_use as (
        select * from {{ ref("int_returns__in_use") }} where collection_code = 'UC01'
    ),

    rows as (
        select
            uc.*,
            in_use.period_start,
            in_use.period_end,
            in_use.is_revised,
            in_use.disclosure_profile = 'SAFE' as is_safe,
            coalesce(accommodation_status_code, 'ALL') = 'ALL'
            or not bool_or(coalesce(accommodation_status_code, 'ALL') = 'ALL') over (
                partition by
                    submission_id,
                    measure_code,
                    accommodation_group,
                    identification_method
            ) as is_counted
        from {{ ref("stg_returns__uc01") }} as uc
        inner join in_use using (submission_id)
    ),

    judged as (
        select
            *,
            not bool_or(value_status = 'rejected') over (
                partition by submission_id, measure_code, identification_method
            ) as is_whole
        from rows
        where is_counted
    ),

    months as (
        select
            org_code,
            submission_id,
            period_start,
            period_end,
            activity_month,
            measure_code,
            accommodation_group,
            identification_method,
            sum({{ disclosed_low("value", "value_status", "is_safe") }}) as count_low,
            sum({{ disclosed_high("value", "value_status", "is_safe") }}) as count_high,
            max(denominator_source) as denominator_source,
            bool_or(is_revised) as is_revised,
            max(data_origin) as data_origin
        from judged
        where is_whole and accommodation_group <> 'ALL'
        group by all
    )

select
    org_code,
    submission_id,
    period_start,
    period_end,
    measure_code,
    accommodation_group,
    identification_method,
    {%- for side in ["low", "high"] %}
        case
            when
                measure_code
                in ('EPC_REGISTERED', 'POP_DENOMINATOR', 'EPC_GROWTH_STATED')
            then {{ value_at_largest("count_" ~ side, "activity_month") }}
            else sum(count_{{ side }})
        end as count_{{ side }},
    {%- endfor %}
    {{ value_at_largest("denominator_source", "activity_month") }}
    as denominator_source,
    max(activity_month) as counted_on,
    bool_or(is_revised) as is_revised,
    max(data_origin) as data_origin
from months
group by
    org_code,
    submission_id,
    period_start,
    period_end,
    measure_code,
    accommodation_group,
    identification_method

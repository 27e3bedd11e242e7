{#
    OP01 from outpatient records (CDS type 020): one judged row for each record, as extract_wlmds_open_judged.

    Inputs: records (dagster_project/extract/layouts/cds_020.yml), parameters, and what extract_placed asks for.
    Rules: the month is that of the appointment date, for cancellations too; first attendance 1 to 4; attended codes 2 to 7. 0 (future), 5
    (clock stop) and blanks are left out, each counted. Age on the day of the appointment.
#}
{% macro extract_cds_020_judged() -%}
    with
        prepared as (
            select
                records.*,
                parameters.period_start,
                parameters.period_end,
                parameters.provider_codes,
                parameters.has_treatment_function,
                records.appointment_date as on_day,
                case
                    when records.unique_identifier is not null
                    then 'record ' || records.unique_identifier
                    when records.attendance_identifier is not null and records.appointment_date is not null
                    then 'attendance ' || coalesce(upper(records.provider), '') || ' ' || records.attendance_identifier || ' ' || cast(records.appointment_date as varchar)
                end as appointment
            from records
            cross join parameters
        ),
        {{ extract_placed("prepared") }}
    select
        {{ extract_key("appointment") }},
        appointment is null as has_no_key,
        applied_at,
        cast(
            case
                when not list_contains(provider_codes, {{ extract_provider("provider") }})
                then 'provider'
                when cds_type <> '020'
                then 'not_020'
                when appointment_date is null
                then 'no_date'
                when appointment_date not between period_start and period_end
                then 'month'
                when attended = '0'
                then 'future'
                when attended is null
                then 'no_outcome'
                when first_attendance = '5'
                then 'clock_stop'
                when first_attendance is null or first_attendance in ('6', '7', '8', '9')
                then 'no_kind'
            end as enum('provider', 'not_020', 'no_date', 'month', 'future', 'no_outcome', 'clock_stop', 'no_kind')
        ) as reason,
        cast(try_cast(first_attendance as integer) as utinyint) as first_attendance,
        cast(try_cast(attended as integer) as utinyint) as attended,
        treatment_function,
        ethnic_category,
        coalesce(imd_decile, 99) as imd_decile,
        age_band,
        person_stated_gender,
        area_reason,
        coalesce(attended not in ('0', '2', '3', '4', '5', '6', '7'), false) as unlisted_attended,
        coalesce(first_attendance not in ('1', '2', '3', '4', '5', '6', '7', '8', '9'), false) as unlisted_first_attendance,
        has_treatment_function and treatment_function is null as unlisted_treatment_function,
        ethnic_category is null as unlisted_ethnic_category,
        person_stated_gender is null as unlisted_gender,
        birth_date is null and age_given is null as birth_date_missing,
        birth_date is not null and age_years is null as age_out_of_range,
        coalesce(appointment_date < birth_date, false) as appointment_before_birth,
        columns('^unread_')
    from placed
{%- endmacro %}

{# The rows of `judged` (rowid) that are older versions of an appointment: the record that was applied last stands, of equal ones one that counts. #}
{% macro extract_cds_020_duplicates() -%}
    {{
        extract_older_versions(
            ["provider", "not_020"],
            [
                "applied_at desc nulls last",
                "reason is null desc",
                "attended desc",
                "first_attendance",
                "treatment_function",
                "ethnic_category",
                "imd_decile",
                "age_band",
                "person_stated_gender",
            ],
        )
    }}
{%- endmacro %}

{# How many appointments are in each cell of the full cross. #}
{% macro extract_cds_020_cells() -%}
    with
        counted as (
            select first_attendance, attended, treatment_function, ethnic_category, imd_decile, age_band, person_stated_gender, count(*) as n
            from judged
            where reason is null and rowid not in (select place from duplicates)
            group by all
        )
    select
        cast(counted.first_attendance as varchar) as first_attendance_code,
        cast(counted.attended as varchar) as attended_or_did_not_attend_code,
        {{ extract_codes_of_groups("counted") }},
        sum(n) as n
    from counted
    {{ extract_joins_of_groups("counted") }}
    group by all
{%- endmacro %}

{# The rows of the return OP01, in the order of its columns. #}
{% macro extract_op01_rows() -%}
    with
        outcome as (
            select kinds.code as first_attendance_code, outcomes.code as attended_or_did_not_attend_code
            from return_code as kinds, attended_or_did_not_attend as outcomes
            where kinds.list_code = 'first_attendance' and outcomes.allowed_in_return
        ),
        of_all_kinds as (
            select * from cells
            union all by name
            select * replace ('ALL' as first_attendance_code) from cells
        ),
        cell as (
            select * from of_all_kinds
            union all by name
            select * replace ('ALL' as treatment_function_code) from of_all_kinds where treatment_function_code <> 'ALL'
        ),
        {{ extract_grouping_sets("cell", ["first_attendance_code", "attended_or_did_not_attend_code"]) }}
    select
        parameters.org_code,
        parameters.period_end as activity_month,
        treatment_function_code,
        first_attendance_code,
        attended_or_did_not_attend_code,
        grouping_set,
        ethnic_category,
        imd_decile,
        age_band,
        person_stated_gender_code,
        {{ extract_shown("n") }} as appointment_count
    from grouped
    cross join parameters
    order by all
{%- endmacro %}

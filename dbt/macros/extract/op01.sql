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
                parameters.*,
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
        {{
            extract_reason(
                {
                    "not_020": "cds_type <> '020'",
                    "no_date": "appointment_date is null",
                    "month": "appointment_date not between period_start and period_end",
                    "future": "attended = '0'",
                    "no_outcome": "attended is null",
                    "clock_stop": "first_attendance = '5'",
                    "no_kind": "first_attendance is null or first_attendance in ('6', '7', '8', '9')",
                }
            )
        }},
        cast(try_cast(first_attendance as integer) as utinyint) as first_attendance,
        cast(try_cast(attended as integer) as utinyint) as attended,
        {{ extract_person_columns() }},
        coalesce(attended not in (select code from attended_or_did_not_attend), false) as unlisted_attended,
        coalesce(first_attendance not in ('1', '2', '3', '4', '5', '6', '7', '8', '9'), false) as unlisted_first_attendance,
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
            ]
            + extract_groups(),
        )
    }}
{%- endmacro %}

{# How many appointments are in each cell of the full cross. #}
{% macro extract_cds_020_cells() -%}
    with
        counted as (
            select first_attendance, attended, {{ extract_groups() | join(", ") }}, count(*) as n
            from judged
            where {{ extract_counts() }}
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

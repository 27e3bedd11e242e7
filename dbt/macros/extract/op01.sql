{#
    OP01 from outpatient records (CDS type 020): `coarse` one row for each record, judged in groups as WL01.

    Inputs: records (dagster_project/extract/layouts/cds_020.yml), parameters, and what extract_placed and extract_listed ask for.
    Rules: the month is that of the appointment date, for cancellations too; first attendance 1 to 4; attended codes 2 to 7. 0 (future), 5
    (clock stop) and blanks are left out, each counted. Age on the day of the appointment.
#}
{% macro extract_cds_020_coarse() -%}
    with
        prepared as (
            select
                records.*,
                parameters.period_start,
                parameters.period_end,
                ages.age_band,
                coalesce(
                    records.unique_identifier,
                    case when records.appointment_date is not null then records.attendance_identifier end
                ) as identifier,
                coalesce(records.appointment_date < records.birth_date, false) as appointment_before_birth
            from records
            cross join parameters
            left join
                ({{ extract_age_bands() }}) as ages
                on ages.age = case
                    when records.birth_date <= records.appointment_date
                    then {{ extract_years("records.birth_date", "records.appointment_date") }}
                end
        ),
        {{ extract_placed("prepared") }}
    select
        {{
            extract_key(
                "(case when unique_identifier is not null then 'record' else 'attendance ' || coalesce(upper(provider), '') || ' ' || cast(appointment_date as string) end || ' ' || identifier)",
                part="coalesce(unique_identifier, coalesce(upper(provider), '') || ' ' || identifier)",
            )
        }},
        applied_at,
        case when unique_identifier is null then appointment_date end as anew_on,
        identifier is null as has_no_key,
        cds_type,
        provider,
        attended,
        first_attendance,
        treatment_function_code,
        ethnic_text,
        gender_text,
        age_band,
        birth_date_missing,
        age_out_of_range,
        imd_decile,
        area_reason,
        appointment_date is null as has_no_date,
        appointment_date not between period_start and period_end as is_of_other_month,
        appointment_before_birth,
        unread
    from placed
{%- endmacro %}

{# What is said of outpatient records that are alike: columns over `listed` and parameters. #}
{% macro extract_cds_020_columns() -%}
    has_no_key,
    {{
        extract_reason(
            {
                "not_020": "cds_type <> '020'",
                "no_date": "has_no_date",
                "month": "is_of_other_month",
                "future": "attended = '0'",
                "no_outcome": "attended is null",
                "clock_stop": "first_attendance = '5'",
                "no_kind": "first_attendance is null or first_attendance in ('6', '7', '8', '9')",
            }
        )
    }},
    cast(try_cast(first_attendance as integer) as tinyint) as first_attendance,
    cast(try_cast(attended as integer) as tinyint) as attended,
    {{ extract_person_columns() }},
    coalesce(attended not in (select code from attended_or_did_not_attend), false) as unlisted_attended,
    coalesce(first_attendance not in ('1', '2', '3', '4', '5', '6', '7', '8', '9'), false) as unlisted_first_attendance,
    appointment_before_birth,
    unread
{%- endmacro %}

{# Columns of an outpatient record that decide: those of which many have the same. #}
{% macro extract_cds_020_alike() -%}
    {{
        return(
            [
                "has_no_key",
                "cds_type",
                "provider",
                "attended",
                "first_attendance",
                "treatment_function_code",
                "ethnic_text",
                "gender_text",
                "age_band",
                "birth_date_missing",
                "age_out_of_range",
                "imd_decile",
                "area_reason",
                "has_no_date",
                "is_of_other_month",
                "appointment_before_birth",
                "unread",
            ]
        )
    }}
{%- endmacro %}

{% macro extract_cds_020_grouped() -%}
    {{ extract_grouped_records(extract_cds_020_coarse(), extract_cds_020_alike()) }}
{%- endmacro %}

{% macro extract_cds_020_judged() -%} {{ extract_judged_groups(extract_cds_020_columns()) }} {%- endmacro %}

{#
    Older versions of an appointment: the record that was applied last stands, of equal ones one that counts. Attendance identifiers may
    begin anew each day, at each provider.
#}
{% macro extract_cds_020_duplicates() -%}
    {{
        extract_older_records(
            extract_cds_020_coarse(),
            extract_cds_020_columns(),
            ["applied_at", "anew_on"],
            ["provider", "not_020"],
            [
                "applied_at desc nulls last",
                "reason is null desc",
                "attended desc nulls last",
                "first_attendance nulls last",
            ]
            + extract_groups_in_order(),
            anew_on="anew_on",
        )
    }}
{%- endmacro %}

{# How many appointments are in each cell of the full cross. #}
{% macro extract_cds_020_cells() -%}
    with
        counted as (
            select first_attendance, attended, {{ extract_groups() | join(", ") }}, sum(n) as n
            from tally
            where {{ extract_counts() }}
            group by all
        )
    select
        cast(counted.first_attendance as string) as first_attendance_code,
        cast(counted.attended as string) as attended_or_did_not_attend_code,
        {{ extract_codes_of_groups("counted") }},
        sum(n) as n
    from counted {{ extract_joins_of_groups("counted") }}
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
            select *
            from cells
            union all
            select
                'ALL' as first_attendance_code,
                attended_or_did_not_attend_code,
                treatment_function_code,
                ethnic_category,
                imd_decile,
                age_band,
                person_stated_gender_code,
                n
            from cells
        ),
        {{ extract_grouping_sets("of_all_kinds", ["first_attendance_code", "attended_or_did_not_attend_code"]) }}
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

{#
    UC01 from emergency care (ECDS) and admitted care: housing by each way in which it can be known, never mixed; attendances,
    persons, spells and bed days each by its own denominator.
#}
{#
    CTE `housed`: the columns of `relation`, and how each record's housing is known: coded and snomed (accommodation group, NULL where the code is
    blank or in no list), no_fixed_abode, at_hostel.
    Inputs: relation (accommodation_code, accommodation_snomed, postcode), the seed accommodation_status, accommodation_snomed,
    hostel (postcode).
#}
{% macro extract_housed(relation) -%}
    housed as (
        select
            given.*,
            codes.accommodation_group as coded,
            snomeds.accommodation_group as snomed,
            coalesce({{ extract_postcode("given.postcode") }} = 'ZZ993VZ', false) as no_fixed_abode,
            hostels.postcode is not null as at_hostel
        from {{ relation }} as given
        left join
            (select code, accommodation_group from accommodation_status where code <> 'ALL') as codes
            on codes.code = upper(given.accommodation_code)
        left join accommodation_snomed as snomeds on snomeds.code = given.accommodation_snomed
        left join
            (select distinct {{ extract_postcode("postcode") }} as postcode from hostel) as hostels
            on hostels.postcode = {{ extract_postcode("given.postcode") }}
    )
{%- endmacro %}

{# What was found on the housing of a judged record: columns of faults. #}
{% macro extract_housing_faults() -%}
    accommodation_code is not null and coded is null as unlisted_accommodation_code,
    accommodation_snomed is not null and snomed is null as unlisted_accommodation_snomed,
    coalesce(
        not {{ text_matches("accommodation_snomed", "'^[0-9]{6,18}$'") }}
        or {{ text_matches("accommodation_snomed", "'^[0-9]{15}0+$'") }},
        false
    ) as damaged_accommodation_snomed,
    coded,
    snomed,
    no_fixed_abode,
    at_hostel
{%- endmacro %}

{#
    A relation in long form: its columns, identification_method and accommodation_group; one row for each way of knowing that the extract
    has. A postcode of no fixed abode or of a hostel says who is homeless and nothing about the others: there the group is HOMELESS or
    REST. COMBINED is any sign of homelessness, else what a code says.
    Inputs: relation (coded, snomed, no_fixed_abode, at_hostel), parameters (has_coded, has_snomed, has_postcode, has_hostels).
#}
{% macro extract_by_method(relation) -%}
    {%- set ways = {
        "CODED_STATUS": ["has_coded", "coalesce(coded, 'NOT_KNOWN')"],
        "SNOMED_CODELIST": ["has_snomed", "coalesce(snomed, 'NOT_KNOWN')"],
        "ZZ99_3VZ": ["has_postcode", "case when no_fixed_abode then 'HOMELESS' else 'REST' end"],
        "HOSTEL_ADDRESS": ["has_hostels", "case when at_hostel then 'HOMELESS' else 'REST' end"],
        "COMBINED": [
            "(has_coded or has_snomed) and (cast(has_coded as integer) + cast(has_snomed as integer) + cast(has_postcode as integer) + cast(has_hostels as integer)) > 1",
            "case when coded = 'HOMELESS' or snomed = 'HOMELESS' or no_fixed_abode or at_hostel then 'HOMELESS' else coalesce(nullif(coded, 'NOT_KNOWN'), nullif(snomed, 'NOT_KNOWN'), 'NOT_KNOWN') end",
        ],
    } -%}
    {%- for method, (condition, group) in ways.items() %}
        select *, '{{ method }}' as identification_method, {{ group }} as accommodation_group
        from {{ relation }}
        where (select {{ condition }} from parameters) {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The group of somebody who has several records: HOMELESS where one says so, else that of the last by `in_order` (never NULL) whose housing is known. #}
{% macro extract_group_of_several(in_order) -%}
    case
        when bool_or(accommodation_group = 'HOMELESS')
        then 'HOMELESS'
        else
            coalesce(
                {{ value_at_last("accommodation_group", in_order + ["accommodation_group"]) }} filter (
                    where accommodation_group <> 'NOT_KNOWN'
                ),
                'NOT_KNOWN'
            )
    end
{%- endmacro %}

{#
    One judged row for each attendance record of ECDS. Rules: the month is that of the arrival; department 01 to 04; category 1, 2, 3 or
    blank. A person is the NHS number where its status is 01 (or no status is there), else the local identifier; else one for each record.
#}
{% macro extract_ecds_judged() -%}
    with
        prepared as (
            select
                records.*,
                parameters.*,
                case
                    when records.unique_identifier is not null
                    then 'record ' || records.unique_identifier
                    when records.attendance_identifier is not null and records.arrival_date is not null
                    then
                        'attendance '
                        || coalesce(upper(records.provider), '')
                        || ' '
                        || records.attendance_identifier
                        || ' '
                        || cast(records.arrival_date as string)
                        || ' '
                        || coalesce(records.arrival_time, '')
                end as attendance,
                coalesce(
                    records.unique_identifier,
                    coalesce(upper(records.provider), '') || ' ' || records.attendance_identifier
                ) as identifier,
                {{ extract_person("records") }} as person
            from records
            cross join parameters
        ),
        {{ extract_housed("prepared") }}
    select
        {{ extract_key("attendance", part="identifier") }},
        attendance is null as has_no_key,
        case when unique_identifier is null then arrival_date end as anew_on,
        applied_at,
        {{ extract_key("person", "person") }},
        person is null as person_missing,
        {{
            extract_reason(
                {
                    "no_date": "arrival_date is null",
                    "month": "arrival_date not between period_start and period_end",
                    "same_day": "department_type = '05'",
                    "planned": "upper(attendance_category) = '4'",
                    "dead_on_arrival": "upper(attendance_category) = 'X'",
                }
            )
        }},
        last_day(arrival_date) as month,
        arrival_date,
        arrival_time,
        department_type is null or department_type not in ('01', '02', '03', '04', '05') as unlisted_department,
        coalesce(upper(attendance_category) not in ('1', '2', '3', '4', 'X'), false) as unlisted_category,
        attendance_category is null as category_missing,
        {{ extract_housing_faults() }},
        unread
    from housed
{%- endmacro %}

{# The person of a record as one text: the verified NHS number, else the local identifier; NULL for neither. #}
{% macro extract_person(relation) -%}
    case
        when {{ relation }}.nhs_number is not null and coalesce({{ relation }}.nhs_number_status, '01') = '01'
        then 'number ' || {{ extract_nhs_number(relation ~ ".nhs_number") }}
        when {{ relation }}.local_patient_identifier is not null
        then 'local ' || {{ relation }}.local_patient_identifier
    end
{%- endmacro %}

{# Records of which one may be an older version of another. #}
{% macro extract_ecds_repeated() -%} {{ extract_repeated_records(["provider"]) }} {%- endmacro %}

{# Attendances are made one by their key, and those that count by month and person. #}
{% macro extract_ecds_tally() -%}
    with
        versions as (
            {{
                extract_tally_of_records(
                    ["provider"],
                    [
                        "applied_at desc nulls last",
                        "reason is null desc",
                        "month nulls last",
                        "coded nulls last",
                        "snomed nulls last",
                        "no_fixed_abode",
                        "at_hostel",
                        "person_1",
                        "person_2",
                    ],
                )
            }}
        )
    select
        *,
        {{ extract_of_no_identifier("is_older", ["key_1"], "anew_on") }} as of_no_identifier,
        {{
            extract_of_no_identifier(
                "(" ~ extract_counts() ~ " and not person_missing)", ["person_1", "person_2", "month"]
            )
        }} as of_no_person
    from versions
{%- endmacro %}

{#
    AE_ATTENDANCES and AE_PERSONS by month, way of knowing and group. A person counts once in a month: as HOMELESS where one attendance says
    so, else by the latest attendance whose housing is known.
#}
{% macro extract_ecds_cells() -%}
    with
        counted as (select * from tally where {{ extract_counts() }}),
        known as ({{ extract_by_method("counted") }}),
        persons as (
            select
                month,
                identification_method,
                {{ extract_group_of_several(["arrival_date", "coalesce(arrival_time, '')"]) }} as accommodation_group
            from known
            where not person_missing
            group by month, identification_method, person_1, person_2
            union all
            select month, identification_method, accommodation_group
            from known
            where person_missing
        )
    select month, 'AE_ATTENDANCES' as measure_code, identification_method, accommodation_group, count(*) as n
    from known
    group by all
    union all
    select month, 'AE_PERSONS', identification_method, accommodation_group, count(*)
    from persons
    group by all
{%- endmacro %}

{#
    One judged row for each episode of admitted care. Rules: emergency is an admission method that begins with 2; patient classification 1
    or 2 (or blank); a spell is the provider's spell number, else the person and the day on which it began. An episode without a day of
    discharge stays, however long ago the spell began: the day stands on the last episode of the spell.
#}
{% macro extract_admitted_care_judged() -%}
    with
        prepared as (
            select
                records.*,
                parameters.*,
                upper(records.admission_method) as method,
                case
                    when records.spell_number is not null
                    then
                        'spell '
                        || coalesce({{ extract_provider("records.provider") }}, '')
                        || ' '
                        || records.spell_number
                    when {{ extract_person("records") }} is not null and records.spell_start is not null
                    then
                        'person '
                        || coalesce({{ extract_provider("records.provider") }}, '')
                        || ' '
                        || {{ extract_person("records") }}
                        || ' '
                        || cast(records.spell_start as string)
                end as spell,
                coalesce(records.spell_number, {{ extract_person("records") }}) as identifier
            from records
            cross join parameters
        ),
        {{ extract_housed("prepared") }}
    select
        {{ extract_key("spell", part="identifier") }},
        spell is null as has_no_key,
        {{
            extract_reason(
                {
                    "no_date": "spell_start is null",
                    "classification": "patient_classification in ('3', '4', '5', '8')",
                    "not_emergency": "method not in ('21', '22', '23', '24', '25', '28', '2A', '2B', '2C', '2D')",
                    "month": "spell_start > period_end or discharge_date < period_start",
                }
            )
        }},
        spell_start,
        case when discharge_date >= spell_start then discharge_date end as discharge_date,
        coalesce(try_cast(episode_number as integer), 0) as episode_number,
        method,
        method is null
        or method not in (
            '11',
            '12',
            '13',
            '21',
            '22',
            '23',
            '24',
            '25',
            '28',
            '2A',
            '2B',
            '2C',
            '2D',
            '31',
            '32',
            '81',
            '82',
            '83',
            '98',
            '99'
        ) as unlisted_method,
        coalesce(patient_classification not in ('1', '2', '3', '4', '5', '8'), false) as unlisted_classification,
        coalesce(discharge_date < spell_start, false) as discharge_before_start,
        {{ extract_housing_faults() }},
        unread
    from housed
{%- endmacro %}

{# Episodes of one spell are no versions of each other: none is left out, and all but the first are counted with another one. #}
{% macro extract_admitted_care_tally() -%}
    with
        episodes as (
            select
                *,
                1 as n,
                false as is_older,
                row_number() over (
                    partition by reason is null, has_no_key, key_1, key_2 order by spell_start
                ) as episode
            from judged
        )
    select
        {{ all_but(["episode"]) }},
        {{ extract_of_no_identifier("(reason is null and not has_no_key and episode > 1)", ["key_1"]) }}
        as of_no_identifier
    from episodes
{%- endmacro %}

{#
    EM_ADMISSIONS by the month in which a spell began; EM_DISCHARGED_SPELLS and EM_BED_DAYS (nights: the same day is 0) by the month of its
    discharge, so that a mean stay has one base. A spell is HOMELESS where one of its episodes says so, else by its last one
    whose housing is known; it began on the first day that an episode gives, and ended on the last.
#}
{% macro extract_admitted_care_cells() -%}
    with
        counted as (select * from tally where {{ extract_counts() }}),
        known as ({{ extract_by_method("counted") }}),
        spells as (
            select
                identification_method,
                min(spell_start) as spell_start,
                max(discharge_date) as discharge_date,
                {{ extract_group_of_several(["episode_number"]) }} as accommodation_group
            from known
            where not has_no_key
            group by identification_method, key_1, key_2
            union all
            select identification_method, spell_start, discharge_date, accommodation_group
            from known
            where has_no_key
        ),
        in_period as (select spells.*, parameters.period_start, parameters.period_end from spells cross join parameters)
    select
        last_day(spell_start) as month,
        'EM_ADMISSIONS' as measure_code,
        identification_method,
        accommodation_group,
        count(*) as n
    from in_period
    where spell_start between period_start and period_end
    group by all
    union all
    select last_day(discharge_date), 'EM_DISCHARGED_SPELLS', identification_method, accommodation_group, count(*)
    from in_period
    where discharge_date between period_start and period_end
    group by all
    union all
    select
        last_day(discharge_date),
        'EM_BED_DAYS',
        identification_method,
        accommodation_group,
        sum({{ days_between("spell_start", "discharge_date") }})
    from in_period
    where discharge_date between period_start and period_end
    group by all
{%- endmacro %}

{#
    The rows of the return UC01, in the order of its columns: every month, measure and group of each way of knowing that was counted (0 where
    nobody is in it), and what the trust states itself (`stated`: populations, enhanced primary care).
    The accommodation status code is ALL in every row: marts compare groups, a code of a group has few people in a month, and a person
    with two codes would count in both.
#}
{% macro extract_uc01_rows() -%}
    with
        asked as (select distinct measure_code, identification_method from cells),
        months as (
            select last_day(first_day) as month
            from (select {{ each_day("period_start", "period_end", "month") }} as first_day from parameters) as firsts
        ),
        possible as (
            select months.month, asked.*, groups.code as accommodation_group
            from months, asked, return_code as groups
            where
                groups.list_code = 'accommodation_group'
                and case
                    when asked.identification_method in ('ZZ99_3VZ', 'HOSTEL_ADDRESS')
                    then groups.code in ('HOMELESS', 'ALL')
                    else groups.code <> 'ALL'
                end
        ),
        counted as (
            select month, measure_code, identification_method, accommodation_group, n
            from cells
            union all
            select month, measure_code, identification_method, 'ALL', sum(n)
            from cells
            where identification_method in ('ZZ99_3VZ', 'HOSTEL_ADDRESS')
            group by month, measure_code, identification_method
        ),
        listed as (
            select
                possible.month,
                possible.measure_code,
                possible.identification_method,
                possible.accommodation_group,
                coalesce(counted.n, 0) as n,
                cast(null as string) as denominator_source
            from possible
            left join counted using (month, measure_code, identification_method, accommodation_group)
            union all
            select month, measure_code, identification_method, accommodation_group, n, denominator_source
            from stated
        )
    select
        parameters.org_code,
        month as activity_month,
        measure_code,
        accommodation_group,
        'ALL' as accommodation_status_code,
        identification_method,
        case when measure_code = 'EPC_GROWTH_STATED' then cast(n as string) else {{ extract_shown("n") }} end as value,
        denominator_source
    from listed
    cross join parameters
    order by all
{%- endmacro %}

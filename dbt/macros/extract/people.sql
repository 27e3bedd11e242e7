{#
    What every patient-level extract asks of a person: age, groups, area. Expressions over a relation of records; each rule stands
    here once, for a trust's own machine (`hiw extract`) and for whoever runs the same over records of many trusts.
#}
{#
    Age in whole years on a day (BIGINT): years passed, so that somebody born on 29 February is a year older on 1 March of a common
    year. NULL without a date; for whoever is born after the day it is below 1, and means nothing.
#}
{% macro extract_years(born, day) -%} ({{ extract_number_of_day(day) }} - {{ extract_number_of_day(born) }}) // 10000 {%- endmacro %}

{# The years of everybody who may live on a day that is the same for all: one row for each birth date. Columns: birth_date, years. #}
{% macro extract_years_by_birth(day) -%}
    select birth_date, {{ extract_years("birth_date", day) }} as years
    from (
        select cast(unnest(generate_series({{ day }} - interval 121 year, {{ day }}, interval 1 day)) as date) as birth_date
        from parameters
    ), parameters
{%- endmacro %}

{# A day as the number YYYYMMDD: of two of them the ten-thousands of the difference are the years that passed. #}
{% macro extract_number_of_day(day) -%} (year({{ day }}) * 10000 + month({{ day }}) * 100 + day({{ day }})) {%- endmacro %}

{#
    The ethnic category of 2001 in a text: 99 first, then the first letter, because the second character is the trust's own. Blank,
    the 9 of before 2001 and the X of HES are 99 (not known), never Z, which says that the patient was asked and declined. Three
    characters are the code list of 2021, which is no part of this one: the text comes back as it is, and is in no list.
#}
{% macro extract_ethnic_category(text) -%}
    case
        when {{ text }} is null or {{ text }} in ('99', '9', 'X', 'x')
        then '99'
        when length({{ text }}) <= 2
        then upper(left({{ text }}, 1))
        else {{ text }}
    end
{%- endmacro %}

{# PERSON STATED GENDER CODE: as it is; X (not known) for blank and for the 0 of PERSON GENDER CODE CURRENT. #}
{% macro extract_gender(text) -%}
    case when {{ text }} is null or {{ text }} = '0' then 'X' else upper({{ text }}) end
{%- endmacro %}

{# The provider of a code: the first three characters of an R code, because sites have five. #}
{% macro extract_provider(text) -%}
    case when upper({{ text }}) like 'R%' then upper(left({{ text }}, 3)) else upper({{ text }}) end
{%- endmacro %}

{# A postcode as it is compared: upper case, letters and digits only. #}
{% macro extract_postcode(text) -%}
    case when {{ text }} is not null then nullif(upper(regexp_replace({{ text }}, '[^A-Za-z0-9]', '', 'g')), '') end
{%- endmacro %}

{# An NHS number as it is compared: without the blanks and hyphens in which it is written for people. #}
{% macro extract_nhs_number(text) -%} translate({{ text }}, ' -' || chr(160), '') {%- endmacro %}

{#
    Two numbers of 64 bits that stand for a text in counting and comparing, so that no identifier is kept: two keys are taken for one
    only when both are the same (1 in 10^25 for 50 million). Where a part of the text is given, the first number is of the part alone.
#}
{% macro extract_key(text, name="key", part=none) -%}
    hash({{ part or text }}) as {{ name }}_1, hash('other' || {{ text }}) as {{ name }}_2
{%- endmacro %}

{#
    One row for each LSOA of either year that has a decile of the edition in `imd`, or whose decile the edition does not give: columns
    lsoa_year, lsoa_code, imd_decile (NULL for the latter). An edition stands on the LSOAs of one year (2019 on 2011, 2025 on
    2021). An LSOA of the other year gets a decile where all the LSOAs that it was split into, or made of, have that one.
    Inputs: imd (lsoa_year, lsoa_code, imd_decile), lsoa_change (lsoa_2011, lsoa_2021).
#}
{% macro extract_decile_of_lsoa(imd="imd", lsoa_change="lsoa_change") -%}
    with
        related as (
            select 2011 as lsoa_year, lsoa_2011 as lsoa_code, lsoa_2021 as other_code from {{ lsoa_change }}
            union
            select 2021 as lsoa_year, lsoa_2021 as lsoa_code, lsoa_2011 as other_code from {{ lsoa_change }}
        ),
        across as (
            select
                related.lsoa_year,
                related.lsoa_code,
                case
                    when count(*) = count(imd.imd_decile) and min(imd.imd_decile) = max(imd.imd_decile)
                    then min(imd.imd_decile)
                end as imd_decile
            from related
            left join {{ imd }} as imd on imd.lsoa_code = related.other_code
            where related.lsoa_year <> (select min(lsoa_year) from {{ imd }}) and related.lsoa_code like 'E%'
            group by related.lsoa_year, related.lsoa_code
        )
    select lsoa_year, lsoa_code, imd_decile from {{ imd }}
    union all
    select lsoa_year, lsoa_code, imd_decile from across
{%- endmacro %}

{#
    One row for each postcode of the lookup that has a decile: columns postcode, imd_decile, through the LSOA of the year that
    the lookup has. ZZ99 is nobody's address, whatever a lookup says of it. Inputs: postcode_lookup (postcode, lsoa_year, lsoa_code), decile_of_lsoa.
#}
{% macro extract_decile_of_postcode(postcode_lookup="postcode_lookup", decile_of_lsoa="decile_of_lsoa") -%}
    select {{ extract_postcode("postcode_lookup.postcode") }} as postcode, any_value(decile_of_lsoa.imd_decile) as imd_decile
    from {{ postcode_lookup }} as postcode_lookup
    join
        {{ decile_of_lsoa }} as decile_of_lsoa
        on decile_of_lsoa.lsoa_code = postcode_lookup.lsoa_code
        and decile_of_lsoa.lsoa_year = postcode_lookup.lsoa_year
    where decile_of_lsoa.imd_decile is not null and {{ extract_postcode("postcode_lookup.postcode") }} not like 'ZZ99%'
    group by 1
    having min(decile_of_lsoa.imd_decile) = max(decile_of_lsoa.imd_decile)
{%- endmacro %}

{#
    Why a record has no decile (NULL where it has one): what `area_reason` of a judged record says. Inputs: names of the columns.
#}
{% macro extract_area_reason(decile, postcode, lsoa_2011, lsoa_2021) -%}
    cast(
        case
            when {{ decile }} is not null
            then null
            when {{ postcode }} like 'ZZ99%'
            then 'no_address'
            when coalesce({{ postcode }}, {{ lsoa_2011 }}, {{ lsoa_2021 }}) is null
            then 'no_area'
            when coalesce({{ lsoa_2021 }}, {{ lsoa_2011 }}) not ilike 'E%'
            then 'not_england'
            when coalesce({{ lsoa_2021 }}, {{ lsoa_2011 }}) is not null
            then 'no_one_decile'
            else 'not_in_lookup'
        end as enum('no_address', 'no_area', 'not_england', 'no_one_decile', 'not_in_lookup')
    )
{%- endmacro %}

{#
    The address of a person where the layout carries none: one row for each key that has one address in the second input.
    Inputs: area (nhs_number, local_patient_identifier, postcode, lsoa_2011, lsoa_2021). Two different addresses of one person give no row.
#}
{% macro extract_area_of_person(area="area") -%}
    {%- for kind, person in {"nhs_number": extract_nhs_number("nhs_number"), "local_patient_identifier": "local_patient_identifier"}.items() %}
        select
            '{{ kind }}' as kind,
            {{ person }} as person,
            any_value(postcode) as postcode,
            any_value(lsoa_2011) as lsoa_2011,
            any_value(lsoa_2021) as lsoa_2021
        from {{ area }}
        where {{ kind }} is not null
        group by {{ person }}
        having
            count(distinct coalesce({{ extract_postcode("postcode") }}, '') || ' ' || coalesce(upper(lsoa_2011), '') || ' ' || coalesce(upper(lsoa_2021), '')) = 1
        {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    CTEs that end with `placed`, one row for each row of `relation`, a CTE: its columns without birth date, age and address, and age_band
    (sort_order of the seed), birth_date_missing, age_out_of_range, imd_decile (99 not known), area_reason. What is worked out here needs
    the record; what a code means is looked up for groups of records, by extract_listed.
    Inputs: relation (nhs_number, local_patient_identifier, birth_date, age_given, years, postcode, lsoa_2011, lsoa_2021),
    area_of_person, decile_of_lsoa, decile_of_postcode, imd and the seeds.
    Rule of the area: the LSOA of the year on which the edition stands, else the postcode, else the LSOA of the other year.
#}
{% macro extract_placed(relation) -%}
    addressed as (
        select
            given.* exclude (postcode, lsoa_2011, lsoa_2021),
            {{ extract_postcode("coalesce(given.postcode, by_number.postcode, by_local.postcode)") }} as postcode,
            coalesce(given.lsoa_2011, by_number.lsoa_2011, by_local.lsoa_2011) as lsoa_2011,
            coalesce(given.lsoa_2021, by_number.lsoa_2021, by_local.lsoa_2021) as lsoa_2021
        from {{ relation }} as given
        left join (select * from area_of_person where kind = 'nhs_number') as by_number on by_number.person = {{ extract_nhs_number("given.nhs_number") }}
        left join
            (select * from area_of_person where kind = 'local_patient_identifier') as by_local
            on by_local.person = given.local_patient_identifier
    ),
    aged as (
        select
            *,
            case
                when years between 0 and 120
                then years
                when birth_date is null and age_given between 0 and 120
                then age_given
                else -1
            end as age
        from addressed
    ),
    placed as (
        select
            aged.* exclude (nhs_number, local_patient_identifier, birth_date, age_given, years, postcode, lsoa_2011, lsoa_2021, age),
            cast(ages.sort_order as utinyint) as age_band,
            aged.birth_date is null and aged.age_given is null as birth_date_missing,
            aged.birth_date is not null and aged.age < 0 as age_out_of_range,
            cast(
                coalesce(
                    case when (select min(lsoa_year) from imd) = 2021 then in_2021.imd_decile else in_2011.imd_decile end,
                    by_postcode.imd_decile,
                    in_2011.imd_decile,
                    in_2021.imd_decile,
                    99
                ) as utinyint
            ) as imd_decile,
            {{ extract_area_reason("coalesce(in_2021.imd_decile, in_2011.imd_decile, by_postcode.imd_decile)", "aged.postcode", "aged.lsoa_2011", "aged.lsoa_2021") }} as area_reason
        from aged
        join
            (
                select cast(unnest(generate_series(age_from, coalesce(age_to, 120))) as bigint) as age, sort_order
                from age_band
                where level = 'category' and age_from is not null
                union all
                select -1 as age, sort_order
                from age_band
                where code = 'UNK'
            ) as ages
            on ages.age = aged.age
        left join {{ extract_lsoas_of(2011) }} as in_2011 on in_2011.lsoa_code = aged.lsoa_2011
        left join {{ extract_lsoas_of(2021) }} as in_2021 on in_2021.lsoa_code = aged.lsoa_2021
        left join decile_of_postcode as by_postcode on by_postcode.postcode = aged.postcode
    )
{%- endmacro %}

{# The LSOAs of a year with their decile, in capitals and in small letters: a code has one letter, and no record need be rewritten. #}
{% macro extract_lsoas_of(year) -%}
    (
        select unnest([lsoa_code, lower(lsoa_code)]) as lsoa_code, imd_decile
        from decile_of_lsoa
        where lsoa_year = {{ year }}
    )
{%- endmacro %}

{#
    A CTE `listed`: the rows of `relation`, with treatment_function, ethnic_category and person_stated_gender as sort_order of the seed,
    NULL for a code that is in no list.
    Inputs: relation (treatment_function_code, ethnic_text, gender_text), treatment_function_map and the seeds.
#}
{% macro extract_listed(relation) -%}
    listed as (
        select
            given.* exclude (treatment_function_code, ethnic_text, gender_text),
            cast(functions.sort_order as utinyint) as treatment_function,
            cast(ethnic.sort_order as utinyint) as ethnic_category,
            cast(gender.sort_order as utinyint) as person_stated_gender
        from {{ relation }} as given
        left join
            (
                select treatment_function_map.code, return_treatment_function.sort_order
                from treatment_function_map
                join return_treatment_function on return_treatment_function.code = treatment_function_map.return_code
            ) as functions
            on functions.code = upper(given.treatment_function_code)
        left join
            (select code, sort_order from ethnic_category where level = 'category') as ethnic
            on ethnic.code = {{ extract_ethnic_category("given.ethnic_text") }}
        left join
            (select code, sort_order from person_stated_gender where level = 'category') as gender
            on gender.code = {{ extract_gender("given.gender_text") }}
    )
{%- endmacro %}

{# Columns of a record by which its older versions are found: of no group, because nearly each record has its own. #}
{% macro extract_own_columns(order_by) -%} key_1, key_2, {{ order_by | join(", ") }} {%- endmacro %}

{#
    `grouped`, of one reading of the file: a row for each group of records of `coarse` that are alike in everything that decides, with
    n, how many they are; and one for each key that several records have (repeated_key, its first number, else NULL).
    Inputs: coarse (a SELECT with extract_key, the columns alike, and what each record has of its own), alike (names of columns),
    may_repeat (false for whatever has no versions).
#}
{% macro extract_grouped_records(coarse, alike, may_repeat="true") -%}
    {%- set columns = alike | join(", ") -%}
    with
        coarse as ({{ coarse }}),
        keyed as (
            select {{ columns }}, case when not has_no_key and {{ may_repeat }} then key_1 end as repeated_key
            from coarse
        )
    select {{ columns }}, repeated_key, count(*) as n, grouping(repeated_key) = 0 as is_of_key
    from keyed
    group by grouping sets (({{ columns }}), (repeated_key))
    having grouping(repeated_key) = 1 or (repeated_key is not null and count(*) > 1)
{%- endmacro %}

{# `judged`: one row for each group of records of `grouped`, with n. Inputs: grouped, parameters, judged (the columns). #}
{% macro extract_judged_groups(judged) -%}
    with
        groups as (
            select * exclude (repeated_key, is_of_key)
            from "grouped"
            where not is_of_key
        ),
        {{ extract_listed("groups") }}
    select {{ judged }}, n
    from listed
    cross join parameters
{%- endmacro %}

{# By what every return of patients counts them: columns of a judged record, places in the code lists. #}
{% macro extract_groups() -%}
    {{ return(["treatment_function", "ethnic_category", "imd_decile", "age_band", "person_stated_gender"]) }}
{%- endmacro %}

{# What a judged record says of its person: the columns of extract_groups, area_reason, and the faults of age, groups and function. #}
{% macro extract_person_columns() -%}
    {{ extract_groups() | join(", ") }},
    area_reason,
    has_treatment_function and treatment_function is null as unlisted_treatment_function,
    ethnic_category is null as unlisted_ethnic_category,
    person_stated_gender is null as unlisted_gender,
    birth_date_missing,
    age_out_of_range
{%- endmacro %}

{#
    `reason` of a judged record: the first of `reasons` (name -> condition) for which it does not count, another provider before all; NULL
    where it counts.
#}
{% macro extract_reason(reasons) -%}
    {%- set all_reasons = dict(provider="not list_contains(provider_codes, " ~ extract_provider("provider") ~ ")", **reasons) -%}
    cast(
        case
            {%- for reason, condition in all_reasons.items() %}
            when {{ condition }} then '{{ reason }}'
            {%- endfor %}
        end as enum('{{ all_reasons | join("', '") }}')
    ) as reason
{%- endmacro %}

{# Whether a row of `tally` counts: it has no reason not to, and is no older version. #}
{% macro extract_counts() -%} reason is null and not is_older {%- endmacro %}

{#
    `tally` of records that were judged one by one: the rows of `judged`, n (1), is_older. Inputs: judged, duplicates (place).
#}
{% macro extract_tally_of_records() -%}
    select judged.*, judged.rowid as place, 1 as n, judged.rowid in (select place from duplicates) as is_older
    from judged
{%- endmacro %}

{#
    `tally` of groups of records: those of `judged`, from which each older version is taken away, to stand as what it is.
    Inputs: judged (n), duplicates (the columns of judged).
#}
{% macro extract_tally_of_groups() -%}
    select *, false as is_older from judged
    union all by name
    select * replace (-n as n), false as is_older from duplicates
    union all by name
    select *, true as is_older from duplicates
{%- endmacro %}

{# The first numbers of the keys that are there more than once. Inputs: grouped. #}
{% macro extract_repeated_keys() -%} select repeated_key as key_1 from "grouped" where is_of_key {%- endmacro %}

{#
    The older versions among the records of `coarse`, judged: of the records of one key all but the first by `in_order`, which ends with what is
    counted, so that the order of a file decides nothing. Records with a reason of `no_versions` stay out of it. Only the records of a
    key in `repeated` are read again. Inputs: repeated (key_1), and as extract_judged_groups.
#}
{% macro extract_older_records(coarse, judged, own, no_versions, in_order) -%}
    with
        coarse as ({{ coarse }}),
        candidates as (
            select coarse.* from coarse
            semi join repeated on repeated.key_1 = coarse.key_1
        ),
        {{ extract_listed("candidates") }},
        versions as (
            select {{ extract_own_columns(own) }}, {{ judged }}, 1 as n
            from listed
            cross join parameters
        ),
        ranked as (
            select
                *,
                row_number() over (partition by key_1, key_2 order by {{ in_order | join(", ") }}) as version
            from versions
            where coalesce(reason not in ('{{ no_versions | join("', '") }}'), true)
        )
    select * exclude ({{ extract_own_columns(own) }}, version)
    from ranked
    where version > 1
{%- endmacro %}

{#
    The rows of `judged` (rowid, as `place`) that are older versions, where records are judged one by one; as extract_older_records.
#}
{% macro extract_older_versions(no_versions, in_order) -%}
    with
        versions as (
            select rowid as place, *
            from judged
            where not has_no_key and coalesce(reason not in ('{{ no_versions | join("', '") }}'), true)
        ),
        repeated as (select key_1, key_2 from versions group by key_1, key_2 having count(*) > 1),
        ranked as (
            select
                versions.place,
                row_number() over (
                    partition by versions.key_1, versions.key_2 order by {{ in_order | join(", ") }}
                ) as version
            from versions
            join repeated on repeated.key_1 = versions.key_1 and repeated.key_2 = versions.key_2
        )
    select place from ranked where version > 1
{%- endmacro %}

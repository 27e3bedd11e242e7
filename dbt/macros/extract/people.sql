{#
    What every patient-level extract asks of a person: age, groups, area. Expressions over a relation of records; each rule stands
    here once, for a trust's own machine (`hiw extract`) and for whoever runs the same over records of many trusts.
#}
{#
    Age in whole years on a day (BIGINT): years passed, so that somebody born on 29 February is a year older on 1 March of a common
    year. NULL without a date; for whoever is born after the day it is below 1, and means nothing.
#}
{% macro extract_years(born, day) -%}
    cast(floor(({{ extract_number_of_day(day) }} - {{ extract_number_of_day(born) }}) / 10000) as bigint)
{%- endmacro %}

{# The age bands by age: one row for each age of 0 to 120. Columns: age, age_band (sort_order of the seed). #}
{% macro extract_age_bands() -%}
    select {{ each_number("age_from", "coalesce(age_to, 120)") }} as age, sort_order as age_band
    from age_band
    where level = 'category' and age_from is not null
{%- endmacro %}

{#
    The age band of everybody who may live on a day that is the same for all: one row for each birth date. Columns: birth_date, age_band.
    To look a birth date up takes a third of the time of working the age out for each record.
#}
{% macro extract_age_band_by_birth(day) -%}
    select born.birth_date, ages.age_band
    from
        (
            select birth_date, {{ extract_years("birth_date", day) }} as years
            from
                (
                    select
                        {{ each_day("cast(" ~ months_later(day, -121 * 12) ~ " as date)", day) }} as birth_date,
                        {{ day }}
                    from parameters
                ) as days
        ) as born
    join ({{ extract_age_bands() }}) as ages on ages.age = born.years
{%- endmacro %}

{# A day as the number YYYYMMDD: of two of them the ten-thousands of the difference are the years that passed. #}
{% macro extract_number_of_day(day) -%}
    (year({{ day }}) * 10000 + month({{ day }}) * 100 + day({{ day }}))
{%- endmacro %}

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
    case when {{ text }} is not null then nullif(upper({{ letters_and_digits(text) }}), '') end
{%- endmacro %}

{# An NHS number as it is compared: without the blanks and hyphens in which it is written for people. #}
{% macro extract_nhs_number(text) -%} translate({{ text }}, ' -' || chr(160), '') {%- endmacro %}

{#
    Two numbers of 64 bits that stand for a text in counting and comparing, so that no identifier is kept: two keys are taken for one
    only when both are the same (1 in 10^25 for 50 million). Where a part of the text is given, the first number is of the part alone.
#}
{% macro extract_key(text, name="key", part=none) -%}
    {{ text_hash(part or text) }} as {{ name }}_1, {{ text_hash("'other' || " ~ text) }} as {{ name }}_2
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
            select 2011 as lsoa_year, lsoa_2011 as lsoa_code, lsoa_2021 as other_code
            from {{ lsoa_change }}
            union
            select 2021 as lsoa_year, lsoa_2021 as lsoa_code, lsoa_2011 as other_code
            from {{ lsoa_change }}
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
    select lsoa_year, lsoa_code, imd_decile
    from {{ imd }}
    union all
    select lsoa_year, lsoa_code, imd_decile
    from across
{%- endmacro %}

{#
    One row for each postcode of the lookup that has a decile: columns postcode, imd_decile, through the LSOA of the year that
    the lookup has. ZZ99 is nobody's address, whatever a lookup says of it. Inputs: postcode_lookup (postcode, lsoa_year, lsoa_code), decile_of_lsoa.
#}
{% macro extract_decile_of_postcode(postcode_lookup="postcode_lookup", decile_of_lsoa="decile_of_lsoa") -%}
    select {{ extract_postcode("postcode_lookup.postcode") }} as postcode, min(decile_of_lsoa.imd_decile) as imd_decile
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
    case
        when {{ decile }} is not null
        then null
        when {{ postcode }} like 'ZZ99%'
        then 'no_address'
        when coalesce({{ postcode }}, {{ lsoa_2011 }}, {{ lsoa_2021 }}) is null
        then 'no_area'
        when upper(coalesce({{ lsoa_2021 }}, {{ lsoa_2011 }})) not like 'E%'
        then 'not_england'
        when coalesce({{ lsoa_2021 }}, {{ lsoa_2011 }}) is not null
        then 'no_one_decile'
        else 'not_in_lookup'
    end
{%- endmacro %}

{#
    The address of a person where the layout carries none: one row for each key that has one address in the second input.
    Inputs: area (nhs_number, local_patient_identifier, postcode, lsoa_2011, lsoa_2021). Two different addresses of one person give no row.
#}
{% macro extract_area_of_person(area="area") -%}
    {%- for kind, person in {
        "nhs_number": extract_nhs_number("nhs_number"),
        "local_patient_identifier": "local_patient_identifier",
    }.items() %}
        select
            '{{ kind }}' as kind,
            {{ person }} as person,
            min(postcode) as postcode,
            min(lsoa_2011) as lsoa_2011,
            min(lsoa_2021) as lsoa_2021
        from {{ area }}
        where {{ kind }} is not null
        group by {{ person }}
        having
            count(
                distinct coalesce({{ extract_postcode("postcode") }}, '')
                || ' '
                || coalesce(upper(lsoa_2011), '')
                || ' '
                || coalesce(upper(lsoa_2021), '')
            )
            = 1
            {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    CTEs that end with `placed`, one row for each row of `relation`, a CTE: its columns without birth date, age and address, and age_band
    (sort_order of the seed), birth_date_missing, age_out_of_range, imd_decile (99 not known), area_reason. What is worked out here needs
    the record; what a code means is looked up for groups of records, by extract_listed: a code goes through untouched.
    Inputs: relation (nhs_number, local_patient_identifier, birth_date, age_given, postcode, lsoa_2011, lsoa_2021; age_band by the birth
    date, NULL where there is none or the age is below 0 or above 120), area_of_person, decile_of_lsoa, decile_of_postcode, imd and the seeds.
    Rule of the area: the LSOA of the year on which the edition stands, else the postcode, else the LSOA of the other year.
#}
{% macro extract_placed(relation) -%}
    addressed as (
        select
            {{ all_but(["postcode", "lsoa_2011", "lsoa_2021"], of="given") }},
            {{ extract_postcode("coalesce(given.postcode, by_number.postcode, by_local.postcode)") }} as postcode,
            coalesce(given.lsoa_2011, by_number.lsoa_2011, by_local.lsoa_2011) as lsoa_2011,
            coalesce(given.lsoa_2021, by_number.lsoa_2021, by_local.lsoa_2021) as lsoa_2021
        from {{ relation }} as given
        left join
            (select * from area_of_person where kind = 'nhs_number') as by_number
            on by_number.person = {{ extract_nhs_number("given.nhs_number") }}
        left join
            (select * from area_of_person where kind = 'local_patient_identifier') as by_local
            on by_local.person = given.local_patient_identifier
    ),
    placed as (
        select
            {{
                all_but(
                    [
                        "nhs_number",
                        "local_patient_identifier",
                        "birth_date",
                        "age_given",
                        "age_band",
                        "postcode",
                        "lsoa_2011",
                        "lsoa_2021",
                    ],
                    of="addressed",
                )
            }},
            cast(
                coalesce(
                    addressed.age_band, ages.age_band, (select sort_order from age_band where code = 'UNK')
                ) as tinyint
            ) as age_band,
            addressed.birth_date is null and addressed.age_given is null as birth_date_missing,
            addressed.birth_date is not null and addressed.age_band is null as age_out_of_range,
            cast(
                coalesce(
                    case
                        when (select min(lsoa_year) from imd) = 2021 then in_2021.imd_decile else in_2011.imd_decile
                    end,
                    by_postcode.imd_decile,
                    in_2011.imd_decile,
                    in_2021.imd_decile,
                    99
                ) as tinyint
            ) as imd_decile,
            {{
                extract_area_reason(
                    "coalesce(in_2021.imd_decile, in_2011.imd_decile, by_postcode.imd_decile)",
                    "addressed.postcode",
                    "addressed.lsoa_2011",
                    "addressed.lsoa_2021",
                )
            }} as area_reason
        from addressed
        left join
            ({{ extract_age_bands() }}) as ages
            on ages.age = case when addressed.birth_date is null then addressed.age_given end
        left join {{ extract_lsoas_of(2011) }} as in_2011 on in_2011.lsoa_code = addressed.lsoa_2011
        left join {{ extract_lsoas_of(2021) }} as in_2021 on in_2021.lsoa_code = addressed.lsoa_2021
        left join decile_of_postcode as by_postcode on by_postcode.postcode = addressed.postcode
    )
{%- endmacro %}

{# The LSOAs of a year with their decile, in capitals and in small letters: a code has one letter, and no record need be rewritten. #}
{% macro extract_lsoas_of(year) -%}
    (
        select lsoa_code, imd_decile
        from decile_of_lsoa
        where lsoa_year = {{ year }}
        union all
        select lower(lsoa_code) as lsoa_code, imd_decile
        from decile_of_lsoa
        where lsoa_year = {{ year }}
    )
{%- endmacro %}

{#
    A CTE `listed`: the rows of `relation`, with treatment_function, ethnic_category and person_stated_gender as sort_order of the seed,
    NULL for a code that is in no list; has_no_group where all three are blank.
    Inputs: relation (treatment_function_code, ethnic_text, gender_text), treatment_function_map and the seeds.
#}
{% macro extract_listed(relation) -%}
    listed as (
        select
            {{ all_but(["treatment_function_code", "ethnic_text", "gender_text"], of="given") }},
            given.treatment_function_code is null
            and given.ethnic_text is null
            and given.gender_text is null as has_no_group,
            cast(functions.sort_order as tinyint) as treatment_function,
            cast(ethnic.sort_order as tinyint) as ethnic_category,
            cast(gender.sort_order as tinyint) as person_stated_gender
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
        groups as (select {{ all_but(["repeated_key", "is_of_key"]) }} from grouped where not is_of_key),
        {{ extract_listed("groups") }}
    select {{ judged }}, n
    from listed
    cross join parameters
{%- endmacro %}

{# By what every return of patients counts them: columns of a judged record, places in the code lists. #}
{% macro extract_groups() -%}
    {{ return(["treatment_function", "ethnic_category", "imd_decile", "age_band", "person_stated_gender"]) }}
{%- endmacro %}

{# The same as the end of an order; engines put NULL first or last as they like. #}
{% macro extract_groups_in_order() -%}
    {%- set in_order = [] -%}
    {%- for group in extract_groups() %} {% do in_order.append(group ~ " nulls last") %} {% endfor -%}
    {{ return(in_order) }}
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
    {%- set all_reasons = dict(
        provider="not array_contains(provider_codes, " ~ extract_provider("provider") ~ ")", **reasons
    ) -%}
    case
        {%- for reason, condition in all_reasons.items() %} when {{ condition }} then '{{ reason }}' {%- endfor %}
    end as reason
{%- endmacro %}

{# Whether a row of `tally` counts: it has no reason not to, and is no older version. #}
{% macro extract_counts() -%} reason is null and not is_older {%- endmacro %}

{#
    Whether a record is one of more than 50 that are taken for one with others because of one identifier: a text that stands for no
    identifier (NULL, 0) has hundreds. A system that sends each change of a record gives fewer to each, and so does whoever comes to A&E each
    day. Where identifiers begin anew each day, number 1 of each day is another record, with versions of its own: there more than
    50 are of one month, and more than 3 of the day.
    Inputs: of_another (condition, never NULL: the record is counted with another one), identifier (its columns, without what else is in a
    key, such as a day), anew_on (column: the day with which an identifier begins anew, NULL where it does not).
#}
{% macro extract_of_no_identifier(of_another, identifier, anew_on=none) -%}
    {%- set same = of_another ~ ", " ~ identifier | join(", ") -%}
    {{ of_another }} and count(*) over (partition by {{ same }}{{ ", last_day(" ~ anew_on ~ ")" if anew_on }}) > 50
    {%- if anew_on %} and count(*) over (partition by {{ same }}, {{ anew_on }}) > 3 {%- endif %}
{%- endmacro %}

{#
    `tally` of groups of records: those of `judged`, from which each older version is taken away, to stand as what it is.
    Inputs: judged (n, the last of its columns), duplicates (the columns of judged, and of_no_identifier).
#}
{% macro extract_tally_of_groups() -%}
    select {{ all_but(["n"]) }}, n, false as is_older, false as of_no_identifier
    from judged
    union all
    select {{ all_but(["n", "of_no_identifier"]) }}, - n as n, false as is_older, false as of_no_identifier
    from duplicates
    union all
    select {{ all_but(["n", "of_no_identifier"]) }}, n, true as is_older, of_no_identifier
    from duplicates
{%- endmacro %}

{# The first numbers of the keys that are there more than once. Inputs: grouped. #}
{% macro extract_repeated_keys() -%} select repeated_key as key_1 from grouped where is_of_key {%- endmacro %}

{#
    The older versions among the records of `coarse`, judged: of the records of one key all but the first by `in_order`, which ends with what is
    counted, so that the order of a file decides nothing. Records with a reason of `no_versions` stay out of it. Only the records of a
    key in `repeated` are read again. Inputs: repeated (key_1, of the identifier alone), as extract_judged_groups, and anew_on (a column of
    `own`, as extract_of_no_identifier). The last column is of_no_identifier.
#}
{% macro extract_older_records(coarse, judged, own, no_versions, in_order, anew_on=none) -%}
    with
        coarse as ({{ coarse }}),
        candidates as (select coarse.* from coarse semi join repeated on repeated.key_1 = coarse.key_1),
        {{ extract_listed("candidates") }},
        versions as (
            select key_1, key_2, {{ own | join(", ") }}, {{ judged }}, 1 as n from listed cross join parameters
        ),
        ranked as (
            select *, row_number() over (partition by key_1, key_2 order by {{ in_order | join(", ") }}) as version
            from versions
            where coalesce(reason not in ('{{ no_versions | join("', '") }}'), true)
        )
    select
        {{ all_but(["key_1", "key_2", "version"] + own) }},
        {{ extract_of_no_identifier("version > 1", ["key_1"], anew_on) }} as of_no_identifier
    from ranked
    where version > 1
{%- endmacro %}

{# Whether a record that was judged by itself may be a version of another: it has a key, and no reason of `no_versions`. #}
{% macro extract_has_versions(no_versions) -%}
    not judged.has_no_key and coalesce(judged.reason not in ('{{ no_versions | join("', '") }}'), true)
{%- endmacro %}

{# The keys that several records have, where records are judged one by one. Inputs: judged. #}
{% macro extract_repeated_records(no_versions) -%}
    select key_1, key_2
    from judged
    where {{ extract_has_versions(no_versions) }}
    group by key_1, key_2
    having count(*) > 1
{%- endmacro %}

{#
    `tally` of records that were judged one by one: the columns of `judged`, n (1), is_older; which of several is the older one as
    extract_older_records. Inputs: judged, repeated (key_1, key_2).
#}
{% macro extract_tally_of_records(no_versions, in_order) -%}
    {%- set same = "repeated.key_1 = judged.key_1 and repeated.key_2 = judged.key_2 and " ~ extract_has_versions(
        no_versions
    ) -%}
    select judged.*, 1 as n, false as is_older
    from judged
    left join repeated on {{ same }}
    where repeated.key_1 is null
    union all
    select {{ all_but(["version"]) }}, 1 as n, version > 1 as is_older
    from
        (
            select
                judged.*,
                row_number() over (
                    partition by judged.key_1, judged.key_2 order by {{ in_order | join(", ") }}
                ) as version
            from judged
            join repeated on {{ same }}
        ) as versions
{%- endmacro %}

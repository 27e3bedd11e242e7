{#
    What every patient-level extract asks of a person: age, groups, area. Expressions over a relation of records; each rule stands
    here once, for a trust's own machine (`hiw extract`) and for whoever runs the same over records of many trusts.
#}
{#
    Age in whole years on a day (BIGINT): years passed, so that somebody born on 29 February is a year older on 1 March of a common
    year. NULL without a date, and where the age is below 0 or above 120.
#}
{% macro extract_age(born, day) -%}
    case
        when {{ extract_years(born, day) }} between 0 and 120 then {{ extract_years(born, day) }}
    end
{%- endmacro %}

{% macro extract_years(born, day) -%}
    (
        year({{ day }}) - year({{ born }})
        - case when month({{ day }}) * 100 + day({{ day }}) < month({{ born }}) * 100 + day({{ born }}) then 1 else 0 end
    )
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
    nullif(upper(regexp_replace({{ text }}, '[^A-Za-z0-9]', '', 'g')), '')
{%- endmacro %}

{#
    Two numbers of 64 bits that stand for a text in counting and comparing, so that no identifier is kept: two keys are taken for one
    only when both are the same (1 in 10^25 for 50 million).
#}
{% macro extract_key(text, name="key") -%}
    hash({{ text }}) as {{ name }}_1, hash('other' || {{ text }}) as {{ name }}_2
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
    the lookup has. Inputs: postcode_lookup (postcode, lsoa_year, lsoa_code), decile_of_lsoa.
#}
{% macro extract_decile_of_postcode(postcode_lookup="postcode_lookup", decile_of_lsoa="decile_of_lsoa") -%}
    select {{ extract_postcode("postcode_lookup.postcode") }} as postcode, any_value(decile_of_lsoa.imd_decile) as imd_decile
    from {{ postcode_lookup }} as postcode_lookup
    join
        {{ decile_of_lsoa }} as decile_of_lsoa
        on decile_of_lsoa.lsoa_code = postcode_lookup.lsoa_code
        and decile_of_lsoa.lsoa_year = postcode_lookup.lsoa_year
    where decile_of_lsoa.imd_decile is not null
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
            when coalesce({{ lsoa_2021 }}, {{ lsoa_2011 }}) not like 'E%'
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
    {%- for kind in ["nhs_number", "local_patient_identifier"] %}
        select
            '{{ kind }}' as kind,
            {{ kind }} as person,
            any_value(postcode) as postcode,
            any_value(lsoa_2011) as lsoa_2011,
            any_value(lsoa_2021) as lsoa_2021
        from {{ area }}
        where {{ kind }} is not null
        group by {{ kind }}
        having
            count(distinct coalesce({{ extract_postcode("postcode") }}, '') || ' ' || coalesce(upper(lsoa_2011), '') || ' ' || coalesce(upper(lsoa_2021), '')) = 1
        {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    Records with their place in the code lists of a return: the columns of `relation`, and treatment_function, ethnic_category,
    imd_decile, age_band and person_stated_gender as sort_order of the seed (imd_decile as itself, 99 not known), NULL for a code that is
    in no list; age_years; area_reason.
    Inputs: relation (a CTE with nhs_number, local_patient_identifier, treatment_function_code, ethnic_text, gender_text, birth_date,
    age_given, on_day, postcode, lsoa_2011, lsoa_2021), area_of_person, decile_of_lsoa, decile_of_postcode, treatment_function_map
    and the seeds.
    Rule of the area: the LSOA of the year on which the edition stands, else the postcode, else the LSOA of the other year.
#}
{% macro extract_placed(relation) -%}
    addressed as (
        select
            given.* exclude (postcode, lsoa_2011, lsoa_2021),
            {{ extract_postcode("coalesce(given.postcode, by_number.postcode, by_local.postcode)") }} as postcode,
            upper(coalesce(given.lsoa_2011, by_number.lsoa_2011, by_local.lsoa_2011)) as lsoa_2011,
            upper(coalesce(given.lsoa_2021, by_number.lsoa_2021, by_local.lsoa_2021)) as lsoa_2021,
            coalesce({{ extract_age("given.birth_date", "given.on_day") }}, case when given.birth_date is null and given.age_given between 0 and 120 then given.age_given end) as age_years
        from {{ relation }} as given
        left join (select * from area_of_person where kind = 'nhs_number') as by_number on by_number.person = given.nhs_number
        left join
            (select * from area_of_person where kind = 'local_patient_identifier') as by_local
            on by_local.person = given.local_patient_identifier
    ),
    placed as (
        select
            addressed.*,
            cast(functions.sort_order as utinyint) as treatment_function,
            cast(ethnic.sort_order as utinyint) as ethnic_category,
            cast(gender.sort_order as utinyint) as person_stated_gender,
            cast(ages.sort_order as utinyint) as age_band,
            cast(
                coalesce(
                    case when (select min(lsoa_year) from imd) = 2021 then in_2021.imd_decile else in_2011.imd_decile end,
                    by_postcode.imd_decile,
                    in_2011.imd_decile,
                    in_2021.imd_decile
                ) as utinyint
            ) as imd_decile,
            {{ extract_area_reason("coalesce(in_2021.imd_decile, in_2011.imd_decile, by_postcode.imd_decile)", "addressed.postcode", "addressed.lsoa_2011", "addressed.lsoa_2021") }} as area_reason
        from addressed
        left join
            (
                select treatment_function_map.code, return_treatment_function.sort_order
                from treatment_function_map
                join return_treatment_function on return_treatment_function.code = treatment_function_map.return_code
            ) as functions
            on functions.code = upper(addressed.treatment_function_code)
        left join
            (select code, sort_order from ethnic_category where level = 'category') as ethnic
            on ethnic.code = {{ extract_ethnic_category("addressed.ethnic_text") }}
        left join
            (select code, sort_order from person_stated_gender where level = 'category') as gender
            on gender.code = {{ extract_gender("addressed.gender_text") }}
        left join
            (
                select unnest(generate_series(age_from, coalesce(age_to, 120))) as age, sort_order
                from age_band
                where level = 'category' and age_from is not null
                union all
                select null as age, sort_order
                from age_band
                where code = 'UNK'
            ) as ages
            on ages.age is not distinct from addressed.age_years
        left join (select * from decile_of_lsoa where lsoa_year = 2011) as in_2011 on in_2011.lsoa_code = addressed.lsoa_2011
        left join (select * from decile_of_lsoa where lsoa_year = 2021) as in_2021 on in_2021.lsoa_code = addressed.lsoa_2021
        left join decile_of_postcode as by_postcode on by_postcode.postcode = addressed.postcode
    )
{%- endmacro %}

{# By what every return of patients counts them: columns of a judged record, places in the code lists. #}
{% macro extract_groups() -%}
    {{ return(["treatment_function", "ethnic_category", "imd_decile", "age_band", "person_stated_gender"]) }}
{%- endmacro %}

{# What a judged record says of its person: the columns of extract_groups, area_reason, and the faults of age, groups and function. #}
{% macro extract_person_columns() -%}
    treatment_function,
    ethnic_category,
    coalesce(imd_decile, 99) as imd_decile,
    age_band,
    person_stated_gender,
    area_reason,
    has_treatment_function and treatment_function is null as unlisted_treatment_function,
    ethnic_category is null as unlisted_ethnic_category,
    person_stated_gender is null as unlisted_gender,
    birth_date is null and age_given is null as birth_date_missing,
    birth_date is not null and age_years is null as age_out_of_range
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

{# Whether a row of `judged` counts: it has no reason not to, and is the version that stands. #}
{% macro extract_counts() -%} reason is null and rowid not in (select place from duplicates) {%- endmacro %}

{#
    The rows of `judged` (rowid, as `place`) that are older versions: of the rows of one key all but the first by `in_order`, which ends
    with what is counted, so that the order of a file decides nothing. Rows with a reason of `no_versions` stay out of it.
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

{#
    From cells of the full cross to the grouping sets of a return: G0 total, G1 ethnic category, G2 decile, G3 age, G4 sex, G5 ethnic
    group of five by quintile, G9 the cross itself. Every set is a sum over the same cells, so every set sums to G0.
#}
{# The select list that turns places (sort_order) into codes; columns that a return shares. #}
{% macro extract_codes_of_groups(relation) -%}
    coalesce(functions.code, 'ALL') as treatment_function_code,
    ethnic.code as ethnic_category,
    cast({{ relation }}.imd_decile as string) as imd_decile,
    ages.code as age_band,
    gender.code as person_stated_gender_code
{%- endmacro %}

{% macro extract_joins_of_groups(relation) -%}
    left join return_treatment_function as functions on functions.sort_order = {{ relation }}.treatment_function
    join ethnic_category as ethnic on ethnic.sort_order = {{ relation }}.ethnic_category
    join age_band as ages on ages.sort_order = {{ relation }}.age_band
    join person_stated_gender as gender on gender.sort_order = {{ relation }}.person_stated_gender
{%- endmacro %}

{#
    CTEs that end with `grouped`: one row for each function of `cell` and ALL, outcome and group of G0 to G5 (0 where nobody is in it),
    and in a RESTRICTED return for each cell of G9 that has somebody.
    Inputs: cell (the columns of `outcomes` and of extract_codes_of_groups, n), a relation `outcome` with every combination of `outcomes`,
    the seeds, parameters.
#}
{% macro extract_grouping_sets(cell, outcomes) -%}
    {%- set by = outcomes | join(", ") -%}
    {%- set groups = "ethnic_category, imd_decile, age_band, person_stated_gender_code" -%}
    fifth as (
        select code as decile, 'Q' || {{ returns_fifth("code") }} as code
        from return_code
        where list_code = 'imd_decile' and note = 'decile'
    ),
    possible as (
        select
            'G0' as grouping_set,
            'ALL' as ethnic_category,
            'ALL' as imd_decile,
            'ALL' as age_band,
            'ALL' as person_stated_gender_code
        union all
        select 'G1', code, 'ALL', 'ALL', 'ALL'
        from ethnic_category
        where level = 'category'
        union all
        select 'G2', 'ALL', decile, 'ALL', 'ALL'
        from fifth
        union all
        select 'G3', 'ALL', 'ALL', code, 'ALL'
        from age_band
        where level = 'category'
        union all
        select 'G4', 'ALL', 'ALL', 'ALL', code
        from person_stated_gender
        where level = 'category'
        union all
        select 'G5', five.group5, fifth.code, 'ALL', 'ALL'
        from
            (select distinct group5 from ethnic_category where level = 'category') as five,
            (select distinct code from fifth) as fifth
    ),
    of_function as (
        select
            'G0' as grouping_set,
            treatment_function_code,
            {{ by }},
            'ALL' as ethnic_category,
            'ALL' as imd_decile,
            'ALL' as age_band,
            'ALL' as person_stated_gender_code,
            sum(n) as n
        from {{ cell }}
        group by treatment_function_code, {{ by }}
        union all
        select 'G1', treatment_function_code, {{ by }}, ethnic_category, 'ALL', 'ALL', 'ALL', sum(n)
        from {{ cell }}
        group by treatment_function_code, {{ by }}, ethnic_category
        union all
        select 'G2', treatment_function_code, {{ by }}, 'ALL', imd_decile, 'ALL', 'ALL', sum(n)
        from {{ cell }}
        group by treatment_function_code, {{ by }}, imd_decile
        union all
        select 'G3', treatment_function_code, {{ by }}, 'ALL', 'ALL', age_band, 'ALL', sum(n)
        from {{ cell }}
        group by treatment_function_code, {{ by }}, age_band
        union all
        select 'G4', treatment_function_code, {{ by }}, 'ALL', 'ALL', 'ALL', person_stated_gender_code, sum(n)
        from {{ cell }}
        group by treatment_function_code, {{ by }}, person_stated_gender_code
        union all
        select 'G5', treatment_function_code, {{ by }}, five.group5, fifth.code, 'ALL', 'ALL', sum(n)
        from {{ cell }} as cell
        join ethnic_category as five on five.code = cell.ethnic_category
        join fifth on fifth.decile = cell.imd_decile
        group by treatment_function_code, {{ by }}, five.group5, fifth.code
        union all
        select 'G9', treatment_function_code, {{ by }}, {{ groups }}, sum(n)
        from {{ cell }}
        where not (select is_safe from parameters)
        group by treatment_function_code, {{ by }}, {{ groups }}
    ),
    counted as (
        select grouping_set, treatment_function_code, {{ by }}, {{ groups }}, n
        from of_function
        union all
        select grouping_set, 'ALL', {{ by }}, {{ groups }}, sum(n)
        from of_function
        where treatment_function_code <> 'ALL'
        group by grouping_set, {{ by }}, {{ groups }}
    ),
    grouped as (
        select
            possible.grouping_set,
            functions.treatment_function_code,
            {%- for outcome in outcomes %} outcome.{{ outcome }}, {%- endfor %}
            possible.ethnic_category,
            possible.imd_decile,
            possible.age_band,
            possible.person_stated_gender_code,
            coalesce(counted.n, 0) as n
        from possible
        cross join
            (
                select 'ALL' as treatment_function_code
                union
                select treatment_function_code
                from {{ cell }}
            ) as functions
        cross join outcome
        left join counted using (grouping_set, treatment_function_code, {{ by }}, {{ groups }})
        union all
        select grouping_set, treatment_function_code, {{ by }}, {{ groups }}, n
        from counted
        where grouping_set = 'G9'
    )
{%- endmacro %}

{# A count as the return shows it: itself, or in a SAFE return [c] for 1 to 7 and others to the nearest 5 (disclosed_count). #}
{% macro extract_shown(count) -%}
    case
        when not is_safe
        then cast({{ count }} as string)
        when {{ disclosed_count_status(count) }} = 'suppressed'
        then '[c]'
        else cast({{ disclosed_count(count) }} as string)
    end
{%- endmacro %}

{#
    How many records of a layout are in each month of its date `day`, as told; a month whose number is not told has no name.
    Columns: month (YYYY-MM; NULL for these months and for records without a date), told.
#}
{% macro extract_periods(relation, day) -%}
    with
        by_month as (select {{ month_text(day) }} as month, count(*) as n from {{ relation }} group by all),
        shown as (
            select
                case when {{ disclosed_count_status("n") }} = 'published' then month end as month,
                cast(sum(n) as bigint) as n
            from by_month
            group by all
        )
    select month, {{ extract_told("n") }} as told
    from shown
    order by month nulls last
{%- endmacro %}

{# A count of records as it is told to a person: 0, fewer than 8, or to the nearest 5, so that no difference of two tells of a few. #}
{% macro extract_told(count) -%}
    case
        when {{ disclosed_count_status(count) }} = 'suppressed'
        then 'fewer than {{ disclosure_threshold() + 1 }}'
        else {{ number_text(disclosed_count(count)) }}
    end
{%- endmacro %}

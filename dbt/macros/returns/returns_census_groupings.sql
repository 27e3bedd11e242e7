{#
    The CTEs moved and groupings of int_returns__rate_cell: the ethnic groups of five that the census of 2021 and that of 2001 fill with
    other people, and which of the two a return holds in grouping set G5 (the header of the model says how it is read off the file).

    Reads the CTE counted.
#}
{% macro returns_census_groupings() -%}
    -- the groups that the two groupings fill with other people
    moved as (
        {%- for group in ["group5", "group5_2001"] %}
            select {{ group }} as group5
            from {{ ref("ethnic_category") }}
            where level = 'category' and group5 <> group5_2001 {{ "union" if not loop.last }}
        {%- endfor %}
    ),

    groupings as (
        select
            submission_id, coalesce(abs(other_sent - other_2021) <= abs(other_sent - other_2001), false) as is_of_2021
        from
            (
                select
                    submission_id,
                    {%- for name, (grouping_set, condition) in {
                        "other_sent": [
                            "G5",
                            "counted.ethnic_category = 'OTHER'",
                        ],
                        "other_2021": ["G1", "category.group5 = 'OTHER'"],
                        "other_2001": [
                            "G1",
                            "category.group5_2001 = 'OTHER'",
                        ],
                    }.items() %}
                        case
                            when bool_or(grouping_set = '{{ grouping_set }}')
                            then
                                coalesce(
                                    sum(denominator_low + denominator_high) filter (
                                        where grouping_set = '{{ grouping_set }}' and {{ condition }}
                                    ),
                                    0
                                )
                        end as {{ name }}{{ "," if not loop.last }}
                    {%- endfor %}
                from counted
                left join {{ ref("ethnic_category") }} as category on counted.ethnic_category = category.code
                where grouping_set in ('G1', 'G5')
                group by submission_id
            )
    )
{%- endmacro %}

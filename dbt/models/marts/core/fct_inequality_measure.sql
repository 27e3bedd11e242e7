-- Grain: indicator x organisation x treatment function x period x geography basis x
-- dimension x measure x groups compared. Question: how unequal is an indicator, by
-- which measure, and how sure is that? Each family of measures is its own model,
-- int_inequality_<family>, and one more name in measure_families.
-- Chance: p from the test of the family where it has one (counts, spread), else from
-- the limits; q by Benjamini and Hochberg over all rows of the measure at the same
-- organisation level that have a p value, of all periods. Measures are taken apart: a
-- gap and its ratio ask the same question, and would count it twice. A clear difference
-- has a q value of at most 5% and, where there are limits, none outside of them; a gap
-- with hidden counts has no limits, and its p is the largest that they allow.
{%- set is_ratio = "measure in ('relative_gap', 'relative_index')" %}
{%- set highest_q = var("priorities_highest_q", 0.05) %}
{%- set columns = [
    "indicator_id",
    "organisation_code",
    "organisation_level",
    "treatment_function_code",
    "period_start",
    "period_end",
    "period_type",
    "geography_basis",
    "standardisation",
    "dimension",
    "measure",
    "comparison_group",
    "reference_group",
    "value",
    "ci_lower_95",
    "ci_upper_95",
    "comparison_value",
    "reference_value",
    "groups_used",
    "method",
    "value_status",
    "value_status_reason",
    "imd_version",
    "geography_vintage",
    "source_id",
    "snapshot_sha256",
    "data_as_of",
    "data_origin",
] %}
with
    rows_of_families as (
        {%- for family in measure_families() %}
            select
                {{ columns | join(", ") }},
                {%- for column, families_of_column in {
                    "value_low": ["int_inequality_gap"],
                    "value_high": ["int_inequality_gap"],
                    "expected_value": ["int_inequality_summary"],
                    "expected_upper_95": ["int_inequality_summary"],
                    "p_value": [
                        "int_inequality_gap",
                        "int_inequality_summary",
                    ],
                }.items() %}
                    {{
                        (
                            column
                            if family in families_of_column
                            else "cast(null as double) as " ~ column
                        )
                    }} {{- "," if not loop.last }}
                {%- endfor %}
            from {{ ref(family) }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    deviates as (
        select
            *,
            {{ deviate_from_limits("value", "ci_lower_95", "ci_upper_95", is_ratio) }}
            as z_of_limits
        from rows_of_families
    ),

    probable as (
        select
            {{ all_but(["p_value", "z_of_limits"]) }},
            coalesce(p_value, {{ normal_p_value("z_of_limits") }}) as p_value
        from deviates
    ),

    controlled as (
        {{ false_discovery("probable", "p_value", "organisation_level, measure") }}
    )

select
    controlled.*,
    {%- set without = "case when controlled." ~ is_ratio ~ " then 1 else 0 end" %}
    case
        when controlled.value is null
        then
            case
                when controlled.q_value <= {{ highest_q }}
                then 'clear difference'
                else 'too few to tell'
            end
        when controlled.ci_lower_95 is null
        then null
        when
            controlled.q_value <= {{ highest_q }}
            and (
                controlled.ci_lower_95 > {{ without }}
                or controlled.ci_upper_95 < {{ without }}
            )
        then 'clear difference'
        else 'no clear difference'
    end as certainty,
    catalogue.measure_unit as unit
from controlled
left join
    {{ ref("inequality_measures") }} as catalogue
    on controlled.measure = catalogue.measure

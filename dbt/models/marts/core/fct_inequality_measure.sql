-- Grain: indicator x organisation x treatment function x period x geography basis x
-- dimension x measure x groups compared. Question: how unequal is an indicator, by
-- which measure, and how sure is that? Each family of measures is its own model,
-- int_inequality_<family>, and one more name in measure_families.
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
    "release_id",
] %}
with
    rows_of_families as (
        {%- for family in measure_families() %}
            select
                {{ columns | join(", ") }},
                {%- for column in ["value_low", "value_high"] %}
                    {{
                        (
                            column
                            if family == "int_inequality_gap"
                            else "cast(null as double) as " ~ column
                        )
                    }},
                {%- endfor %}
                {%- for column in ["expected_value", "expected_upper_95"] %}
                    {{
                        (
                            column
                            if family == "int_inequality_summary"
                            else "cast(null as double) as " ~ column
                        )
                    }} {{- "," if not loop.last }}
                {%- endfor %}
            from {{ ref(family) }} {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    rows_of_families.*,
    {%- set without = "case when rows_of_families.measure in ('relative_gap', 'relative_index') then 1 else 0 end" %}
    case
        when rows_of_families.value is null
        then 'too few to tell'
        when rows_of_families.ci_lower_95 is null
        then null
        when
            rows_of_families.ci_lower_95 > {{ without }}
            or rows_of_families.ci_upper_95 < {{ without }}
        then 'clear difference'
        else 'no clear difference'
    end as certainty,
    catalogue.measure_unit
from rows_of_families
left join
    {{ ref("inequality_measures") }} as catalogue
    on rows_of_families.measure = catalogue.measure

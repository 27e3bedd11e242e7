{#
    Rows of fct_inequality_measure from the figures of one family of measures (seed inequality_measures): one row for each family
    of groups and each measure that its dimension can carry, also where the figure is not there.

    Inputs: figures, a SELECT of family_id, measure, value, ci_lower_95, ci_upper_95, reference_group (NULL: as the seed says),
    undefined_reason (why the value is NULL), limits_reason (why only the limits are); measure_family; dimensions, those whose
    families take part; expects, whether the figures say what chance alone would make (expected_value, expected_upper_95, p_value).
    Status: that of the group that is in the way; not_applicable where the groups are there and the measure is undefined.
#}
{% macro inequality_rows(figures, measure_family, dimensions, expects=false) %}
    with
        figures_of_family as ({{ figures }}),

        expected as (
            select
                family.*,
                catalogue.measure,
                catalogue.method,
                case when catalogue.measure_family = 'slope' then family.first_group else 'all' end as comparison_group,
                case
                    when
                        catalogue.compared_with = 'reference'
                        or (catalogue.compared_with = 'reference_or_best' and family.is_ordered)
                    then family.reference_group
                    when catalogue.compared_with in ('best', 'reference_or_best')
                    then 'best'
                    else 'all'
                end as expected_reference
            from {{ ref("int_inequality_family") }} as family
            inner join
                {{ ref("inequality_measures") }} as catalogue
                on (family.is_ordered or not catalogue.needs_order)
                and (family.has_direction or not catalogue.needs_direction)
            where
                catalogue.measure_family = '{{ measure_family }}'
                and family.dimension in ('{{ dimensions | join("', '") }}')
        )

    select
        expected.indicator_id,
        expected.organisation_code,
        expected.organisation_level,
        expected.treatment_function_code,
        expected.period_start,
        expected.period_end,
        expected.period_type,
        expected.geography_basis,
        expected.standardisation,
        expected.dimension,
        expected.measure,
        expected.comparison_group,
        coalesce(figure.reference_group, expected.expected_reference) as reference_group,
        case when expected.family_status is null then figure.value end as value,
        case when expected.family_status is null then figure.ci_lower_95 end as ci_lower_95,
        case when expected.family_status is null then figure.ci_upper_95 end as ci_upper_95,
        {%- if expects %}
            case when expected.family_status is null then figure.expected_value end as expected_value,
            case when expected.family_status is null then figure.expected_upper_95 end as expected_upper_95,
            case when expected.family_status is null then figure.p_value end as p_value,
        {%- endif %}
        case when expected.comparison_group = expected.first_group then expected.first_value end as comparison_value,
        case
            when coalesce(figure.reference_group, expected.expected_reference) = expected.reference_group
            then expected.reference_value
        end as reference_value,
        expected.groups_used,
        expected.method || case
            when expected.standardisation = 'crude'
            then '; crude: the source does not give age within the groups'
            else ''
        end as method,
        coalesce(
            expected.family_status, case when figure.value is null then 'not_applicable' else 'published' end
        ) as value_status,
        coalesce(expected.family_reason, figure.undefined_reason, figure.limits_reason) as value_status_reason,
        expected.imd_version,
        expected.geography_vintage,
        expected.source_id,
        expected.snapshot_sha256,
        expected.data_as_of,
        expected.data_origin
    from expected
    left join figures_of_family as figure on expected.family_id = figure.family_id and expected.measure = figure.measure
{% endmacro %}

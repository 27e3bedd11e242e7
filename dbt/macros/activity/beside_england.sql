{#
    Rows of fct_indicator_value of one or more sources with the catalogue's words, names, and the same figure for England beside
    them: the columns that the marts of activity share. England is compared within the same source, indicator, treatment function,
    period, dimension, group, geography basis and sector (trusts, ICBs and regions of WLMDS are NHS acute providers, so they stand
    beside England's NHS acute providers, not beside all sectors); "higher" and "lower" mean that England lies outside the 95 % limits (OHID's rule).
    Inputs: sources, a list of source_id; more, the columns beside those that every mart of activity has; basis, the geography. A mart has
    the organisations of today, one row for a figure, so that nobody adds a figure to itself; mart_as_reported has the other. asked: the
    periods, as wanted_parts gives them for parts_beside_england, where the mart is made by part.
#}
{% macro beside_england(sources, more=[], basis="current", asked=none) %}
    {%- set shared = [
        "indicator_id",
        "indicator_name",
        "unit",
        "polarity",
        "organisation_code",
        "organisation_name",
        "icb_code",
        "icb_name",
        "organisation_level",
        "period_start",
        "period_end",
        "period_type",
        "geography_basis",
        "numerator",
        "denominator",
        "value",
        "previous_value",
        "previous_period_end",
        "ci_lower_95",
        "ci_upper_95",
        "value_status",
        "value_status_reason",
        "england_value",
        "gap_to_england",
        "england_comparison",
        "geography_vintage",
        "source_id",
        "snapshot_sha256",
        "data_as_of",
        "data_origin",
    ] -%}
    {%- set sources_listed = "'" ~ (sources | join("', '")) ~ "'" -%}
    with
        figures as (
            select
                *,
                case
                    when source_id <> 'nhse_wlmds' or organisation_code = 'ENG'
                    then 'all'
                    when left(organisation_code, 4) = 'ENG_'
                    then lower(substr(organisation_code, 5))
                    else 'nhs_acute'
                end as sector
            from {{ ref("fct_indicator_value") }}
            where
                source_id in ({{ sources_listed }})
                and geography_basis = '{{ basis }}'
                and {{ in_parts(asked, "period_end") }}
        ),

        england as (
            select
                indicator_id,
                treatment_function_code,
                period_start,
                period_end,
                dimension,
                group_code,
                geography_basis,
                standardisation,
                sector,
                value
            from figures
            where organisation_code = 'ENG' or left(organisation_code, 4) = 'ENG_'
        ),

        beside as (
            select
                figure.*,
                indicator.indicator_name,
                indicator.unit,
                indicator.polarity,
                target.target,
                {{ target_reading("figure.value", "figure.period_end", "indicator.polarity") }} as target_reading,
                organisation.organisation_name,
                {{ icb_columns("organisation") }},
                groups.group_name,
                treatment_functions.treatment_function_name,
                england.value as england_value,
                case when indicator.unit <> 'count' then figure.value - england.value end as gap_to_england,
                case
                    when
                        left(figure.organisation_code, 3) = 'ENG' or figure.ci_lower_95 is null or england.value is null
                    then 'not_compared'
                    when england.value < figure.ci_lower_95
                    then 'higher'
                    when england.value > figure.ci_upper_95
                    then 'lower'
                    else 'similar'
                end as england_comparison
            from figures as figure
            inner join {{ ref("dim_indicator") }} as indicator on figure.indicator_id = indicator.indicator_id
            left join
                {{ ref("dim_organisation") }} as organisation
                on figure.organisation_code = organisation.organisation_code
            left join
                {{ ref("dim_group") }} as groups
                on figure.dimension = groups.dimension
                and figure.group_code = groups.group_code
            left join
                {{ ref("treatment_functions") }} as treatment_functions
                on figure.treatment_function_code = treatment_functions.treatment_function_code
            left join
                england
                on figure.indicator_id = england.indicator_id
                and figure.treatment_function_code = england.treatment_function_code
                and figure.period_start = england.period_start
                and figure.period_end = england.period_end
                and figure.dimension = england.dimension
                and figure.group_code = england.group_code
                and figure.geography_basis = england.geography_basis
                and figure.standardisation = england.standardisation
                and figure.sector = england.sector
                {{ join_target("figure", "figure.dimension = 'all' and figure.treatment_function_code = 'all'") }}
        )

    select {{ (shared + more) | join(", ") }}
    from beside
{% endmacro %}

{# A SELECT of the parts of a mart that beside_england makes: its periods. Input: kept, other tables made by period that the mart reads. #}
{% macro parts_beside_england(kept=[]) -%}
    {%- set facts = ref("fct_indicator_value") -%}
    {{
        parts_of_rows(
            "period_end",
            rows=[named_in_parts([facts], ["organisation_code"])],
            kept=[facts] + kept,
            whole=[ref("dim_indicator"), ref("dim_group"), ref("int_indicator_target")],
        )
    }}
{%- endmacro %}

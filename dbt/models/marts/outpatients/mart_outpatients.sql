-- Grain: analysis x indicator x organisation x period x dimension x group x geography
-- basis.
-- Questions: who attends outpatients, and how often for each resident? Which
-- providers and which ages miss most appointments? Do trusts
-- with more deprived catchments have more missed appointments (ecological)?
-- basis says what a row can bear: patient (the group is the patient's own),
-- organisation (all patients of the organisation together), or
-- ecological (the deprivation is that of the catchment; it says nothing of who missed
-- the appointment).
{%- set shared = [
    "indicator_id",
    "indicator_name",
    "unit",
    "polarity",
    "organisation_code",
    "organisation_name",
    "organisation_level",
    "period_start",
    "period_end",
    "period_type",
    "dimension",
    "group_code",
    "group_name",
    "geography_basis",
    "numerator",
    "denominator",
    "value",
    "value_low",
    "value_high",
    "ci_lower_95",
    "ci_upper_95",
    "value_status",
    "value_status_reason",
    "numerator_low",
    "numerator_high",
    "organisations_missing",
    "england_value",
    "gap_to_england",
    "england_comparison",
    "imd_version",
    "geography_vintage",
    "source_id",
    "snapshot_sha256",
    "data_as_of",
    "data_origin",
    "release_id",
] %}
with
    figures as (
        {{ beside_england(["nhsd_hes_outpatient", "nhsd_hes_monthly"], shared) }}
    ),

    -- sites of independent providers are in no other source
    reported_names as (
        select
            organisation_code,
            max_by(
                organisation_name, period_start order by organisation_name
            ) as organisation_name
        from {{ ref("int_outpatients_did_not_attend") }}
        group by organisation_code
    ),

    ecological as (
        select
            figure.*,
            cast(
                figure.period_start + interval '1 year' - interval '1 day' as date
            ) as period_end,
            coalesce(
                organisation.organisation_name, reported_names.organisation_name
            ) as organisation_name
        from {{ ref("int_outpatients_did_not_attend_ecological") }} as figure
        left join
            reported_names
            on figure.organisation_code = reported_names.organisation_code
        left join
            {{ ref("dim_organisation") }} as organisation
            on figure.organisation_code = organisation.organisation_code
    )

select
    case
        when figures.indicator_id = 'op_did_not_attend_by_age'
        then 'did_not_attend_by_age'
        when figures.indicator_id like 'op_did_not_attend%'
        then 'did_not_attend_by_organisation'
        else 'attendances_by_group'
    end as analysis,
    case when figures.dimension = 'all' then 'organisation' else 'patient' end as basis,
    {%- for column in shared %}
        {%- if column == "organisation_name" %}
            coalesce(
                figures.organisation_name, reported_names.organisation_name
            ) as organisation_name,
        {%- else %} figures.{{ column }},
        {%- endif %}
    {%- endfor %}
    cast(null as double) as catchment_core20_share,
    cast(null as integer) as organisations
from figures
left join reported_names on figures.organisation_code = reported_names.organisation_code
union all
select
    'did_not_attend_against_catchment_deprivation',
    'ecological',
    indicator.indicator_id,
    indicator.indicator_name,
    indicator.unit,
    indicator.polarity,
    ecological.organisation_code,
    ecological.organisation_name,
    ecological.organisation_level,
    ecological.period_start,
    ecological.period_end,
    'year',
    ecological.dimension,
    ecological.group_code,
    case
        when ecological.dimension = 'catchment_core20_fifth'
        then
            'Fifth '
            || ecological.group_code
            || ' of trusts by deprivation of the catchment (1 is the most deprived)'
        else 'All groups together'
    end,
    'as_reported',
    ecological.numerator,
    ecological.denominator,
    case
        when ecological.value_status = 'published'
        then {{ proportion("ecological.numerator", "ecological.denominator") }}
    end,
    cast(null as double),
    cast(null as double),
    case
        when ecological.value_status = 'published'
        then {{ wilson_lower("ecological.numerator", "ecological.denominator") }}
    end,
    case
        when ecological.value_status = 'published'
        then {{ wilson_upper("ecological.numerator", "ecological.denominator") }}
    end,
    ecological.value_status,
    ecological.value_status_reason,
    cast(null as double),
    cast(null as double),
    ecological.organisations_missing,
    cast(null as double),
    cast(null as double),
    'not_compared',
    '2019',
    'organisations_' || cast(ecological.period_end as varchar),
    'nhsd_hes_monthly',
    ecological.snapshot_sha256,
    ecological.period_end,
    '{{ env_var("HIW_ORIGIN") }}',
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}',
    ecological.catchment_core20_share,
    ecological.organisations
from ecological
inner join
    {{ ref("dim_indicator") }} as indicator
    on indicator.indicator_id = 'op_did_not_attend'

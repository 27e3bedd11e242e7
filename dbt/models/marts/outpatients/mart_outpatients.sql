-- Grain: analysis x indicator x organisation of today x period x dimension x group.
-- Questions: who attends outpatients, and how often for each resident? Which
-- providers and which ages miss most appointments? Do trusts with more deprived
-- catchments have more missed appointments (ecological)?
-- basis says what a row can bear: patient (the group is the patient's own),
-- organisation (all patients of the organisation together), or ecological (the
-- deprivation is that of the catchment; it says nothing of who missed the appointment).
with
    figures as (
        {{
            beside_england(
                ["nhsd_hes_outpatient", "nhsd_hes_monthly"],
                [
                    "dimension",
                    "group_code",
                    "group_name",
                    "value_low",
                    "value_high",
                    "numerator_low",
                    "numerator_high",
                    "organisations_missing",
                    "imd_version",
                ],
            )
        }}
    ),

    -- sites of independent providers are in no other source
    reported_names as (
        select
            organisation_code,
            {{ value_at_largest("organisation_name", "period_start") }}
            as organisation_name
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
            ) as organisation_name,
            {{ icb_columns("organisation") }}
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
        when figures.indicator_id = 'op_appointments_standardised'
        then 'appointments_standardised'
        else 'attendances_by_group'
    end as analysis,
    case when figures.dimension = 'all' then 'organisation' else 'patient' end as basis,
    figures.indicator_id,
    figures.indicator_name,
    figures.unit,
    figures.polarity,
    figures.organisation_code,
    coalesce(
        figures.organisation_name, reported_names.organisation_name
    ) as organisation_name,
    figures.icb_code,
    figures.icb_name,
    figures.organisation_level,
    figures.period_start,
    figures.period_end,
    figures.period_type,
    figures.dimension,
    figures.group_code,
    figures.group_name,
    figures.geography_basis,
    figures.numerator,
    figures.denominator,
    figures.value,
    figures.previous_value,
    figures.previous_period_end,
    figures.ci_lower_95,
    figures.ci_upper_95,
    figures.value_status,
    figures.value_status_reason,
    figures.organisations_missing,
    figures.england_comparison,
    figures.imd_version,
    figures.geography_vintage,
    figures.source_id,
    figures.snapshot_sha256,
    figures.data_as_of,
    figures.data_origin,
    null as core20_share_of_catchment_icbs,
    null as organisations,
    figures.england_value,
    figures.gap_to_england,
    figures.value_low,
    figures.value_high,
    figures.numerator_low,
    figures.numerator_high
from figures
left join reported_names on figures.organisation_code = reported_names.organisation_code
union all
select
    'did_not_attend_against_catchment_deprivation' as analysis,
    'ecological' as basis,
    indicator.indicator_id,
    indicator.indicator_name,
    indicator.unit,
    indicator.polarity,
    ecological.organisation_code,
    ecological.organisation_name,
    ecological.icb_code,
    ecological.icb_name,
    ecological.organisation_level,
    ecological.period_start,
    ecological.period_end,
    'year' as period_type,
    ecological.dimension,
    ecological.group_code,
    case
        when ecological.dimension = 'catchment_core20_fifth'
        then
            'Fifth '
            || ecological.group_code
            || ' of trusts by deprivation of the catchment (1 is the most deprived)'
        else 'All groups together'
    end as group_name,
    'as_reported' as geography_basis,
    ecological.numerator,
    ecological.denominator,
    case
        when ecological.value_status = 'published'
        then {{ proportion("ecological.numerator", "ecological.denominator") }}
    end as value,
    null as previous_value,
    null as previous_period_end,
    case
        when ecological.value_status = 'published'
        then {{ wilson_lower("ecological.numerator", "ecological.denominator") }}
    end as ci_lower_95,
    case
        when ecological.value_status = 'published'
        then {{ wilson_upper("ecological.numerator", "ecological.denominator") }}
    end as ci_upper_95,
    ecological.value_status,
    ecological.value_status_reason,
    ecological.organisations_missing,
    'not_compared' as england_comparison,
    '2019' as imd_version,
    'organisations_' || cast(ecological.period_end as string) as geography_vintage,
    'nhsd_hes_monthly' as source_id,
    ecological.snapshot_sha256,
    ecological.period_end as data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    ecological.catchment_core20_share as core20_share_of_catchment_icbs,
    ecological.organisations,
    null as england_value,
    null as gap_to_england,
    null as value_low,
    null as value_high,
    null as numerator_low,
    null as numerator_high
from ecological
inner join
    {{ ref("dim_indicator") }} as indicator
    on indicator.indicator_id = 'op_did_not_attend'

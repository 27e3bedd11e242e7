-- Grain: edition of the IMD x organisation (England, ICB, trust). Question: which share
-- of its people live in the most deprived quintile of England (Core20)?
-- England and ICBs: residents of Census 2021. Trusts have no residents, and the
-- catchments that are held go down to ICBs, not to small areas: what can be said of a
-- trust is the share of all residents of the ICBs from which its patients come. All
-- trusts of one ICB are alike in it (13 of Cheshire and Merseyside: 32.0 to 35.1%, IMD
-- 2019), so it is in its own column and core20_share stays empty. Editions are never
-- mixed or compared.
with
    residents as (
        select
            imd_version,
            organisation_code,
            organisation_level,
            {{ in_order("sum", "population") }} filter (
                where imd_decile in ('1', '2')
            ) as core20_population,
            {{ in_order("sum", "population") }} filter (
                where imd_decile <> 'unknown'
            ) as population,
            {{ in_order("sum", "population") }} filter (
                where imd_decile = 'unknown'
            ) as unknown_population
        from {{ ref("int_population_by_deprivation") }}
        group by imd_version, organisation_code, organisation_level
    ),

    catchments as (
        select
            imd_version,
            organisation_code,
            {{ in_order("sum", "catchment_share") }} filter (
                where imd_decile in ('1', '2')
            ) / {{ in_order("sum", "catchment_share") }} filter (
                where imd_decile <> 'unknown'
            ) as core20_share_of_catchment_icbs
        from {{ ref("int_trust_catchment_deprivation") }}
        group by imd_version, organisation_code
    ),

    shares as (
        select
            imd_version,
            organisation_code,
            organisation_level,
            'residents' as basis,
            case
                organisation_level when 'england' then 'England' else 'ICB'
            end as level_label,
            coalesce(core20_population, 0) as core20_population,
            population,
            coalesce(unknown_population, 0) as unknown_population,
            coalesce(core20_population, 0) / nullif(population, 0) as core20_share,
            null as core20_share_of_catchment_icbs
        from residents
        union all
        select
            imd_version,
            organisation_code,
            'trust',
            'catchment',
            'NHS trust, the ICBs of its patients',
            null,
            null,
            null,
            null,
            core20_share_of_catchment_icbs
        from catchments
    )

select
    shares.imd_version,
    shares.organisation_code,
    organisation.organisation_name,
    {{ icb_columns("organisation") }},
    shares.organisation_level,
    shares.level_label,
    shares.basis,
    shares.core20_population as numerator,
    shares.population as denominator,
    shares.unknown_population,
    shares.core20_share as value,
    'proportion' as unit,
    shares.core20_share_of_catchment_icbs,
    'mhclg_imd' as source_id,
    cast('2021-03-21' as date) as data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from shares
left join
    {{ ref("dim_organisation") }} as organisation
    on shares.organisation_code = organisation.organisation_code

-- Grain: edition of the IMD x LSOA of 2021 x decile. Question: how many residents of
-- each LSOA live in which decile?
-- IMD 2025 stands on the LSOAs of 2021. IMD 2019 stands on those of 2011 and is
-- reached by way of the crosswalk, never by code: an LSOA of 2021 that was made of two
-- of 2011 has residents in the deciles of both. Nobody is dropped: without a decile it
-- is "unknown".
with
    residents as (
        select lsoa_code_2021, sum(residents) as residents
        from {{ ref("stg_ons_census__ethnic_group") }}
        where country = 'england'
        group by lsoa_code_2021
    ),

    places as (
        select lsoa_code_2021, icb_code from {{ ref("stg_ons_geography__lsoa_2021") }}
    ),

    crosswalk as (select * from {{ ref("int_lsoa_crosswalk") }}),

    deprivation_2019 as (
        select lsoa_code_2011, imd_decile from {{ ref("stg_mhclg_imd__lsoa_2011") }}
    ),

    deprivation_2025 as (
        select lsoa_code_2021, imd_decile from {{ ref("stg_mhclg_imd__lsoa_2021") }}
    ),

    by_edition as (
        select
            '2025' as imd_version,
            residents.lsoa_code_2021,
            deprivation_2025.imd_decile,
            cast(residents.residents as double) as population
        from residents
        left join
            deprivation_2025
            on residents.lsoa_code_2021 = deprivation_2025.lsoa_code_2021
        union all
        select
            '2019',
            residents.lsoa_code_2021,
            deprivation_2019.imd_decile,
            residents.residents * coalesce(crosswalk.share_of_lsoa_2021, 1)
        from residents
        left join crosswalk on residents.lsoa_code_2021 = crosswalk.lsoa_code_2021
        left join
            deprivation_2019
            on crosswalk.lsoa_code_2011 = deprivation_2019.lsoa_code_2011
    )

select
    by_edition.imd_version,
    by_edition.lsoa_code_2021,
    places.icb_code,
    coalesce(cast(by_edition.imd_decile as string), 'unknown') as imd_decile,
    {{ in_order("sum", "by_edition.population") }} as population
from by_edition
left join places on by_edition.lsoa_code_2021 = places.lsoa_code_2021
group by
    by_edition.imd_version,
    by_edition.lsoa_code_2021,
    places.icb_code,
    coalesce(cast(by_edition.imd_decile as string), 'unknown')

-- Grain: LSOA x census vintage. Question: how deprived is a small area, and in which
-- commissioner and district does it lie?
-- The indices of 2019 stand on the LSOAs of 2011, those of 2025 on the LSOAs of 2021.
-- The same code in both vintages is two rows, and the two are never joined by code:
-- deciles of the two editions cannot be compared.
with
    deprivation_2019 as (select * from {{ ref("stg_mhclg_imd__lsoa_2011") }}),

    deprivation_2025 as (select * from {{ ref("stg_mhclg_imd__lsoa_2021") }}),

    places as (select * from {{ ref("stg_ons_geography__lsoa_2021") }}),

    crosswalk as (
        select * from {{ ref("int_lsoa_crosswalk") }} where country = 'england'
    ),

    -- an LSOA of 2011 lies where the LSOAs of 2021 lie that were made of it
    places_2011 as (
        select
            crosswalk.lsoa_code_2011,
            case
                when count(distinct places.sub_icb_code) = 1
                then min(places.sub_icb_code)
            end as sub_icb_code,
            case
                when count(distinct places.icb_code) = 1 then min(places.icb_code)
            end as icb_code,
            count(distinct places.icb_code) as icb_count
        from crosswalk
        left join places on crosswalk.lsoa_code_2021 = places.lsoa_code_2021
        group by crosswalk.lsoa_code_2011
    ),

    vintages as (
        select
            coalesce(
                deprivation_2019.lsoa_code_2011, places_2011.lsoa_code_2011
            ) as lsoa_code,
            '2011' as lsoa_vintage,
            deprivation_2019.lsoa_name_2011 as lsoa_name,
            '2019' as imd_version,
            deprivation_2019.imd_rank,
            deprivation_2019.imd_decile,
            places_2011.sub_icb_code,
            places_2011.icb_code,
            case
                when places_2011.icb_count > 1
                then
                    'made into LSOAs of 2021 that lie in '
                    || places_2011.icb_count
                    || ' ICBs'
                when coalesce(places_2011.icb_count, 0) = 0
                then 'not in the look-up of LSOAs of 2011 to those of 2021'
            end as icb_code_reason,
            deprivation_2019.district_code,
            deprivation_2019.district_name
        from deprivation_2019
        full outer join
            places_2011 on deprivation_2019.lsoa_code_2011 = places_2011.lsoa_code_2011
        union all
        select
            coalesce(deprivation_2025.lsoa_code_2021, places.lsoa_code_2021),
            '2021',
            coalesce(places.lsoa_name_2021, deprivation_2025.lsoa_name_2021),
            '2025',
            deprivation_2025.imd_rank,
            deprivation_2025.imd_decile,
            places.sub_icb_code,
            places.icb_code,
            case
                when places.icb_code is null then 'not in the look-up of LSOAs to ICBs'
            end,
            coalesce(places.district_code, deprivation_2025.district_code),
            coalesce(places.district_name, deprivation_2025.district_name)
        from deprivation_2025
        full outer join
            places on deprivation_2025.lsoa_code_2021 = places.lsoa_code_2021
    )

select
    lsoa_code,
    lsoa_vintage,
    lsoa_name,
    imd_version,
    imd_rank,
    imd_decile,
    cast(ceil(imd_decile / 2.0) as integer) as imd_quintile,
    -- Core20: the most deprived quintile of England, not of the ICB (NHS England,
    -- Core20PLUS5)
    imd_decile <= 2 as is_core20,
    sub_icb_code,
    icb_code,
    icb_code_reason,
    district_code,
    district_name,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from vintages

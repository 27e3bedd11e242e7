-- Grain: organisation (England, ICB) x five-year age band. Question: how many people
-- of each live there (Census 2021)?
with
    residents as (
        select * from {{ ref("stg_ons_census__age_band") }} where country = 'england'
    ),

    places as (
        select lsoa_code_2021, icb_code from {{ ref("stg_ons_geography__lsoa_2021") }}
    ),

    levels as (
        select
            'ENG' as organisation_code,
            'england' as organisation_level,
            age_from,
            age_to,
            age_band,
            residents
        from residents
        union all
        select
            places.icb_code,
            'icb',
            residents.age_from,
            residents.age_to,
            residents.age_band,
            residents.residents
        from residents
        inner join places on residents.lsoa_code_2021 = places.lsoa_code_2021
    )

select
    organisation_code,
    organisation_level,
    age_from,
    age_to,
    age_band,
    cast(sum(residents) as bigint) as population
from levels
group by organisation_code, organisation_level, age_from, age_to, age_band

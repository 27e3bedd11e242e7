-- Grain: organisation (England, ICB) x ethnic group. Question: how many people of
-- each live there (Census 2021)?
with
    residents as (
        select *
        from {{ ref("stg_ons_census__ethnic_group") }}
        where country = 'england'
    ),

    places as (
        select lsoa_code_2021, icb_code from {{ ref("stg_ons_geography__lsoa_2021") }}
    ),

    levels as (
        select
            'ENG' as organisation_code,
            'england' as organisation_level,
            ethnic_group_5,
            residents
        from residents
        union all
        select places.icb_code, 'icb', residents.ethnic_group_5, residents.residents
        from residents
        inner join places on residents.lsoa_code_2021 = places.lsoa_code_2021
    )

select
    organisation_code,
    organisation_level,
    ethnic_group_5,
    cast(sum(residents) as bigint) as population
from levels
group by organisation_code, organisation_level, ethnic_group_5

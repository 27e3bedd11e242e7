-- Grain: edition of the IMD x organisation (England, ICB) x decile. Question: how
-- many people live in each decile (Census 2021)?
-- IMD 2019 by way of the crosswalk from LSOA 2021 to LSOA 2011, merged and irregular
-- LSOAs divided equally among their origins.
with
    residents as (select * from {{ ref("int_population_by_lsoa") }}),

    levels as (
        select
            'ENG' as organisation_code,
            'england' as organisation_level,
            imd_version,
            imd_decile,
            population
        from residents
        union all
        select icb_code, 'icb', imd_version, imd_decile, population
        from residents
        where icb_code is not null
    )

select
    imd_version,
    organisation_code,
    organisation_level,
    imd_decile,
    {{ in_order("sum", "population") }} as population
from levels
group by imd_version, organisation_code, organisation_level, imd_decile

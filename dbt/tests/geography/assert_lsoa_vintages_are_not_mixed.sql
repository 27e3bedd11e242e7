-- Fault U2 (tests/README.md):
-- every LSOA of 2011 carries the rank of the indices of 2019 and every LSOA
-- of 2021 that of 2025. Most codes occur in both
-- vintages, so a join by code alone would run through and give wrong deciles; here it
-- shows.
with
    editions as (
        select
            lsoa_code_2011 as lsoa_code,
            '2011' as lsoa_vintage,
            '2019' as imd_version,
            imd_rank,
            imd_decile
        from {{ ref("stg_mhclg_imd__lsoa_2011") }}
        union all
        select lsoa_code_2021, '2021', '2025', imd_rank, imd_decile
        from {{ ref("stg_mhclg_imd__lsoa_2021") }}
    )

select
    coalesce(areas.lsoa_code, editions.lsoa_code) as lsoa_code,
    coalesce(areas.lsoa_vintage, editions.lsoa_vintage) as lsoa_vintage,
    areas.imd_version,
    areas.imd_rank,
    editions.imd_rank as rank_in_edition
from {{ ref("dim_lsoa") }} as areas
full outer join
    editions
    on areas.lsoa_code = editions.lsoa_code
    and areas.lsoa_vintage = editions.lsoa_vintage
where
    areas.imd_version is distinct from editions.imd_version
    or areas.imd_rank is distinct from editions.imd_rank
    or areas.imd_decile is distinct from editions.imd_decile

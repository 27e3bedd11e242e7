-- Fault U3 (tests/README.md):
-- nobody is dropped on the way from the census to deciles and ICBs, and
-- nobody before it. Residents before = after, in England and over all ICBs, for
-- both editions, to a millionth of a person an LSOA; and every resident has a decile,
-- unless the LSOA is a listed exception. The census is no witness of its own
-- completeness: every LSOA of the IMD 2025 has residents, and the other table of the
-- census (age) counts as many in England, to a hundredth of a person an LSOA (ONS
-- perturbs each table on its own: 56,490,108 and 56,490,091 residents in 33,755 LSOAs;
-- one LSOA has 1,000 to 3,000).
with
    before as (
        select
            cast(sum(residents) as double) as residents,
            count(distinct lsoa_code_2021) as lsoas
        from {{ ref("stg_ons_census__ethnic_group") }}
        where country = 'england'
    ),

    by_age as (
        select coalesce(sum(residents), 0) as residents
        from {{ ref("stg_ons_census__age_band") }}
        where country = 'england'
    ),

    without_residents as (
        select lsoa_code_2021
        from {{ ref("stg_mhclg_imd__lsoa_2021") }}
        except
        select lsoa_code_2021
        from {{ ref("stg_ons_census__ethnic_group") }}
    ),

    editions as (
        select '2019' as imd_version
        union all
        select '2025'
    ),

    levels as (
        select 'england' as organisation_level
        union all
        select 'icb'
    ),

    after as (
        select imd_version, organisation_level, sum(population) as residents
        from {{ ref("int_population_by_deprivation") }}
        group by imd_version, organisation_level
    ),

    unlisted as (
        select imd_version, lsoa_code_2021
        from {{ ref("int_population_by_lsoa") }}
        where imd_decile = 'unknown'
        except
        select imd_version, lsoa_code_2021
        from {{ ref("lsoa_crosswalk_exceptions") }}
    )

select
    editions.imd_version,
    levels.organisation_level || ': residents differ' as fault,
    cast(before.residents as string)
    || ' before, '
    || coalesce(cast(after.residents as string), 'none')
    || ' after' as detail
from editions
cross join levels
cross join before
left join
    after
    on editions.imd_version = after.imd_version
    and levels.organisation_level = after.organisation_level
where
    before.lsoas > 0
    and (
        after.residents is null
        or abs(after.residents - before.residents) > 0.000001 * before.lsoas
    )
union all
select imd_version, 'no decile and not a listed exception', lsoa_code_2021
from unlisted
union all
select '2025', 'an LSOA of the IMD without residents in the census', lsoa_code_2021
from without_residents
cross join before
where before.lsoas > 0
union all
select
    'both',
    'the two tables of the census differ',
    cast(before.residents as string)
    || ' by ethnic group, '
    || cast(by_age.residents as string)
    || ' by age'
from before
cross join by_age
where
    before.lsoas > 0 and abs(before.residents - by_age.residents) > 0.01 * before.lsoas

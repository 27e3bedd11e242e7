-- Grain: dimension x group. Question: how many residents of England (Census 2021)
-- stand behind each group that has attendances?
-- Deprivation by IMD 2019, which the attendances of these years are taken to use.
-- There is no population of people whose group is not known, so these groups have no
-- row, and no rate.
with
    deciles as (
        select imd_decile, population
        from {{ ref("int_population_by_deprivation") }}
        where
            organisation_code = 'ENG'
            and imd_version = '2019'
            and imd_decile <> 'unknown'
    ),

    by_deprivation as (
        select
            memberships.dimension,
            memberships.group_code,
            {{ in_order("sum", "deciles.population") }} as population
        from deciles
        inner join
            {{ ref("waiting_list_groups") }} as memberships
            on memberships.metric = 'imd'
            and deciles.imd_decile = memberships.category_code
        group by memberships.dimension, memberships.group_code
    ),

    by_ethnic_group as (
        select ethnic_group_5, population
        from {{ ref("int_population_by_ethnic_group") }}
        where organisation_code = 'ENG'
    )

select dimension, group_code, cast(population as double) as population
from by_deprivation
union all
select 'ethnic_group_5', ethnic_group_5, cast(population as double)
from by_ethnic_group

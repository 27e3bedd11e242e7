-- Grain: trust x edition of the IMD x decile. Question: how deprived are the ICBs
-- from which a trust's patients come?
-- Ecological: the residents of those ICBs, weighted by the trust's share from each.
-- It says nothing of the patients themselves.
with
    catchment as (
        select * from {{ ref("int_trust_catchment") }} where icb_code is not null
    ),

    population as (
        select *
        from {{ ref("int_population_by_deprivation") }}
        where organisation_level = 'icb'
    ),

    icb_shares as (
        select
            imd_version,
            organisation_code as icb_code,
            imd_decile,
            population / {{ in_order("sum", "population") }} over (
                partition by imd_version, organisation_code
            ) as decile_share
        from population
    )

select
    catchment.organisation_code,
    icb_shares.imd_version,
    icb_shares.imd_decile,
    {{ in_order("sum", "catchment.catchment_share * icb_shares.decile_share") }}
    as catchment_share
from catchment
inner join icb_shares on catchment.icb_code = icb_shares.icb_code
group by catchment.organisation_code, icb_shares.imd_version, icb_shares.imd_decile

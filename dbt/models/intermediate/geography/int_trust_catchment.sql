-- Grain: trust x ICB. Question: which share of a trust's patients came from each ICB
-- (2022)?
-- ICBs come as ONS codes of 2022; the seed carries those that changed to the codes of
-- the look-up of LSOAs.
with
    shares as (select * from {{ ref("stg_ohid_catchment__trust_icb") }}),

    changes as (
        select old_gss_code, new_gss_code from {{ ref("icb_gss_code_changes") }}
    ),

    icbs as (
        select distinct icb_gss_code, icb_code
        from {{ ref("stg_ons_geography__lsoa_2021") }}
    )

select
    shares.organisation_code, icbs.icb_code, shares.icb_gss_code, shares.catchment_share
from shares
left join changes on shares.icb_gss_code = changes.old_gss_code
left join
    icbs on coalesce(changes.new_gss_code, shares.icb_gss_code) = icbs.icb_gss_code

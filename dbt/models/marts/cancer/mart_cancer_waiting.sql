-- Grain: standard of 28, 31 or 62 days x organisation of today x month.
-- Question: how many people are told or treated in time, does the organisation meet the
-- target in force, how does it stand to England, and how deprived are the places from
-- which a trust's patients come?
-- No waiting time is published by group of people. The Core20 share beside a trust is
-- ecological: of all residents of the ICBs from which its patients come, in the newest
-- edition of the IMD; nearly the same for all trusts of an ICB. It says nothing of who
-- of a trust's patients waits; `basis` says so in every row that has a share.
with
    waits as ({{ beside_england(["nhse_cwt"], ["target", "target_reading"]) }}),

    catchments as (
        select imd_version, organisation_code, core20_share_of_catchment_icbs
        from {{ ref("mart_core20_population") }}
        where
            organisation_level = 'trust'
            -- one edition for all: shares of two are never compared
            and imd_version = (
                select max(imd_version)
                from {{ ref("mart_core20_population") }}
                where organisation_level = 'trust'
            )
    )

select
    waits.*,
    catchments.core20_share_of_catchment_icbs,
    catchments.imd_version,
    case
        when catchments.core20_share_of_catchment_icbs is not null
        then
            'ecological: of all residents of the ICBs from which patients of the trust come, not of the people who wait; no figure by deprivation is published'
    end as basis
from waits
left join
    catchments
    on waits.organisation_code = catchments.organisation_code
    and waits.organisation_level = 'trust'

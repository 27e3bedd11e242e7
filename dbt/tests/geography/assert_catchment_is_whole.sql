-- Fault U4 (tests/README.md):
-- a trust whose ICBs are not all found would have a catchment of less than
-- one, as if people were missing. Every ICB of the
-- catchment file is known, and the deciles of a trust's catchment add up to one.
select
    organisation_code,
    icb_gss_code as detail,
    'ICB not in the look-up of LSOAs' as fault
from {{ ref("int_trust_catchment") }}
where icb_code is null
union all
select
    organisation_code,
    imd_version || ': ' || cast(sum(catchment_share) as string),
    'shares do not add up to one'
from {{ ref("int_trust_catchment_deprivation") }}
group by organisation_code, imd_version
having abs(sum(catchment_share) - 1) > 0.000001

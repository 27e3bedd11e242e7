-- A figure that calls itself a trust's although its source knows no trusts.
select source_id, indicator_id, organisation_code
from {{ ref("fct_indicator_value") }}
where
    organisation_level = 'trust'
    and source_id
    in ('cvdprevent', 'ndrs_staging', 'nhse_ldhc', 'ukhsa_vaccination', 'rcpch_npda')

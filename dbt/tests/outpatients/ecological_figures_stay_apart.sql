-- Rows in which the deprivation of a catchment could be read as that of patients: a
-- catchment share or a fifth of catchments outside
-- the ecological analysis, or an ecological row that names a group of patients.
select analysis, basis, organisation_code, dimension, group_code
from {{ ref("mart_outpatients") }}
where
    (basis = 'ecological')
    <> (analysis = 'did_not_attend_against_catchment_deprivation')
    or (core20_share_of_catchment_icbs is not null and basis <> 'ecological')
    or (dimension = 'catchment_core20_fifth' and basis <> 'ecological')
    or (basis = 'ecological' and dimension not in ('all', 'catchment_core20_fifth'))

-- Grain: organisation x source x kind of mention. Question: what does each source say
-- of an organisation, and for which days?
-- Levels come from lists of one kind of organisation (int_organisation_listed); a
-- provider of activity (int_organisation_active) has none until another source or its
-- code tells. Reporting entities (parts of a sub-ICB location) and commissioning hubs
-- stay in staging: no figure is published for them.
select *
from {{ ref("int_organisation_listed") }}
union all
select *
from {{ ref("int_organisation_active") }}

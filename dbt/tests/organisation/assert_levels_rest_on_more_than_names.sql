-- Organisations whose level only the end of their name tells, and those whose name ends
-- like a trust's although ODS or a succession says otherwise: look the code up in ODS,
-- and fetch its reports again.
{{ config(severity="warn") }}
select organisation_code, organisation_name, organisation_level, level_basis
from {{ ref("int_organisation_known") }}
where
    level_basis = 'name'
    or (organisation_level <> 'trust' and {{ ends_like_trust("organisation_name") }})

-- The reports name successions beyond the day of current geography: raise the
-- variable current_geography_date, and see what moves.
{{ config(severity="warn") }}
select predecessor_code, successor_code, effective_on
from {{ ref("stg_ods_organisation__succession") }}
where effective_on > date '{{ var("current_geography_date") }}'

-- Grain: ICB of today. Question: can figures of the ICBs before it be added up to it?
select current_code, complete, incomplete_before, whole_codes, divided_codes, reason
from {{ ref("int_organisation_current_coverage") }}
where organisation_level = 'icb'

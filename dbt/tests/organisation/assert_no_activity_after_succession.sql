-- Fault U1 (tests/README.md):
-- an organisation that still reports a quarter after it was succeeded was
-- not succeeded as a whole, or its code was given
-- again: its figures would go to the wrong organisation of today. None did in the 47
-- months of A&E, the one of RTT and the 13 of HES that were looked at.
{{ config(severity="warn") }}
select
    mentioned.organisation_code,
    mentioned.source_id,
    mentioned.last_seen_on,
    mapped.succeeded_on,
    mapped.successor_codes
from {{ ref("int_organisation_mentioned") }} as mentioned
inner join
    {{ ref("int_organisation_current") }} as mapped
    on mentioned.organisation_code = mapped.organisation_code
where
    mentioned.source_id in ('nhse_rtt', 'nhse_ae', 'nhse_wlmds', 'nhsd_hes_monthly')
    and mentioned.last_seen_on >= mapped.succeeded_on + interval '92 days'

-- Fault U1 (tests/README.md):
-- what figures are mapped to exists today, is of the same kind, and is
-- itself current; and nothing is mapped silently to
-- nothing: without a successor there is a reason.
select
    organisation.organisation_code,
    organisation.mapping_status,
    organisation.current_organisation_code,
    case
        when organisation.current_organisation_code is null
        then 'no successor and no reason'
        when successor.organisation_code is null
        then 'the successor is not in the dimension'
        when successor.mapping_status <> 'current' or not successor.is_current
        then 'the successor is not of today'
        else 'the successor is of another level'
    end as fault
from {{ ref("dim_organisation") }} as organisation
left join
    {{ ref("dim_organisation") }} as successor
    on organisation.current_organisation_code = successor.organisation_code
where
    (
        organisation.current_organisation_code is null
        and organisation.current_organisation_code_reason is null
    )
    or (
        organisation.current_organisation_code is not null
        and (
            successor.organisation_code is null
            or successor.mapping_status <> 'current'
            or not successor.is_current
            or (
                successor.organisation_level <> organisation.organisation_level
                and organisation.organisation_level
                in ('england', 'region', 'icb', 'trust')
            )
        )
    )

-- Grain: organisation. Question: which organisation of var('current_geography_date')
-- answers for it today, if one does?
-- One that was divided among several has no single successor: its figures cannot be
-- put on current geography.
with
    organisations as (
        select organisation_code, closed_on from {{ ref("int_organisation_known") }}
    ),

    followed as (select * from {{ ref("int_organisation_followed") }}),

    ends as (
        select
            organisation_code,
            count(*) as last_codes,
            min(last_code) as last_code,
            min(left_on) as left_on,
            {{ listed_text("last_code", ",") }} as successor_codes
        from followed
        group by organisation_code
    ),

    judged as (
        select
            ends.*,
            last_organisations.closed_on as last_closed_on,
            case
                when ends.last_codes > 1
                then 'split'
                when
                    last_organisations.closed_on
                    <= date '{{ var("current_geography_date") }}'
                then 'closed'
                when ends.last_code = ends.organisation_code
                then 'current'
                else 'succeeded'
            end as mapping_status
        from ends
        left join
            organisations as last_organisations
            on ends.last_code = last_organisations.organisation_code
    )

select
    organisation_code,
    case
        when mapping_status in ('current', 'succeeded') then last_code
    end as current_organisation_code,
    mapping_status,
    case
        mapping_status
        when 'split'
        then
            organisation_code
            || ' was divided among '
            || successor_codes
            || ' on '
            || left_on
            || '; the files held do not say how its figures divide'
        when 'closed'
        then
            case
                when last_code = organisation_code
                then organisation_code
                else organisation_code || ' was succeeded by ' || last_code || ', which'
            end
            || ' closed on '
            || last_closed_on
            || ' without a successor in the files held'
    end as mapping_reason,
    case
        when successor_codes <> organisation_code then successor_codes
    end as successor_codes,
    left_on as succeeded_on
from judged

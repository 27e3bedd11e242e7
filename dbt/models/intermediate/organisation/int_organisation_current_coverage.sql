-- Grain: organisation of today. Question: do the figures of its predecessors add up
-- to it, or was a part of a divided one taken in?
-- From incomplete_before on the organisation reports for itself; only figures of
-- earlier periods are incomplete.
with
    organisations as (
        select organisation_code, organisation_level
        from {{ ref("int_organisation_known") }}
    ),

    mapped as (select * from {{ ref("int_organisation_current") }}),

    followed as (select * from {{ ref("int_organisation_followed") }}),

    whole as (
        select
            current_organisation_code,
            {{ listed_text("organisation_code", ",") }} as whole_codes
        from mapped
        where current_organisation_code is not null
        group by current_organisation_code
    ),

    parts as (
        select
            followed.last_code as current_organisation_code,
            max(followed.left_on) as incomplete_before,
            {{ listed_text("followed.organisation_code", ",") }} as divided_codes
        from followed
        inner join
            mapped
            on followed.organisation_code = mapped.organisation_code
            and mapped.mapping_status = 'split'
        group by followed.last_code
    )

select
    mapped.organisation_code as current_code,
    organisations.organisation_level,
    parts.current_organisation_code is null as complete,
    parts.incomplete_before,
    whole.whole_codes,
    parts.divided_codes,
    case
        when parts.current_organisation_code is not null
        then
            mapped.organisation_code
            || ' takes in a part of '
            || parts.divided_codes
            || '; the files held do not say how the figures before '
            || parts.incomplete_before
            || ' divide'
    end as reason
from mapped
inner join organisations on mapped.organisation_code = organisations.organisation_code
left join whole on mapped.organisation_code = whole.current_organisation_code
left join parts on mapped.organisation_code = parts.current_organisation_code
where mapped.mapping_status = 'current'

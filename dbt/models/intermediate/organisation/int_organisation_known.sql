-- Grain: organisation. Question: which organisations are there, and what is the
-- newest that any source says of each?
-- Besides those that a source mentions there are their successors, which may be known
-- from the report of successions only
-- (the six ICBs of April 2026): they take the level of their predecessor, and the
-- region where all predecessors share one.
{%- set newest = "order by last_seen_on desc, first_seen_on desc, source_id, organisation_name" %}
with recursive
    mentions as (select * from {{ ref("int_organisation_mentioned") }}),

    successions as (
        select *
        from {{ ref("stg_ods_organisation__succession") }}
        where effective_on <= date '{{ var("current_geography_date") }}'
    ),

    levels as (
        select
            organisation_code,
            coalesce(
                max(organisation_level),
                -- R.. are trusts, T.. care trusts (TAD), which the report of trusts
                -- leaves out
                case
                    when
                        length(organisation_code) = 3
                        and left(organisation_code, 1) in ('R', 'T')
                    then 'trust'
                    else 'other_provider'
                end
            ) as organisation_level
        from mentions
        group by organisation_code
    ),

    names as (
        select
            organisation_code,
            organisation_name,
            row_number() over (partition by organisation_code {{ newest }}) as place
        from mentions
        where organisation_name is not null
    ),

    parents as (
        select
            organisation_code,
            icb_code,
            row_number() over (
                partition by organisation_code {{ newest }}, icb_code
            ) as place
        from mentions
        where icb_code is not null
    ),

    regions as (
        select
            organisation_code,
            region_code,
            row_number() over (
                partition by organisation_code {{ newest }}, region_code
            ) as place
        from mentions
        where region_code is not null
    ),

    dates as (
        select
            organisation_code,
            max(gss_code) as gss_code,
            max(opened_on) as opened_on,
            max(closed_on) as closed_on,
            min(first_seen_on) as first_seen_on,
            max(last_seen_on) as last_seen_on
        from mentions
        group by organisation_code
    ),

    mentioned as (
        select
            levels.organisation_code,
            levels.organisation_level,
            names.organisation_name,
            parents.icb_code,
            coalesce(regions.region_code, icb_regions.region_code) as region_code,
            dates.gss_code,
            dates.opened_on,
            dates.closed_on,
            dates.first_seen_on,
            dates.last_seen_on
        from levels
        inner join dates on levels.organisation_code = dates.organisation_code
        left join
            names
            on levels.organisation_code = names.organisation_code
            and names.place = 1
        left join
            parents
            on levels.organisation_code = parents.organisation_code
            and parents.place = 1
        left join
            regions
            on levels.organisation_code = regions.organisation_code
            and regions.place = 1
        left join
            regions as icb_regions
            on parents.icb_code = icb_regions.organisation_code
            and icb_regions.place = 1
    ),

    -- union without "all": an organisation is reached once for each level and region,
    -- however many ways lead to it
    reached as (
        select organisation_code, organisation_level, region_code
        from mentioned
        union
        select
            successions.successor_code, reached.organisation_level, reached.region_code
        from reached
        inner join
            successions on reached.organisation_code = successions.predecessor_code
    ),

    successors_only as (
        select
            organisation_code,
            min(organisation_level) as organisation_level,
            case
                when count(distinct region_code) = 1 then min(region_code)
            end as region_code
        from reached
        where organisation_code not in (select organisation_code from mentioned)
        group by organisation_code
    )

select *
from mentioned
union all
select
    organisation_code,
    organisation_level,
    null,
    case when organisation_level = 'icb' then organisation_code end,
    region_code,
    null,
    null,
    null,
    null,
    null
from successors_only

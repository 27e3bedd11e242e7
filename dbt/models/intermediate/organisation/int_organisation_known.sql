-- Grain: organisation. Question: which organisations are there, and what is the
-- newest that any source says of each?
-- The level comes from the roles of ODS and the look-ups of ONS, else from what the
-- organisation was made of, else from the publisher's own list or the code; the end of
-- its name decides last, and a test names those of which nothing surer is known.
-- Beside them are successors that only the report of successions names (the six ICBs of
-- April 2026): they have their predecessor's level, and a region that all share.
{%- set newest = "order by last_seen_on desc, first_seen_on desc, source_id, organisation_name" %}
with
    mentions as (select * from {{ ref("int_organisation_mentioned") }}),

    successions as (
        select *
        from {{ ref("stg_ods_organisation__succession") }}
        where effective_on <= date '{{ var("current_geography_date") }}'
    ),

    -- lists of one kind of organisation, and what they were made into
    listed as (
        select distinct organisation_code, organisation_level
        from mentions
        where
            organisation_level is not null
            and source_id in ('ods_organisation', 'ons_geography')
    ),

    made as (
        {% set first %}
        select
            organisation_code,
            organisation_level,
            '>' || organisation_code || '>' as path
        from listed
        {% endset %}
        {% call(rows) each_step(first) %}
            select
                successions.successor_code as organisation_code,
                made.organisation_level,
                made.path || successions.successor_code || '>' as path
            from {{ rows }} as made
            inner join
                successions on made.organisation_code = successions.predecessor_code
            where position('>' || successions.successor_code || '>' in made.path) = 0
        {% endcall %}
    ),

    by_succession as (
        select organisation_code, min(organisation_level) as organisation_level
        from made
        group by organisation_code
        having count(distinct organisation_level) = 1
    ),

    -- what is said of an organisation, the surest first
    evidence as (
        select
            mentions.organisation_code,
            max(mentions.organisation_level) filter (
                where mentions.source_id = 'ods_organisation'
            ) as of_ods,
            max(mentions.organisation_level) filter (
                where mentions.source_id = 'ons_geography'
            ) as of_ons,
            max(by_succession.organisation_level) as of_succession,
            max(mentions.organisation_level) filter (
                where mentions.source_id not in ('ods_organisation', 'ons_geography')
            ) as of_publisher,
            -- T.. are care trusts (TAD), which the report of trusts leaves out
            case
                when
                    {{
                        text_matches(
                            "mentions.organisation_code", "'^[RT][0-9A-Z]{2}$'"
                        )
                    }}
                then 'trust'
            end as of_code,
            max(
                case
                    when {{ ends_like_trust("mentions.organisation_name") }}
                    then 'trust'
                    when {{ ends_like_icb("mentions.organisation_name") }}
                    then 'icb'
                end
            ) as of_name
        from mentions
        left join
            by_succession
            on mentions.organisation_code = by_succession.organisation_code
        group by mentions.organisation_code
    ),

    levels as (
        select
            organisation_code,
            coalesce(
                of_ods,
                of_ons,
                of_succession,
                of_publisher,
                of_code,
                of_name,
                'other_provider'
            ) as organisation_level,
            case
                when of_ods is not null
                then 'ods'
                when of_ons is not null
                then 'ons'
                when of_succession is not null
                then 'succession'
                when of_publisher is not null
                then 'publisher'
                when of_code is not null
                then 'code'
                when of_name is not null
                then 'name'
                else 'none'
            end as level_basis
        from evidence
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
            levels.level_basis,
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

    reached as (
        {% set first %}
        select
            organisation_code,
            organisation_level,
            region_code,
            '>' || organisation_code || '>' as path
        from mentioned
        {% endset %}
        {% call(rows) each_step(first) %}
            select
                successions.successor_code as organisation_code,
                reached.organisation_level,
                reached.region_code,
                reached.path || successions.successor_code || '>' as path
            from {{ rows }} as reached
            inner join
                successions
                on reached.organisation_code = successions.predecessor_code
            where position('>' || successions.successor_code || '>' in reached.path) = 0
        {% endcall %}
    ),

    successors_only as (
        select
            organisation_code,
            min(organisation_level) as organisation_level,
            'succession' as level_basis,
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
    level_basis,
    null,
    case when organisation_level = 'icb' then organisation_code end,
    region_code,
    null,
    null,
    null,
    null,
    null
from successors_only

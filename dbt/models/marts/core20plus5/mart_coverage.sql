-- Grain: indicator x breakdown x level. Question: which figures of an indicator exist
-- at a level and by a breakdown, which of them are in this release, and why are the
-- others not there?
-- Every indicator of the catalogue has all its rows, held or not. What the catalogue
-- says (dbt/indicators) is next to what the facts hold. A level for which a target
-- is set and no figure is read is published all the same (cancer waits of ICBs).
{%- set levels = coverage_levels() %}
with
    carriers as (
        select indicator_id, {{ each_of("held_as", ",") }} as carrier_id
        from {{ ref("dim_indicator") }}
        where held_as is not null
        union
        select indicator_id, indicator_id
        from {{ ref("dim_indicator") }}
    ),

    of_facts as (
        select
            indicator_id,
            organisation_level,
            {{ breakdown_of("dimension") }} as breakdown,
            organisation_code,
            period_end,
            value is not null as is_published
        from {{ ref("fct_indicator_value") }}
        where geography_basis = 'current' and treatment_function_code = 'all'
    ),

    of_other_marts as (
        select
            standard
            || '-'
            || indicator_no
            || case
                when
                    standard || '-' || indicator_no || indicator_part
                    in (select indicator_id from {{ ref("dim_indicator") }})
                then indicator_part
                else ''
            end as indicator_id,
            case
                when organisation_code = 'ENG' then 'england' else 'trust'
            end as organisation_level,
            breakdowns.breakdown,
            organisation_code,
            snapshot_date as period_end,
            value is not null as is_published
        from {{ ref("mart_workforce_equality") }}
        cross join (values ('all'), ('ethnicity')) as breakdowns(breakdown)
        where breakdowns.breakdown = 'all' or standard = 'WRES'
        union all
        select
            'CORE-01',
            organisation_level,
            breakdowns.breakdown,
            organisation_code,
            data_as_of,
            coalesce(value, core20_share_of_catchment_icbs) is not null
        from {{ ref("mart_core20_population") }}
        cross join (values ('all'), ('deprivation')) as breakdowns(breakdown)
    ),

    held as (
        select
            carriers.indicator_id,
            figures.organisation_level,
            figures.breakdown,
            count(distinct figures.organisation_code) as organisations,
            count(*) as figures,
            count(*) filter (where figures.is_published) as figures_with_value,
            max(figures.period_end) as last_period_end
        from carriers
        inner join
            (
                select *
                from of_facts
                union all
                select *
                from of_other_marts
            ) as figures
            on carriers.carrier_id = figures.indicator_id
        group by carriers.indicator_id, figures.organisation_level, figures.breakdown
    ),

    stated as (
        select
            indicator.*,
            listed.breakdown,
            levels.organisation_level,
            listed.levels as stated_levels,
            listed.note
        from {{ ref("dim_indicator") }} as indicator
        inner join
            {{ ref("dim_indicator_breakdown") }} as listed
            on indicator.indicator_id = listed.indicator_id
        cross join
            (values ('{{ levels | join("'), ('") }}')) as levels(organisation_level)
    ),

    targeted as (
        select distinct indicator_id, organisation_level
        from {{ ref("dim_indicator_target") }}
    ),

    joined as (
        select
            stated.*,
            stated.breakdown = 'all'
            and targeted.indicator_id is not null as has_target,
            coalesce(
                array_contains(
                    split(stated.stated_levels, ','), stated.organisation_level
                ),
                false
            ) as is_stated,
            coalesce(held.organisations, 0) as organisations,
            coalesce(held.figures, 0) as figures,
            coalesce(held.figures_with_value, 0) as figures_with_value,
            held.last_period_end,
            max(held.figures) over (
                partition by stated.indicator_id, stated.organisation_level
            ) as figures_of_any_breakdown
        from stated
        left join
            targeted
            on stated.indicator_id = targeted.indicator_id
            and stated.organisation_level = targeted.organisation_level
        left join
            held
            on stated.indicator_id = held.indicator_id
            and stated.breakdown = held.breakdown
            and stated.organisation_level = held.organisation_level
            -- figures that carry another indicator are in only where that is said
            and (
                stated.held_as is null
                or array_contains(
                    split(stated.stated_levels, ','), stated.organisation_level
                )
            )
    )

select
    indicator_id,
    catalogue_id,
    indicator_name,
    core20plus5_programme,
    core20plus5_area,
    statement_domain,
    breakdown,
    organisation_level,
    is_stated,
    case
        when figures_with_value > 0 and figures_with_value = figures
        then 'available'
        when figures_with_value > 0
        then 'partly'
        when not_public is not null
        then 'not_public'
        when published_elsewhere is not null or (has_target and not is_stated)
        then 'published_not_held'
        when is_stated and (breakdown <> 'all' or figures_of_any_breakdown is null)
        then 'not_in_this_release'
        else 'not_published'
    end as availability,
    case
        when figures_with_value > 0 and figures_with_value = figures
        then note
        when figures_with_value > 0
        then
            (figures - figures_with_value)
            || ' of '
            || figures
            || ' figures are hidden, missing or not applicable'
        when not_public is not null
        then not_public
        when published_elsewhere is not null
        then published_elsewhere
        when is_stated and breakdown = 'all' and figures_of_any_breakdown is not null
        then 'The source gives groups only'
        when is_stated
        then 'The source gives it, but this release holds no figure of it'
        when has_target
        then available_level
        when stated_levels is not null
        then 'The source gives it for ' || replace(stated_levels, ',', ', ') || ' only'
        else coalesce(note, 'Not published')
    end as availability_reason,
    cast(organisations as integer) as organisations,
    cast(figures as integer) as row_count,
    cast(figures_with_value as integer) as figures_with_value,
    last_period_end,
    held_in,
    source_id,
    data_origin
from joined

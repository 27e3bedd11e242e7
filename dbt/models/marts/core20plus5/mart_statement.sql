-- Grain: edition of the Statement x line x organisation (England, ICB, trust) x
-- indicator x breakdown x dimension x group. Question: what can an organisation say in
-- its annual report on each line of NHS England's Statement on information on health
-- inequalities, by deprivation, ethnicity, age and sex, and if it cannot, why?
-- Newest period, current geography. An organisation without a figure of its own is
-- shown that of its ICB, then England's, and figures_of says so: a figure of the
-- trust's ICB is never called the trust's. Where nothing is held there is one row for
-- the breakdown, with the reason.
{%- set breakdowns = ["all", "deprivation", "ethnicity", "age", "sex"] %}
with
    organisations as (
        select
            organisation_code,
            organisation_name,
            organisation_level,
            current_icb_code as icb_code
        from {{ ref("dim_organisation") }}
        where organisation_level in ('england', 'icb', 'trust') and is_current
    ),

    questions as (
        select
            lines.*,
            organisations.organisation_code,
            organisations.organisation_name,
            organisations.organisation_level,
            organisations.icb_code,
            breakdowns.breakdown
        from {{ ref("statement_indicators") }} as lines
        inner join
            organisations
            on organisations.organisation_level = 'england'
            or (organisations.organisation_level = 'icb' and lines.icb)
            or (organisations.organisation_level = 'trust' and lines.trust)
        left join
            {{ ref("dim_indicator") }} as catalogue
            on lines.indicator_id = catalogue.indicator_id
        cross join
            (
                select unnest(['{{ breakdowns | join("', '") }}']) as breakdown
            ) as breakdowns
        -- limits and gaps of another indicator, or a name for several, have no rows of
        -- their own
        where catalogue.held_as is null
    ),

    -- The newest period of each indicator, organisation and breakdown; the finest
    -- grouping that is short enough for a report: fifths, Core20 and five ethnic
    -- groups.
    figures as (
        select
            *,
            case
                when dimension in ('imd_quintile', 'core20')
                then 'deprivation'
                when dimension in ('ethnic_group_5', 'ethnic_group_msds')
                then 'ethnicity'
                when dimension = 'age_band'
                then 'age'
                else dimension
            end as breakdown
        from {{ ref("fct_indicator_value") }}
        where
            indicator_id in (select indicator_id from {{ ref("statement_indicators") }})
            and organisation_level in ('england', 'icb', 'trust')
            and geography_basis = 'current'
            and treatment_function_code = 'all'
            and dimension in (
                'all',
                'imd_quintile',
                'core20',
                'ethnic_group_5',
                'ethnic_group_msds',
                'age_band',
                'sex'
            )
        qualify
            dense_rank() over (
                partition by indicator_id, organisation_code, dimension
                order by period_end desc
            )
            = 1
    ),

    held as (
        select
            indicator_id,
            organisation_code,
            breakdown,
            count(*) filter (where value is null) as figures_hidden
        from figures
        group by indicator_id, organisation_code, breakdown
        having count(value) > 0
    ),

    answered as (
        select
            questions.*,
            case
                when own.indicator_id is not null
                then questions.organisation_code
                when of_icb.indicator_id is not null
                then questions.icb_code
                when of_england.indicator_id is not null
                then 'ENG'
            end as figures_of_code,
            case
                when own.indicator_id is not null
                then
                    case
                        questions.organisation_level
                        when 'england'
                        then 'England'
                        when 'icb'
                        then 'ICB'
                        else 'NHS trust'
                    end
                when of_icb.indicator_id is not null
                then 'ICB of the trust'
                when of_england.indicator_id is not null
                then 'England'
            end as figures_of,
            case
                when own.indicator_id is not null and own.figures_hidden = 0
                then 'available'
                when
                    own.indicator_id is not null
                    or of_icb.indicator_id is not null
                    or of_england.indicator_id is not null
                then 'partly'
            end as held_availability,
            own.figures_hidden
        from questions
        left join
            held as own
            on questions.indicator_id = own.indicator_id
            and questions.organisation_code = own.organisation_code
            and questions.breakdown = own.breakdown
        left join
            held as of_icb
            on questions.indicator_id = of_icb.indicator_id
            and case
                when questions.organisation_level = 'trust' then questions.icb_code
            end
            = of_icb.organisation_code
            and questions.breakdown = of_icb.breakdown
        left join
            held as of_england
            on questions.indicator_id = of_england.indicator_id
            and of_england.organisation_code = 'ENG'
            and questions.breakdown = of_england.breakdown
    )

select
    answered.statement_version,
    answered.line_no,
    answered.domain,
    answered.line,
    answered.source_status,
    answered.organisation_code,
    answered.organisation_name,
    answered.organisation_level,
    answered.indicator_id,
    indicator.indicator_name,
    answered.breakdown,
    coalesce(
        answered.held_availability,
        case
            when
                coverage.coverage_status
                in ('published_not_held', 'not_in_this_release')
            then 'not_held'
            else 'not_public'
        end
    ) as availability,
    case
        when answered.held_availability = 'available'
        then null
        when answered.figures_of_code = answered.organisation_code
        then
            answered.figures_hidden
            || ' of the groups are hidden, missing or not applicable'
        when answered.held_availability = 'partly'
        then 'No figure of its own; ' || answered.figures_of || ' is shown'
        when answered.indicator_id = 'none'
        then 'The catalogue has no indicator for this line: no public source was found'
        when coverage.coverage_status in ('available', 'partly')
        then 'There are figures at this level, but none of this organisation'
        else coverage.coverage_reason
    end as availability_reason,
    answered.figures_of,
    answered.figures_of_code,
    coalesce(figures.dimension, 'none') as dimension,
    coalesce(figures.group_code, 'none') as group_code,
    groups.group_name,
    figures.period_start,
    figures.period_end,
    coalesce(figures.standardisation, 'none') as standardisation,
    indicator.unit,
    indicator.polarity,
    figures.numerator,
    figures.denominator,
    figures.value,
    figures.ci_lower_95,
    figures.ci_upper_95,
    figures.value_status,
    figures.value_status_reason,
    target.target,
    {{ target_reading("figures.value", "figures.period_end", "indicator.polarity") }}
    as target_reading,
    figures.imd_version,
    indicator.source_id,
    figures.data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from answered
left join
    {{ ref("dim_indicator") }} as indicator
    on answered.indicator_id = indicator.indicator_id
left join
    figures
    on answered.indicator_id = figures.indicator_id
    and answered.figures_of_code = figures.organisation_code
    and answered.breakdown = figures.breakdown
left join
    {{ ref("mart_coverage") }} as coverage
    on answered.indicator_id = coverage.indicator_id
    and answered.breakdown = coverage.breakdown
    and answered.organisation_level = coverage.organisation_level
left join
    {{ ref("dim_group") }} as groups
    on figures.dimension = groups.dimension
    and figures.group_code = groups.group_code
    {{ join_target("figures", "figures.dimension = 'all'") }}

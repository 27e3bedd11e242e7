-- Grain: edition of the Statement x line x organisation (England, ICB, trust) x
-- indicator x breakdown x dimension x group. Question: what can an organisation say in
-- its annual report on each line of NHS England's Statement on information on health
-- inequalities, by deprivation, ethnicity, age and sex, and if it cannot, why?
-- Newest period, current geography. An organisation without its own figure is shown
-- that of its ICB, then England's, and level_label says so: a figure of the trust's ICB
-- is never called the trust's. Where nothing is held there is one row for the
-- breakdown, with the reason.
-- A figure answers a line if it is what the line asks: a count or a crude rate does not
-- answer a line that asks for an age and sex standardised rate. Such a figure is a
-- proxy: its line stays not_public, and note says how it differs (seed
-- statement_indicators, whose description says which rates can be worked out).
with
    organisations as (
        select
            organisation_code,
            organisation_name,
            organisation_level,
            current_icb_code,
            {{ icb_columns("organisation") }}
        from {{ ref("dim_organisation") }} as organisation
        where organisation_level in ('england', 'icb', 'trust') and is_current
    ),

    questions as (
        select
            lines.*,
            organisations.organisation_code,
            organisations.organisation_name,
            organisations.organisation_level,
            organisations.current_icb_code,
            organisations.icb_code,
            organisations.icb_name,
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
            (values ('{{ breakdowns() | join("'), ('") }}')) as breakdowns(breakdown)
        -- limits and gaps of another indicator, or a name for several, have no rows of
        -- their own
        where catalogue.held_as is null
    ),

    figures as (select * from {{ ref("int_statement_figure") }}),

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
                then questions.current_icb_code
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
                when questions.organisation_level = 'trust'
                then questions.current_icb_code
            end
            = of_icb.organisation_code
            and questions.breakdown = of_icb.breakdown
        left join
            held as of_england
            on questions.indicator_id = of_england.indicator_id
            and of_england.organisation_code = 'ENG'
            and questions.breakdown = of_england.breakdown
    ),

    -- One row for each figure, or for the breakdown where there is none.
    shown as (
        select
            answered.*,
            {{
                all_but(
                    [
                        "indicator_id",
                        "organisation_code",
                        "organisation_level",
                        "breakdown",
                    ],
                    of="figures",
                )
            }},
            -- waits of an ICB are those of its providers, not of its residents
            case
                {{ level_label("'icb'", "figures.source_id") }}
                when 'Providers in the ICB'
                then regexp_replace(answered.figures_of, '^ICB', 'Providers in the ICB')
                else answered.figures_of
            end as figures_of_whom,
            case
                when figures.indicator_id is null
                then null
                when
                    answered.asks_standardised
                    and figures.standardisation in ('crude', 'not_confirmed')
                then
                    coalesce(
                        answered.proxy_note,
                        'A crude figure; the line asks for a standardised one'
                    )
                else answered.proxy_note
            end as shown_instead
        from answered
        left join
            figures
            on answered.indicator_id = figures.indicator_id
            and answered.figures_of_code = figures.organisation_code
            and answered.breakdown = figures.breakdown
    )

select
    shown.statement_version,
    shown.line_no,
    shown.domain as statement_domain,
    shown.line,
    shown.source_status as verification,
    shown.organisation_code,
    shown.organisation_name,
    shown.icb_code,
    shown.icb_name,
    shown.organisation_level,
    shown.indicator_id,
    indicator.indicator_name,
    shown.breakdown,
    case
        when shown.shown_instead is not null
        then 'not_public'
        when shown.held_availability is not null
        then shown.held_availability
        when coverage.availability in ('published_not_held', 'not_in_this_release')
        then 'not_held'
        else 'not_public'
    end as availability,
    case
        when shown.shown_instead is not null
        then 'What the line asks for is not public; a proxy is shown'
        when shown.held_availability = 'available'
        then null
        when shown.figures_of_code = shown.organisation_code
        then
            shown.figures_hidden
            || ' of the groups are hidden, missing or not applicable'
        when shown.held_availability = 'partly'
        then 'No figure of its own; ' || shown.figures_of_whom || ' is shown'
        when shown.indicator_id = 'none'
        then 'The catalogue has no indicator for this line: no public source was found'
        when coverage.availability in ('available', 'partly')
        then 'There are figures at this level, but none of this organisation'
        else coverage.availability_reason
    end as availability_reason,
    shown.shown_instead as note,
    shown.figures_of_whom as level_label,
    shown.figures_of_code,
    coalesce(shown.dimension, 'none') as dimension,
    coalesce(shown.group_code, 'none') as group_code,
    groups.group_name,
    shown.period_start,
    shown.period_end,
    {{ months_old("shown.period_end") }} as months_old,
    coalesce(shown.standardisation, 'none') as standardisation,
    indicator.unit,
    indicator.polarity,
    shown.numerator,
    shown.denominator,
    shown.value,
    shown.previous_value,
    shown.previous_period_end,
    shown.value_low,
    shown.value_high,
    shown.ci_lower_95,
    shown.ci_upper_95,
    shown.value_status,
    shown.value_status_reason,
    target.target,
    {{ target_reading("shown.value", "shown.period_end", "indicator.polarity") }}
    as target_reading,
    shown.imd_version,
    indicator.source_id,
    shown.data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from shown
left join
    {{ ref("dim_indicator") }} as indicator
    on shown.indicator_id = indicator.indicator_id
left join
    {{ ref("mart_coverage") }} as coverage
    on shown.indicator_id = coverage.indicator_id
    and shown.breakdown = coverage.breakdown
    and shown.organisation_level = coverage.organisation_level
left join
    {{ ref("dim_group") }} as groups
    on shown.dimension = groups.dimension
    and shown.group_code = groups.group_code
    {{ join_target("shown", "shown.dimension = 'all'") }}

-- Grain: organisation (England, ICBs, trusts) x indicator x group, newest period of the
-- indicator, current geography. Question: for which indicator and group are the most
-- adverse events avoidable, how sure is that, and does the answer hang on the group it
-- is compared with?
-- Groups: fifths of deprivation against the least deprived, ethnic categories against
-- White British. Adverse events: int_inequality_group. Excess: events less those at the
-- rate of the reference; limits Newcombe (shares) or MOVER (rates) times the people of
-- the group. Against the average the group is compared with everybody else and the
-- difference scaled by their share, which gives the same figure with limits. The best
-- group is picked by the data among those large enough: no limits.
-- A row takes part in the ranking (priority_status `priority`) where enough people have
-- a recorded group, the group and its reference are large enough, and the interval lies
-- above 0. Ranks go by whole events: counts are rounded to 5 at the source.
-- Thresholds: 80% as ethnicity_known_share_minimum of expectations/thresholds.yml; 10
-- events as OHID asks of a standardised rate; 100 people, because a count rounded to 5
-- moves a share of fewer by more than 5 points.
{%- set known_share_minimum = var("priorities_known_share_minimum", 0.8) %}
{%- set minimum_events = var("priorities_minimum_events", 10) %}
{%- set minimum_people = var("priorities_minimum_people", 100) %}
{%- set references = {"reference": "reference_", "others": "others_"} %}
with
    groups as (
        select *
        from {{ ref("int_inequality_group") }}
        where
            geography_basis = 'current'
            and standardisation = 'crude'
            and treatment_function_code = 'all'
            and organisation_level in ('england', 'icb', 'trust')
            and dimension in ('imd_quintile', 'ethnic_group')
            and has_direction
        qualify period_end = max(period_end) over (partition by indicator_id)
    ),

    -- Of the people whom the fullest breakdown of the same figure counts, the share
    -- whose group is known. A cell that the publisher hides counts as nobody.
    breakdowns as (
        select
            figure.indicator_id,
            figure.organisation_code,
            figure.period_end,
            figure.dimension,
            {{ in_order("sum", "figure.denominator") }} as people,
            {{
                in_order(
                    "sum",
                    "case when dim_group.is_unknown then 0 else figure.denominator end",
                )
            }} as people_known
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_group") }} as dim_group
            on figure.dimension = dim_group.dimension
            and figure.group_code = dim_group.group_code
        where
            figure.geography_basis = 'current'
            and figure.standardisation = 'crude'
            and figure.treatment_function_code = 'all'
            and figure.organisation_level in ('england', 'icb', 'trust')
            and figure.indicator_id in (select indicator_id from groups)
        group by
            figure.indicator_id,
            figure.organisation_code,
            figure.period_end,
            figure.dimension
    ),

    recording as (
        select
            *,
            people_known / nullif(
                max(people) over (
                    partition by indicator_id, organisation_code, period_end
                ),
                0
            ) as known_share
        from breakdowns
    ),

    families as (
        select
            family_id,
            max(case when is_reference then group_code end) as reference_group,
            max(case when is_reference then adverse_events end) as reference_events,
            max(case when is_reference then denominator end) as reference_people,
            {{ in_order("sum", "adverse_events") }} as family_events,
            {{ in_order("sum", "denominator") }} as family_people,
            count(
                case when is_used and value_status <> 'published' then 1 end
            ) as groups_hidden
        from groups
        group by family_id
    ),

    best_groups as (
        select
            family_id,
            group_code as best_group,
            adverse_events / denominator as best_rate
        from groups
        where
            value_status = 'published'
            and denominator >= {{ minimum_people }}
            and adverse_events >= {{ minimum_events }}
        qualify
            row_number() over (
                partition by family_id
                -- Rounded, then by code: equal rates differed by the last bit of a
                -- parallel sum, and the next night another group was the best.
                order by
                    round(adverse_events / denominator, 12),
                    denominator desc,
                    group_code
            )
            = 1
    ),

    candidates as (
        select
            groups.*,
            recording.known_share,
            families.reference_group,
            families.reference_events,
            families.reference_people,
            case when families.groups_hidden = 0 then families.family_events end
            - groups.adverse_events as others_events,
            case when families.groups_hidden = 0 then families.family_people end
            - groups.denominator as others_people,
            best_groups.best_group,
            best_groups.best_rate
        from groups
        inner join families on groups.family_id = families.family_id
        left join best_groups on groups.family_id = best_groups.family_id
        left join
            recording
            on groups.indicator_id = recording.indicator_id
            and groups.organisation_code = recording.organisation_code
            and groups.period_end = recording.period_end
            and groups.dimension = recording.dimension
        where not groups.is_reference
    ),

    compared as (
        select
            *,
            {%- for reference, prefix in references.items() %}
                {%- set pair = [
                    "adverse_events",
                    "denominator",
                    prefix ~ "events",
                    prefix ~ "people",
                ] %}
                denominator * {{ gap_absolute_rates(*pair) }} as {{ prefix }}excess,
                {%- for limit in ["lower", "upper"] %}
                    denominator * case
                        when unit = 'proportion'
                        then
                            {{
                                (
                                    gap_absolute_newcombe_lower(*pair)
                                    if limit == "lower"
                                    else gap_absolute_newcombe_upper(*pair)
                                )
                            }}
                        else
                            {{
                                (
                                    gap_absolute_mover_lower(*pair)
                                    if limit == "lower"
                                    else gap_absolute_mover_upper(*pair)
                                )
                            }}
                    end as {{ prefix }}{{ limit }},
                {%- endfor %}
            {%- endfor %}
            others_people / nullif(others_people + denominator, 0) as others_share
        from candidates
    ),

    judged as (
        select
            *,
            others_excess * others_share as average_excess,
            others_lower * others_share as average_lower,
            others_upper * others_share as average_upper,
            adverse_events - best_rate * denominator as best_excess,
            case
                when value_status <> 'published'
                then value_status
                when reference_lower is null
                then 'reference_not_known'
                when coalesce(known_share, 0) < {{ known_share_minimum }}
                then 'recording_too_low'
                when
                    adverse_events < {{ minimum_events }}
                    or denominator < {{ minimum_people }}
                    or reference_people < {{ minimum_people }}
                then 'too_few'
                when reference_lower <= 0
                then 'no_clear_excess'
                else 'priority'
            end as priority_status
        from compared
    ),

    ranked as (
        select
            *,
            priority_status = 'priority' as is_priority,
            case
                when priority_status = 'priority'
                then
                    rank() over (
                        partition by organisation_code, priority_status
                        order by round(reference_excess) desc
                    )
            end as priority_rank,
            case
                when priority_status = 'priority' and average_excess is not null
                then
                    rank() over (
                        partition by organisation_code, priority_status
                        order by round(average_excess) desc nulls last
                    )
            end as rank_against_average,
            case
                when priority_status = 'priority' and best_excess is not null
                then
                    rank() over (
                        partition by organisation_code, priority_status
                        order by round(best_excess) desc nulls last
                    )
            end as rank_against_best,
            case
                when priority_status = 'priority'
                then
                    count(*) over (
                        partition by
                            organisation_code, priority_status, round(reference_excess)
                    )
                    > 1
            end as is_tied
        from judged
    )

select
    ranked.indicator_id,
    indicator.indicator_name,
    ranked.organisation_code,
    organisation.organisation_name,
    ranked.organisation_level,
    ranked.period_start,
    ranked.period_end,
    ranked.period_type,
    ranked.dimension,
    ranked.group_code,
    dim_group.group_name,
    ranked.reference_group,
    ranked.best_group,
    cast(ranked.priority_rank as integer) as priority_rank,
    ranked.is_tied,
    cast(ranked.rank_against_average as integer) as rank_against_average,
    cast(ranked.rank_against_best as integer) as rank_against_best,
    case
        when ranked.is_priority then ranked.average_lower <= 0
    end as is_reference_sensitive,
    ranked.priority_status,
    case
        ranked.priority_status
        when 'priority'
        then null
        when 'no_clear_excess'
        then 'the interval of the excess has 0 in it, or lies below it'
        when 'too_few'
        then
            'fewer than {{ minimum_events }} adverse events, or fewer than {{ minimum_people }} people in the group or its reference'
        when 'recording_too_low'
        then
            'the group is recorded for fewer than {{ (100 * known_share_minimum) | round | int }}% of people'
        when 'reference_not_known'
        then 'reference group ' || ranked.reference_group || ' has no figure'
        else ranked.value_status_reason
    end as priority_reason,
    ranked.adverse_events,
    ranked.denominator as people,
    case
        when ranked.value_status = 'published' then ranked.reference_excess
    end as excess_against_reference,
    ranked.reference_lower as excess_against_reference_ci_lower_95,
    ranked.reference_upper as excess_against_reference_ci_upper_95,
    ranked.average_excess as excess_against_average,
    ranked.average_lower as excess_against_average_ci_lower_95,
    ranked.average_upper as excess_against_average_ci_upper_95,
    ranked.best_excess as excess_against_best,
    ranked.reference_excess
    / nullif(ranked.adverse_events, 0) as avoidable_share_of_events,
    ranked.known_share,
    ranked.imd_version,
    ranked.source_id,
    ranked.snapshot_sha256,
    ranked.data_as_of,
    ranked.data_origin,
    ranked.release_id
from ranked
inner join
    {{ ref("dim_indicator") }} as indicator
    on ranked.indicator_id = indicator.indicator_id
left join
    {{ ref("dim_organisation") }} as organisation
    on ranked.organisation_code = organisation.organisation_code
left join
    {{ ref("dim_group") }} as dim_group
    on ranked.dimension = dim_group.dimension
    and ranked.group_code = dim_group.group_code

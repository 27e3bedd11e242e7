-- Grain: organisation (England, ICBs, trusts) x indicator x group, newest period of the
-- indicator, current geography. Question: where is a group clearly worse off, by how
-- much, and which indicator matters most to it?
-- Excess, limits, p and q: int_inequality_comparison.
-- Hidden counts: a group that is clearly worse off with its least is a clear
-- difference, has the value_status `bounded` and is ranked by its smallest excess; its
-- figures stand as _low and _high, and the limits reach from the lower one of the
-- smallest to the upper one of the largest. One that is not clearly worse off even with
-- its most is no clear difference. Of any other it `cannot_be_told`: what is hidden
-- decides.
-- Clear difference: q at most 5%, the interval above 0, worse off than everybody else
-- together, the group recorded for enough people, and it and its reference large
-- enough.
-- Ranks: the quintiles overlap the ethnic categories, so each dimension has a ranking
-- of its own; of indicators that contain each other (seed indicator_nesting) only the
-- most severe with a clear difference takes part, the others are `contained`: a person
-- over 52 weeks is also over 18. Order: avoidable adverse events per 1,000 people in
-- the group, to one decimal (a frequent indicator does not win by its size); equal is a
-- tie.
-- Thresholds: 80% as ethnicity_known_share_minimum of expectations/thresholds.yml; 10
-- events as OHID asks of a standardised rate; 100 people, because a count rounded to 5
-- moves a share of fewer by more than 5 points.
{%- set known_share_minimum = var("priorities_known_share_minimum", 0.8) %}
{%- set minimum_events = var("priorities_minimum_events", 10) %}
{%- set minimum_people = var("priorities_minimum_people", 100) %}
{%- set highest_q = var("priorities_highest_q", 0.05) %}
with
    judged as (
        select
            compared.*,
            recording.known_share,
            case
                when least is null
                then value_status
                when reference_least_lower is null
                then 'reference_not_known'
                when coalesce(recording.known_share, 0) < {{ known_share_minimum }}
                then 'recording_too_low'
                when
                    least < {{ minimum_events }}
                    or denominator < {{ minimum_people }}
                    or reference_people < {{ minimum_people }}
                then 'too_few'
                when q_value <= {{ highest_q }} and reference_least_lower > 0
                then 'clear_excess'
                when
                    is_reference_gap_bounded
                    and z_most > 0
                    and {{ normal_p_value("z_most") }} <= {{ highest_q }}
                    and reference_most_lower > 0
                then 'cannot_be_told'
                else 'no_clear_excess'
            end as excess_status
        from {{ ref("int_inequality_comparison") }} as compared
        left join
            {{ ref("int_inequality_recording") }} as recording
            on compared.indicator_id = recording.indicator_id
            and compared.organisation_code = recording.organisation_code
            and compared.period_end = recording.period_end
            and compared.dimension = recording.dimension
    ),

    beside_others as (
        select
            *,
            case
                when excess_status <> 'clear_excess'
                then excess_status
                when
                    least / denominator
                    <= others_most_events / nullif(others_most_people, 0)
                then 'better_than_average'
                else 'priority'
            end as priority_status
        from judged
    ),

    nested as (
        select
            {% call all_with(["priority_status"], of="beside_others") %}
                case
                    when
                        beside_others.priority_status = 'priority'
                        and nesting.severity
                        < max(
                            case
                                when beside_others.priority_status = 'priority'
                                then nesting.severity
                            end
                        ) over (
                            partition by
                                beside_others.organisation_code,
                                beside_others.dimension,
                                nesting.nest
                        )
                    then 'contained'
                    else beside_others.priority_status
                end as priority_status
            {% endcall %},
            1000
            * beside_others.reference_least_excess
            / beside_others.denominator as least_avoidable_per_1000
        from beside_others
        left join
            {{ ref("indicator_nesting") }} as nesting
            on beside_others.indicator_id = nesting.indicator_id
    ),

    {%- set ranking = "organisation_code, dimension, priority_status" %}
    ranked as (
        select
            *,
            priority_status in ('priority', 'contained') as is_clear,
            case
                when priority_status = 'priority'
                then
                    rank() over (
                        partition by {{ ranking }}
                        order by round(least_avoidable_per_1000, 1) desc
                    )
            end as priority_rank
        from nested
    )

select
    ranked.indicator_id,
    indicator.indicator_name,
    ranked.organisation_code,
    organisation.organisation_name,
    {{ icb_columns("organisation") }},
    ranked.organisation_level,
    ranked.period_start,
    ranked.period_end,
    {{ months_old("ranked.period_end") }} as months_old,
    ranked.period_type,
    ranked.dimension,
    ranked.group_code,
    dim_group.group_name,
    ranked.reference_group,
    cast(ranked.priority_rank as integer) as priority_rank,
    case
        when ranked.is_clear then ranked.average_lower <= 0
    end as is_reference_sensitive,
    ranked.priority_status,
    case
        when ranked.is_clear
        then 'clear difference'
        when ranked.priority_status in ('no_clear_excess', 'better_than_average')
        then 'no clear difference'
        else 'too few to tell'
    end as certainty,
    ranked.p_value,
    ranked.q_value,
    case
        ranked.priority_status
        when 'priority'
        then null
        when 'no_clear_excess'
        then
            'more than 5% of such differences are chance (q value), or the interval of the excess is not above 0'
        when 'better_than_average'
        then 'worse off than the reference group, not than everybody else together'
        when 'contained'
        then
            'a clear difference; ranked by a more severe indicator that this one contains'
        when 'cannot_be_told'
        then
            'hidden counts decide: with the most that they can be the group is worse off than its reference, with the least it may not be'
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
    case
        when ranked.least is not null and ranked.is_reference_gap_bounded
        then 'bounded'
        else ranked.value_status
    end as value_status,
    {{ figure_or_bounds("adverse_events", "ranked.{}", "ranked.is_bounded") }},
    ranked.denominator,
    {{
        figure_or_bounds(
            "excess_count",
            "ranked.reference_{}_excess",
            "ranked.is_reference_gap_bounded",
        )
    }},
    ranked.reference_least_lower as excess_count_ci_lower_95,
    ranked.reference_most_upper as excess_count_ci_upper_95,
    {{
        figure_or_bounds(
            "excess_against_average",
            "ranked.average_{}_excess",
            "ranked.is_others_gap_bounded",
        )
    }},
    ranked.average_lower as excess_against_average_ci_lower_95,
    ranked.average_upper as excess_against_average_ci_upper_95,
    case when not ranked.is_reference_gap_bounded then ranked.reference_least_excess end
    / nullif(ranked.adverse_events, 0) as avoidable_share_of_events,
    {{
        figure_or_bounds(
            "avoidable_per_1000",
            "(1000 * ranked.reference_{}_excess / ranked.denominator)",
            "ranked.is_reference_gap_bounded",
        )
    }},
    ranked.known_share,
    ranked.imd_version,
    ranked.source_id,
    ranked.snapshot_sha256,
    ranked.data_as_of,
    ranked.data_origin
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

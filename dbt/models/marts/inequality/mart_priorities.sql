-- Grain: organisation (England, ICBs, trusts) x indicator x group, newest period of the
-- indicator, current geography. Question: where is a group clearly worse off, by how
-- much, and which indicator matters most to it?
-- Groups: quintiles of deprivation against the least deprived, ethnic categories
-- against White British. Adverse events: int_inequality_group. Excess: events less
-- those at the rate of the reference; limits Newcombe (shares) or MOVER (rates) times
-- the people of the group. Against the average the group is compared with everybody
-- else and the difference scaled by their share, which gives the same figure with
-- limits.
-- Rounding: counts are rounded to 5 (int_inequality_rounding), a quintile is the sum of
-- two rounded deciles, and everybody else of all those of the other groups. The
-- half-widths of the limits then take the error of rounding in quadrature, and the p
-- value takes it into its standard error (macro rounding_error).
-- Chance: p by the likelihood ratio test against the reference; q by Benjamini and
-- Hochberg over all comparisons of the release at the same organisation level that have
-- a p value, also those too few to be called anything.
-- Everybody else are the other groups. A hidden one takes part with the most events
-- that its bounds allow, so that the group is worse off whatever the hidden count is.
-- Hidden counts: they are hidden because they are small, so a ranking without them
-- leaves out the same groups each time. A group (or reference) whose count is bounded
-- is compared at both ends: with its least events against the most of the reference,
-- and the other way round. p is the larger of the two, 1 where they lie on both sides
-- of no difference: whatever is hidden, p is no smaller. A group that is clearly worse
-- off with its least is a clear difference, has the value_status `bounded` and is
-- ranked by its smallest excess; its figures stand as _low and _high, and the limits
-- reach from the lower one of the smallest to the upper one of the largest. One that is
-- not clearly worse off even with its most is no clear difference. Of any other it
-- `cannot_be_told`: what is hidden decides.
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
{%- set most_events = "coalesce(adverse_events, adverse_events_high)" %}
{%- set references = {"reference_": "cells", "others_": "others_cells"} %}
{#- the group at that end of its bounds, and the reference at the other #}
{%- set ends = {"least": "most", "most": "least"} %}
with
    groups as (
        {% call kept("period_end = max(period_end) over (partition by indicator_id)") %}
        select
            *,
            {{ rounding_cells("dimension", "group_code") }} as cells,
            {%- for end, side in {"least": "low", "most": "high"}.items() %}
                case
                    when is_bounded
                    then adverse_events_{{ side }}
                    when value_status = 'published'
                    then adverse_events
                end as {{ end }},
            {%- endfor %}
            polarity = 'higher_is_better' as is_favourable
        from {{ ref("int_inequality_group") }}
        where
            geography_basis = 'current'
            and standardisation = 'crude'
            and treatment_function_code = 'all'
            and organisation_level in ('england', 'icb', 'trust')
            and dimension in ('imd_quintile', 'ethnic_group')
            and has_direction
        {% endcall %}
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
            bool_or(is_reference and is_bounded) as is_reference_bounded,
            max(case when is_reference then denominator end) as reference_people,
            {%- for end in ends %}
                max(case when is_reference then {{ end }} end) as reference_{{ end }},
                {{ in_order("sum", end) }} as family_{{ end }},
            {%- endfor %}
            {{ in_order("sum", most_events) }} filter (
                where denominator > 0
            ) as family_most_events,
            {{ in_order("sum", "denominator") }} filter (
                where {{ most_events }} is not null and denominator > 0
            ) as family_most_people,
            {{ in_order("sum", "denominator") }} as family_people,
            sum(cells) filter (where denominator > 0) as family_cells,
            count(case when is_used and least is null then 1 end) as groups_hidden,
            count(case when is_used and is_bounded then 1 end) as groups_bounded
        from groups
        group by family_id
    ),

    candidates as (
        select
            groups.*,
            recording.known_share,
            families.reference_group,
            families.reference_people,
            {%- for end in ends %}
                families.reference_{{ end }},
                case when families.groups_hidden = 0 then families.family_{{ end }} end
                - groups.{{ end }} as others_{{ end }},
            {%- endfor %}
            case when families.groups_hidden = 0 then families.family_people end
            - groups.denominator as others_people,
            groups.is_bounded
            or families.is_reference_bounded as is_reference_gap_bounded,
            families.groups_bounded > 0 as is_others_gap_bounded,
            families.family_cells - groups.cells as others_cells,
            families.family_most_events - groups.most as others_most_events,
            families.family_most_people - groups.denominator as others_most_people,
            groups.unit = 'proportion' as is_share
        from groups
        inner join families on groups.family_id = families.family_id
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
            {%- for prefix in references %}
                {%- for end, other in ends.items() %}
                    {%- set pair = [
                        end,
                        "denominator",
                        prefix ~ other,
                        prefix ~ "people",
                    ] %}
                    {%- set gap = prefix ~ end ~ "_gap" %}
                    {{ gap_absolute_rates(*pair) }} as {{ gap }},
                    case
                        when is_share
                        then {{ gap_absolute_newcombe_lower(*pair) }}
                        else {{ gap_absolute_mover_lower(*pair) }}
                    end as {{ gap }}_lower,
                    case
                        when is_share
                        then {{ gap_absolute_newcombe_upper(*pair) }}
                        else {{ gap_absolute_mover_upper(*pair) }}
                    end as {{ gap }}_upper,
                    {{ likelihood_ratio_deviate(*pair, is_share="is_share") }}
                    as {{ prefix }}{{ end }}_deviate,
                {%- endfor %}
                -- what was rounded: those with the event, or those without it
                power(
                    {{
                        rounding_error(
                            "case when is_favourable then denominator - least else least end",
                            "denominator",
                            "is_rounded",
                            "cells",
                        )
                    }},
                    2
                ) + power(
                    {{
                        rounding_error(
                            "case when is_favourable then "
                            ~ prefix
                            ~ "people - "
                            ~ prefix
                            ~ "least else "
                            ~ prefix
                            ~ "least end",
                            prefix ~ "people",
                            "is_rounded",
                            references[prefix],
                        )
                    }},
                    2
                ) as {{ prefix }}rounding,
            {%- endfor %}
            others_people / nullif(others_people + denominator, 0) as others_share
        from candidates
    ),

    widened as (
        select
            *,
            {%- for prefix in references %}
                {%- for end in ends %}
                    {%- set gap = prefix ~ end ~ "_gap" %}
                    denominator * {{ gap }} as {{ prefix }}{{ end }}_excess,
                    {%- for limit, sign in {"lower": "-", "upper": "+"}.items() %}
                        denominator * (
                            {{ gap }} {{ sign }} sqrt(
                                power({{ gap }} - {{ gap }}_{{ limit }}, 2)
                                + power({{ normal_quantile(0.95) }}, 2)
                                * {{ prefix }}rounding
                            )
                        ) as {{ prefix }}{{ end }}_{{ limit }},
                    {%- endfor %}
                {%- endfor %}
            {%- endfor %}
            -- the standard error that the test implies, with that of rounding
            {%- for end in ends %}
                {{
                    deviate_with_error(
                        "reference_" ~ end ~ "_deviate",
                        "reference_" ~ end ~ "_gap",
                        "sqrt(reference_rounding)",
                    )
                }} as z_{{ end }} {{- "," if not loop.last }}
            {%- endfor %}
        from compared
    ),

    probable as (
        select *, {{ normal_p_value(deviate_at_least("z_least", "z_most")) }} as p_value
        from widened
    ),

    controlled as ({{ false_discovery("probable", "p_value", "organisation_level") }}),

    judged as (
        select
            *,
            {%- for end in ends %}
                others_{{ end }}_excess * others_share as average_{{ end }}_excess,
            {%- endfor %}
            others_least_lower * others_share as average_lower,
            others_most_upper * others_share as average_upper,
            case
                when least is null
                then value_status
                when reference_least_lower is null
                then 'reference_not_known'
                when coalesce(known_share, 0) < {{ known_share_minimum }}
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
        from controlled
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
                        < max(nesting.severity) filter (
                            where beside_others.priority_status = 'priority'
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
            end as priority_rank,
            case
                when priority_status in ('priority', 'contained')
                then
                    rank() over (
                        partition by {{ ranking }}, indicator_id
                        order by round(least_avoidable_per_1000, 1) desc
                    )
            end as rank_in_indicator,
            case
                when priority_status = 'priority'
                then
                    count(*) over (
                        partition by {{ ranking }}, round(least_avoidable_per_1000, 1)
                    )
                    > 1
            end as is_tied
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
    ranked.is_tied,
    cast(ranked.rank_in_indicator as integer) as rank_in_indicator,
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

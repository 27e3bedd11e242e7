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
with
    groups as (
        {% call kept("period_end = max(period_end) over (partition by indicator_id)") %}
        select *, {{ rounding_cells("dimension", "group_code") }} as cells
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
            max(case when is_reference then adverse_events end) as reference_events,
            max(case when is_reference then denominator end) as reference_people,
            max(case when is_reference then numerator end) as reference_numerator,
            {{ in_order("sum", "adverse_events") }} as family_events,
            {{ in_order("sum", most_events) }} filter (
                where denominator > 0
            ) as family_most_events,
            {{ in_order("sum", "denominator") }} filter (
                where {{ most_events }} is not null and denominator > 0
            ) as family_most_people,
            {{ in_order("sum", "numerator") }} as family_numerator,
            {{ in_order("sum", "denominator") }} as family_people,
            sum(cells) filter (where denominator > 0) as family_cells,
            count(
                case when is_used and value_status <> 'published' then 1 end
            ) as groups_hidden
        from groups
        group by family_id
    ),

    candidates as (
        select
            groups.*,
            recording.known_share,
            families.reference_group,
            families.reference_events,
            families.reference_people,
            families.reference_numerator,
            case when families.groups_hidden = 0 then families.family_events end
            - groups.adverse_events as others_events,
            case when families.groups_hidden = 0 then families.family_people end
            - groups.denominator as others_people,
            families.family_numerator - groups.numerator as others_numerator,
            families.family_cells - groups.cells as others_cells,
            families.family_most_events - groups.adverse_events as others_most_events,
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
            {%- for prefix, reference_cells in references.items() %}
                {%- set pair = [
                    "adverse_events",
                    "denominator",
                    prefix ~ "events",
                    prefix ~ "people",
                ] %}
                {{ gap_absolute_rates(*pair) }} as {{ prefix }}gap,
                case
                    when is_share
                    then {{ gap_absolute_newcombe_lower(*pair) }}
                    else {{ gap_absolute_mover_lower(*pair) }}
                end as {{ prefix }}gap_lower,
                case
                    when is_share
                    then {{ gap_absolute_newcombe_upper(*pair) }}
                    else {{ gap_absolute_mover_upper(*pair) }}
                end as {{ prefix }}gap_upper,
                power(
                    {{
                        rounding_error(
                            "numerator", "denominator", "is_rounded", "cells"
                        )
                    }},
                    2
                ) + power(
                    {{
                        rounding_error(
                            prefix ~ "numerator",
                            prefix ~ "people",
                            "is_rounded",
                            reference_cells,
                        )
                    }},
                    2
                ) as {{ prefix }}rounding,
            {%- endfor %}
            {{
                likelihood_ratio_deviate(
                    "adverse_events",
                    "denominator",
                    "reference_events",
                    "reference_people",
                    "is_share",
                )
            }} as deviate,
            others_people / nullif(others_people + denominator, 0) as others_share
        from candidates
    ),

    widened as (
        select
            *,
            {%- for prefix in references %}
                denominator * {{ prefix }}gap as {{ prefix }}excess,
                {%- for limit, sign in {"lower": "-", "upper": "+"}.items() %}
                    denominator * (
                        {{ prefix }}gap {{ sign }} sqrt(
                            power({{ prefix }}gap - {{ prefix }}gap_{{ limit }}, 2)
                            + power({{ normal_quantile(0.95) }}, 2)
                            * {{ prefix }}rounding
                        )
                    ) as {{ prefix }}{{ limit }},
                {%- endfor %}
            {%- endfor %}
            -- the standard error that the test implies, with that of rounding
            case
                when value_status <> 'published'
                then null
                when deviate = 0
                then 0
                else
                    reference_gap
                    / sqrt(power(reference_gap / deviate, 2) + reference_rounding)
            end as z
        from compared
    ),

    probable as (select *, {{ normal_p_value("z") }} as p_value from widened),

    controlled as ({{ false_discovery("probable", "p_value", "organisation_level") }}),

    judged as (
        select
            *,
            others_excess * others_share as average_excess,
            others_lower * others_share as average_lower,
            others_upper * others_share as average_upper,
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
                when q_value > {{ highest_q }} or reference_lower <= 0
                then 'no_clear_excess'
                when
                    adverse_events / denominator
                    <= others_most_events / nullif(others_most_people, 0)
                then 'better_than_average'
                else 'priority'
            end as priority_status
        from controlled
    ),

    nested as (
        select
            {% call all_with(["priority_status"], of="judged") %}
                case
                    when
                        judged.priority_status = 'priority'
                        and nesting.severity
                        < max(nesting.severity) filter (
                            where judged.priority_status = 'priority'
                        ) over (
                            partition by
                                judged.organisation_code, judged.dimension, nesting.nest
                        )
                    then 'contained'
                    else judged.priority_status
                end as priority_status
            {% endcall %},
            1000 * judged.reference_excess / judged.denominator as avoidable_per_1000
        from judged
        left join
            {{ ref("indicator_nesting") }} as nesting
            on judged.indicator_id = nesting.indicator_id
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
                        order by round(avoidable_per_1000, 1) desc
                    )
            end as priority_rank,
            case
                when priority_status in ('priority', 'contained')
                then
                    rank() over (
                        partition by {{ ranking }}, indicator_id
                        order by round(avoidable_per_1000, 1) desc
                    )
            end as rank_in_indicator,
            case
                when priority_status = 'priority'
                then
                    count(*) over (
                        partition by {{ ranking }}, round(avoidable_per_1000, 1)
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
    ranked.denominator,
    case
        when ranked.value_status = 'published' then ranked.reference_excess
    end as excess_count,
    ranked.reference_lower as excess_count_ci_lower_95,
    ranked.reference_upper as excess_count_ci_upper_95,
    ranked.average_excess as excess_against_average,
    ranked.average_lower as excess_against_average_ci_lower_95,
    ranked.average_upper as excess_against_average_ci_upper_95,
    ranked.reference_excess
    / nullif(ranked.adverse_events, 0) as avoidable_share_of_events,
    ranked.avoidable_per_1000,
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

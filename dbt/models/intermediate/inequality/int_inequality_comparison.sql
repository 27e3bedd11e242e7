{{ config(materialized="view") }}
-- Grain: organisation (England, ICBs, trusts) x indicator x group but the reference,
-- newest period of the indicator, current geography. Question: by how many adverse
-- events is a group worse off than its reference and than everybody else, and how
-- likely does chance make that?
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
-- is compared at both ends: with its least events against the most of the reference
-- (`least`), and the other way round (`most`). p is the larger of the two, 1 where they
-- lie on both sides of no difference: whatever is hidden, p is no smaller.
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

    controlled as ({{ false_discovery("probable", "p_value", "organisation_level") }})

select
    *,
    {%- for end in ends %}
        others_{{ end }}_excess * others_share as average_{{ end }}_excess,
    {%- endfor %}
    others_least_lower * others_share as average_lower,
    others_most_upper * others_share as average_upper
from controlled

{{ config(materialized="view") }}
-- Grain: as fct_inequality_measure, measures absolute_gap and relative_gap. Question:
-- how far is a group from the group it is compared with, and if that cannot be said,
-- why? Limits: Newcombe and Katz for proportions, MOVER and log limits for rates
-- (macros/measures). A group is a part of the whole: those limits take the two as
-- independent and are a little too wide. Where the source rounds
-- (int_inequality_rounding), gaps between counts have the error of rounding in their
-- limits. A rate that is printed beside rounded counts is the value, so the gap is the
-- difference of the two values, and its limits come from theirs (MOVER; of ratios on
-- the log scale): those of printed rates and of bounded counts hold the rounding
-- already, those of other counts, the sum of all groups among them, are widened
-- first. Where a count is hidden the gap has bounds: value_low and value_high are the
-- difference (ratio) at the ends of what the two groups can be, without chance; of a
-- group and the whole that holds it they are a little too wide. Standardised figures,
-- and rates whose people are not published, have no counts: their gaps are of the
-- values, with standard errors recovered from the published limits. p_value: likelihood
-- ratio test of the counts (a printed rate stands for that share of its people),
-- rounding in its standard error; where a count is hidden the larger of those at both
-- ends, 1 where they lie on both sides of no difference. Gaps of values without counts
-- get theirs from their limits (fct_inequality_measure).
-- The steps are macros of macros/inequality: groups_beside_whole, gap_pairs,
-- gap_deviates, gap_by_kind, gap_rounding.
{%- set key = [
    "indicator_id",
    "organisation_code",
    "treatment_function_code",
    "period_start",
    "period_end",
    "geography_basis",
    "standardisation",
    "dimension",
] %}
with
    figures as (
        select figure.*, indicator.unit
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_indicator") }} as indicator
            on figure.indicator_id = indicator.indicator_id
        where
            indicator.unit <> 'count'
            and figure.dimension
            in (select dimension from {{ ref("inequality_comparisons") }})
    ),

    -- One row for each set of groups: what they share, and the whole.
    families as (
        select
            {{ key | join(", ") }},
            max(organisation_level) as organisation_level,
            max(period_type) as period_type,
            max(unit) as unit,
            max(imd_version) as imd_version,
            max(geography_vintage) as geography_vintage,
            max(source_id) as source_id,
            max(snapshot_sha256) as snapshot_sha256,
            max(data_as_of) as data_as_of,
            max(data_origin) as data_origin,
            {{ in_order("sum", "numerator") }} as numerator,
            {{ in_order("sum", "denominator") }} as denominator,
            {%- for side in ["low", "high"] %}
                {{ in_order("sum", "coalesce(numerator, numerator_" ~ side ~ ")") }}
                as numerator_{{ side }},
            {%- endfor %}
            -- a group without people (not_applicable) takes nothing from the whole
            coalesce(
                max(value_status) filter (
                    where value_status not in ('published', 'not_applicable', 'bounded')
                ),
                max(value_status) filter (where value_status = 'bounded')
            ) as status_of_part
        from figures
        group by {{ key | join(", ") }}
    ),

    {{ groups_beside_whole(key) }},

    {{ gap_pairs(key) }},

    statuses as (
        select
            pairs.*,
            {%- for side in ["comparison", "reference"] %}
                {{
                    rounding_error(
                        side ~ "_numerator",
                        side ~ "_denominator",
                        "rounding.is_rounded and standardisation = 'crude'",
                        side ~ "_cells",
                    )
                }} as {{ side }}_rounding,
            {%- endfor %}
            case
                when
                    standardisation <> 'crude'
                    or (comparison_denominator is null and comparison_value is not null)
                then 'values'
                when
                    comparison_basis in ('printed', 'rounded_counts')
                    or reference_basis in ('printed', 'rounded_counts')
                then 'limits'
                else unit
            end as kind,
            {%- for part in ["status", "reason"] %}
                case
                    when comparison_status not in ('published', 'bounded')
                    then comparison_{{ part }}
                    when reference_status not in ('published', 'bounded')
                    then reference_{{ part }}
                    when comparison_status = 'bounded'
                    then comparison_{{ part }}
                    when reference_status = 'bounded'
                    then reference_{{ part }}
                end as group_{{ part }} {{- "," if not loop.last }}
            {%- endfor %}
        from pairs
        left join
            {{ ref("int_inequality_rounding") }} as rounding
            on pairs.source_id = rounding.source_id
            and pairs.organisation_level = rounding.organisation_level
    ),

    -- limits of a value of counts beside one whose limits hold the rounding take it too
    widened as (
        select
            {% call all_with(
                [
                    "comparison_lower",
                    "comparison_upper",
                    "reference_lower",
                    "reference_upper",
                ]
            ) %}
                {%- for side in ["comparison", "reference"] %}
                    {%- for end in ["lower", "upper"] %}
                        {{ side_limit_with_rounding(side, end) }}
                        as {{ side }}_{{ end }} {{- "," if not loop.last }}
                    {%- endfor %} {{- "," if not loop.last }}
                {%- endfor %}
            {% endcall %}
        from statuses
    ),

    {{ gap_deviates() }},

    measures as (
        {%- for measure in ["absolute_gap", "relative_gap"] %}
            select *, '{{ measure }}' as measure, {{ gap_by_kind(measure) }}
            from judged {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    indicator_id,
    organisation_code,
    organisation_level,
    treatment_function_code,
    period_start,
    period_end,
    period_type,
    geography_basis,
    standardisation,
    dimension,
    measure,
    comparison_group,
    reference_group,
    case when group_status is null then value end as value,
    {%- for side, other in [("low", "high"), ("high", "low")] %}
        case
            when group_status is distinct from 'bounded'
            then null
            when measure = 'absolute_gap'
            then comparison_value_{{ side }} - reference_value_{{ other }}
            -- at a reference of 0 the ratio has no end
            else comparison_value_{{ side }} / nullif(reference_value_{{ other }}, 0)
        end as value_{{ side }},
    {%- endfor %}
    {%- for limit in ["ci_lower_95", "ci_upper_95"] %}
        case
            when group_status is not null
            then null
            when
                kind in ('values', 'limits')
                or (comparison_rounding = 0 and reference_rounding = 0)
            then {{ limit }}
            else {{ gap_limit_with_rounding(limit) }}
        end as {{ limit }},
    {%- endfor %}
    case
        when coalesce(group_status, 'bounded') = 'bounded' and undefined_reason is null
        then {{ normal_p_value(deviate_at_least("z_least", "z_most")) }}
    end as p_value,
    comparison_value,
    reference_value,
    comparison_group || ',' || reference_group as groups_used,
    method || case
        when reference_group = 'whole'
        then '; group and whole taken as independent'
        else ''
    end as method,
    case
        when group_status = 'bounded' and (value_low is null or value_high is null)
        then 'suppressed'
        else
            coalesce(
                group_status,
                case
                    when undefined_reason is null then 'published' else 'not_applicable'
                end
            )
    end as value_status,
    -- beside a value the reason is a remark: a ratio of 0 has no limits
    coalesce(group_reason, undefined_reason, limits_reason) as value_status_reason,
    imd_version,
    geography_vintage,
    source_id,
    snapshot_sha256,
    data_as_of,
    data_origin
from measures

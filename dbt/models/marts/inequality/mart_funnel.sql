-- Grain: indicator (proportions) x trust x group, newest period of the indicator,
-- current geography. Question: which trusts differ from the others by more than chance
-- explains at their size?
-- With denominators of tens of thousands nearly every trust lies outside limits for
-- chance alone (chance_lower_ and _upper_; dispersion_ratio, mean of z squared, is 1
-- there and 100 to 1,000 in waits). The label therefore uses limits that add the
-- variance between trusts. It is
-- given where it holds for the whole of the bounds of a hidden count. A clear
-- difference is outside 99.8% (of 150 trusts that do not differ, 7 lie outside 95%)
-- with a q value of at most 5%, by Benjamini and Hochberg over all funnels of the
-- release, as there are dozens. There is no rank: a place in a table without limits
-- means nothing.
with
    limits as (select * from {{ ref("int_inequality_funnel_limit") }}),

    organisations as (select * from {{ ref("dim_organisation") }}),

    controlled as ({{ false_discovery("limits", "p_value", "organisation_level") }}),

    labelled as (
        select
            *,
            case
                when funnel_at_least like 'High%' or funnel_at_least = 'Not applicable'
                then funnel_at_least
                when funnel_at_most like 'Low%'
                then funnel_at_most
                -- a hidden count may lie on both sides of a limit
                when
                    numerator is null
                    and (funnel_at_least like 'Low%' or funnel_at_most like 'High%')
                then 'Not applicable'
                else 'Not significant'
            end as funnel_label,
            coalesce(
                funnel_label like '%(0.001)' and q_value <= 0.05, false
            ) as is_clear
        from controlled
    )

select
    labelled.indicator_id,
    labelled.indicator_name,
    labelled.organisation_code,
    organisation.organisation_name,
    {{ icb_columns("organisation") }},
    labelled.period_start,
    labelled.period_end,
    {{ months_old("labelled.period_end") }} as months_old,
    labelled.period_type,
    labelled.dimension,
    labelled.group_code,
    labelled.numerator,
    labelled.denominator,
    labelled.value,
    labelled.previous_value,
    labelled.previous_period_end,
    case
        when labelled.value is null then labelled.least / labelled.size
    end as value_low,
    case
        when labelled.value is null then labelled.most / labelled.size
    end as value_high,
    labelled.ci_lower_95,
    labelled.ci_upper_95,
    labelled.value_status,
    labelled.value_status_reason,
    labelled.baseline,
    labelled.baseline_low,
    labelled.baseline_high,
    cast(labelled.trusts_compared as integer) as trusts_included,
    cast(labelled.trusts_bounded as integer) as trusts_bounded,
    cast(labelled.trusts_hidden as integer) as trusts_hidden,
    labelled.funnel_lower_95,
    labelled.funnel_upper_95,
    labelled.funnel_lower_998,
    labelled.funnel_upper_998,
    labelled.chance_lower_95,
    labelled.chance_upper_95,
    labelled.chance_lower_998,
    labelled.chance_upper_998,
    labelled.funnel_label,
    case
        when labelled.funnel_label = 'Not applicable'
        then 'too few to tell'
        when labelled.is_clear
        then 'clear difference'
        else 'no clear difference'
    end as certainty,
    labelled.p_value,
    labelled.q_value,
    labelled.dispersion_ratio,
    labelled.polarity,
    labelled.target,
    labelled.target_reading,
    labelled.source_id,
    labelled.snapshot_sha256,
    labelled.period_end as data_as_of,
    labelled.data_origin
from labelled
left join
    organisations as organisation
    on labelled.organisation_code = organisation.organisation_code

-- Grain: indicator (proportions) x trust x group, newest period of the indicator,
-- current geography. Question: which trusts differ from the others by more than chance
-- explains at their size?
-- Baseline: sum of numerators over sum of denominators of the trusts compared. Groups:
-- everybody where the source gives that, else Core20 and the rest. With denominators of
-- tens of thousands nearly every trust lies outside its limits: dispersion_ratio (mean
-- of z squared; about 1 where chance is all there is) says how far that goes. There is
-- no rank: a place in a table without limits means nothing.
with
    figures as (
        select
            -- a rate printed beside rounded counts is judged, not the counts
            figure.* replace (
                case
                    when figure.value_basis = 'printed'
                    then figure.value * figure.denominator
                    else figure.numerator
                end as numerator
            ),
            indicator.indicator_name,
            indicator.polarity,
            target.target,
            {{
                target_reading(
                    "figure.value", "figure.period_end", "indicator.polarity"
                )
            }} as target_reading,
            max(figure.period_end) over (
                partition by figure.indicator_id
            ) as newest_period_end
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_indicator") }} as indicator
            on figure.indicator_id = indicator.indicator_id
            {{ join_target("figure", "figure.dimension = 'all'") }}
        where
            figure.organisation_level = 'trust'
            and figure.geography_basis = 'current'
            and figure.standardisation = 'crude'
            and figure.treatment_function_code = 'all'
            and figure.dimension in ('all', 'core20')
            and indicator.unit = 'proportion'
            -- a share without its counts (Talking Therapies) has no size to judge it by
            and (figure.numerator is not null or figure.value_status <> 'published')
    ),

    newest as (select * from figures where period_end = newest_period_end),

    baselines as (
        select
            indicator_id,
            dimension,
            group_code,
            {{ in_order("sum", "numerator") }}
            / {{ in_order("sum", "denominator") }} as baseline,
            count(*) as trusts_compared
        from newest
        where value_status = 'published'
        group by indicator_id, dimension, group_code
    ),

    compared as (
        select newest.*, baselines.baseline, baselines.trusts_compared
        from newest
        inner join
            baselines
            on newest.indicator_id = baselines.indicator_id
            and newest.dimension = baselines.dimension
            and newest.group_code = baselines.group_code
    ),

    labelled as (
        select
            *,
            {% for level in [0.95, 0.998] %}
                {%- set suffix = level | string | replace("0.", "") %}
                case
                    when value_status = 'published'
                    then {{ funnel_lower("baseline", "denominator", level) }}
                end as funnel_lower_{{ suffix }},
                case
                    when value_status = 'published'
                    then {{ funnel_upper("baseline", "denominator", level) }}
                end as funnel_upper_{{ suffix }},
            {% endfor %}
            case
                when value_status = 'published'
                then
                    {{
                        funnel_label(
                            "proportion", "numerator", "denominator", "baseline"
                        )
                    }}
                else 'Not applicable'
            end as funnel_label,
            power(value - baseline, 2)
            / nullif(baseline * (1 - baseline) / nullif(denominator, 0), 0) as squared_z
        from compared
    )

select
    labelled.indicator_id,
    labelled.indicator_name,
    labelled.organisation_code,
    organisation.organisation_name,
    labelled.period_start,
    labelled.period_end,
    labelled.period_type,
    labelled.dimension,
    labelled.group_code,
    labelled.numerator,
    labelled.denominator,
    labelled.value,
    labelled.ci_lower_95,
    labelled.ci_upper_95,
    labelled.value_status,
    labelled.value_status_reason,
    labelled.baseline,
    cast(labelled.trusts_compared as integer) as trusts_compared,
    labelled.funnel_lower_95,
    labelled.funnel_upper_95,
    labelled.funnel_lower_998,
    labelled.funnel_upper_998,
    labelled.funnel_label,
    case
        when labelled.funnel_label = 'Not applicable'
        then 'not_compared'
        when labelled.funnel_label = 'Not significant'
        then 'similar'
        when labelled.polarity = 'none'
        then case when labelled.funnel_label like 'High%' then 'higher' else 'lower' end
        when
            (labelled.polarity = 'higher_is_better')
            = (labelled.funnel_label like 'High%')
        then 'better'
        else 'worse'
    end as funnel_rating,
    {{ in_order("avg", "labelled.squared_z") }} over (
        partition by labelled.indicator_id, labelled.dimension, labelled.group_code
    ) as dispersion_ratio,
    labelled.polarity,
    labelled.target,
    labelled.target_reading,
    labelled.source_id,
    labelled.snapshot_sha256,
    labelled.period_end as data_as_of,
    labelled.data_origin,
    labelled.release_id
from labelled
left join
    {{ ref("dim_organisation") }} as organisation
    on labelled.organisation_code = organisation.organisation_code

-- Grain: indicator (proportions) x trust x group, newest period of the indicator,
-- current geography. Question: which trusts differ from the others by more than chance
-- explains at their size?
-- Baseline: sum of numerators over sum of denominators of the trusts compared. A count
-- is hidden because it is small: left out, it would make long waits look more common
-- than they are (23 of 132 trusts in June 2025). A trust with a hidden count takes part
-- with its bounds, and the baseline lies between baseline_low and baseline_high;
-- baseline is the middle. The lower limits stand around the one, the upper around the
-- other. A trust whose people are hidden too (trusts_hidden) cannot take part. Groups:
-- everybody where the source gives that, else Core20 and the rest.
-- With denominators of tens of thousands nearly every trust lies outside limits for
-- chance alone (dispersion_ratio, mean of z squared, is 1 there and 100 to 1,000 in
-- waits). Label and rating therefore use limits that add the variance between trusts
-- (macro funnel_dispersion; a hidden count stands there at the middle of its bounds);
-- what limits for chance alone say is next to it (chance_label). A label is given
-- where it holds
-- for the whole of the bounds. Better, worse and a clear difference are outside 99.8%
-- (of 150 trusts that do not differ, 7 lie outside 95%) with a q value of at most 5%: p
-- of the distance from the baseline over the limits' own standard error (a hidden count
-- at the end nearer to it), q by Benjamini and Hochberg over all funnels of the
-- release, as there are dozens. There is no rank: a place in a
-- table without limits means nothing.
with
    figures as (
        select
            -- a rate printed beside rounded counts is judged, not the counts
            {% call all_with(["numerator"], of="figure") %}
                case
                    when figure.value_basis = 'printed'
                    then figure.value * figure.denominator
                    else figure.numerator
                end as numerator
            {% endcall %},
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

    newest as (
        select
            *,
            value_status in ('published', 'suppressed', 'bounded')
            and coalesce(denominator, 0) > 0
            and coalesce(numerator, numerator_low + numerator_high)
            is not null as is_compared,
            coalesce(numerator, numerator_low) as least,
            coalesce(numerator, numerator_high) as most
        from figures
        where period_end = newest_period_end
    ),

    baselines as (
        select
            indicator_id,
            dimension,
            group_code,
            {{ in_order("sum", "least") }}
            / nullif({{ in_order("sum", "denominator") }}, 0) as baseline_low,
            {{ in_order("sum", "most") }}
            / nullif({{ in_order("sum", "denominator") }}, 0) as baseline_high,
            count(*) as trusts_compared,
            count(*) filter (where numerator is null) as trusts_bounded
        from newest
        where is_compared
        group by indicator_id, dimension, group_code
    ),

    compared as (
        select
            newest.*,
            baselines.baseline_low,
            baselines.baseline_high,
            (baselines.baseline_low + baselines.baseline_high) / 2 as baseline,
            baselines.trusts_compared,
            baselines.trusts_bounded,
            count(
                case
                    when
                        newest.value_status in ('suppressed', 'bounded')
                        and not newest.is_compared
                    then 1
                end
            ) over (
                partition by newest.indicator_id, newest.dimension, newest.group_code
            ) as trusts_hidden
        from newest
        inner join
            baselines
            on newest.indicator_id = baselines.indicator_id
            and newest.dimension = baselines.dimension
            and newest.group_code = baselines.group_code
    ),

    counted as (select * from compared where is_compared),

    dispersion as (
        {{
            funnel_dispersion(
                "counted",
                ["indicator_id", "dimension", "group_code"],
                "(least + most) / 2",
                "denominator",
                "baseline",
            )
        }}
    ),

    spread as (
        select
            compared.*,
            dispersion.dispersion_ratio,
            dispersion.between_variance,
            -- the size that a limit is drawn for: none where there is no figure
            case when compared.is_compared then compared.denominator end as size
        from compared
        left join
            dispersion
            on compared.indicator_id = dispersion.indicator_id
            and compared.dimension = dispersion.dimension
            and compared.group_code = dispersion.group_code
    ),

    {%- set limits = {"funnel": "between_variance", "chance": 0} %}
    limited as (
        select
            *,
            {%- for kind, variance in limits.items() %}
                {%- for level in [0.95, 0.998] if kind == "funnel" %}
                    {%- set suffix = level | string | replace("0.", "") %}
                    {{ funnel_lower("baseline_low", "size", level, 1, variance) }}
                    as {{ kind }}_lower_{{ suffix }},
                    {{ funnel_upper("baseline_high", "size", level, 1, variance) }}
                    as {{ kind }}_upper_{{ suffix }},
                {%- endfor %}
                {{
                    funnel_label(
                        "proportion", "least", "size", "baseline_high", variance
                    )
                }} as {{ kind }}_at_least,
                {{
                    funnel_label(
                        "proportion", "most", "size", "baseline_low", variance
                    )
                }} as {{ kind }}_at_most {{- "," if not loop.last }}
            {%- endfor %},
            {{
                normal_p_value(
                    deviate_at_least(
                        funnel_deviate(
                            "least", "size", "baseline_high", "between_variance"
                        ),
                        funnel_deviate(
                            "most", "size", "baseline_low", "between_variance"
                        ),
                    )
                )
            }} as p_value
        from spread
    ),

    controlled as ({{ false_discovery("limited", "p_value", "organisation_level") }}),

    labelled as (
        select
            *,
            {%- for kind in limits %}
                case
                    when
                        {{ kind }}_at_least like 'High%'
                        or {{ kind }}_at_least = 'Not applicable'
                    then {{ kind }}_at_least
                    when {{ kind }}_at_most like 'Low%'
                    then {{ kind }}_at_most
                    -- a hidden count may lie on both sides of a limit
                    when
                        numerator is null
                        and (
                            {{ kind }}_at_least like 'Low%'
                            or {{ kind }}_at_most like 'High%'
                        )
                    then 'Not applicable'
                    else 'Not significant'
                end as {{ kind }}_label,
            {%- endfor %}
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
    cast(labelled.trusts_compared as integer) as trusts_compared,
    cast(labelled.trusts_bounded as integer) as trusts_bounded,
    cast(labelled.trusts_hidden as integer) as trusts_hidden,
    labelled.funnel_lower_95,
    labelled.funnel_upper_95,
    labelled.funnel_lower_998,
    labelled.funnel_upper_998,
    labelled.funnel_label,
    labelled.chance_label,
    case
        when labelled.funnel_label = 'Not applicable'
        then 'not_compared'
        when not labelled.is_clear
        then 'similar'
        when labelled.polarity = 'none'
        then case when labelled.funnel_label like 'High%' then 'higher' else 'lower' end
        when
            (labelled.polarity = 'higher_is_better')
            = (labelled.funnel_label like 'High%')
        then 'better'
        else 'worse'
    end as funnel_rating,
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
    labelled.data_origin,
    labelled.release_id
from labelled
left join
    {{ ref("dim_organisation") }} as organisation
    on labelled.organisation_code = organisation.organisation_code

-- Grain: indicator (proportions) x trust x group, newest period of the indicator,
-- current geography. Question: with which other trusts is a trust compared, and how far
-- do they differ by more than chance?
-- Baseline: sum of numerators over sum of denominators of the trusts compared. A count
-- is hidden because it is small: left out, it would make long waits look more common
-- than they are (23 of 132 trusts in June 2025). A trust with a hidden count takes part
-- with its bounds (least, most), and the baseline lies between baseline_low and
-- baseline_high; baseline is the middle. A trust whose people are hidden too
-- (trusts_hidden) cannot take part. Groups: everybody where the source gives that, else
-- Core20 and the rest. size is the denominator that a limit is drawn for, NULL for a
-- trust that is not compared; between_variance is how the trusts differ beyond chance
-- (macro funnel_dispersion; a hidden count stands there at the middle of its bounds).
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
    )

select
    compared.*,
    dispersion.dispersion_ratio,
    dispersion.between_variance,
    case when compared.is_compared then compared.denominator end as size
from compared
left join
    dispersion
    on compared.indicator_id = dispersion.indicator_id
    and compared.dimension = dispersion.dimension
    and compared.group_code = dispersion.group_code

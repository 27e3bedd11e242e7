-- Grain: monthly series (indicator x organisation) x calendar month (1 to 12), where it
-- can be tested. Question: does the time of year show in the series, and by how much?
-- A series of quarters has four places in the year, and six years of it are 24 points,
-- so this test is not for it: no row. The same holds for a series that lacks a calendar
-- month.
-- Test: the share of the variance that one wave a year explains, after the mean and the
-- trend of each segment: R^2 of the regression on cosine and sine of the month
-- (Frisch-Waugh: value and wave are both taken less mean and trend). Of independent
-- months R^2 n / 2 is exponential with mean 1. Months that are alike have more of
-- everything slow, but at one wave a year never more than 1 / sin(2 pi / 12) = 2 times
-- the average, however alike they are (the spectrum of an autoregression of order 1,
-- at its greatest). So the season shows where R^2 n / 2 > 2 ln 100 (1%), from 24 on:
-- R^2 above 0.77 in two years, 0.51 in three, 0.31 in five. season_correlation is R.
-- n is the months less eight for each segment after the first: a mean and a trend of
-- its own take from a segment what is slower than the wave, so that the wave stands out
-- among the rest by chance. Eight is from simulation (4,000 series each, lag 1
-- correlation 0 to 0.8, two to four segments of 5 to 30 months): 0 to 1.4% are called
-- seasonal; less the two parameters alone 1.3 to 4%. A series that does not vary has no
-- R and no season.
-- Power (4,000 series each; noise with lag 1 correlation 0 / 0.64): a wave of twice its
-- standard deviation is found in 22 / 61% in 24 months, 98 / 98% in 36, 100% in 60; one
-- of once in 0 / 8, 11 / 38 and 71 / 76%; twice in two halves of 36 months in 72 / 94%.
-- False alarms: at most 1.4%; steps and curves are no season. The correlation of
-- changes with those of a year before, used until then, found none in 24 months, 3 /
-- 15% in 36 and 8 / 57% in 60 at twice, because changes hide what is slow;
-- Kruskal-Wallis and Friedman over months none in 24 and 80% in 36. Four-hour waits
-- (April 2021 to February 2026) have a wave of 2 points, 0.6 to 0.9 of the rest: R is
-- 0.53 of England and 0.4 of trusts, 3 of 376 series of A&E are seasonal (8 of 417 with
-- two months less for each segment). A season that is not found makes months alike, so
-- that the limits of the chart are widened for it instead.
-- Effect of a calendar month: mean distance from mean and trend of the segment, less
-- the mean of the twelve effects; not the wave, which a deep December is not. Source:
-- Bloomfield, Fourier Analysis of Time Series; Brockwell and Davis, Time Series: Theory
-- and Methods.
{%- set series = "indicator_id, organisation_code" %}
{%- set waves = ["value", "cosine", "sine"] %}
with
    months as (
        select
            {{ series }},
            segment,
            period_start,
            value,
            cast(
                {{ months_apart("date '2000-01-01'", "period_start") }} as double
            ) as month_number
        from {{ ref("int_inequality_month") }}
        where value is not null
    ),

    waved as (
        select
            *,
            cos(pi() * month_number / 6) as cosine,
            sin(pi() * month_number / 6) as sine
        from months
    ),

    centred as (
        select
            {{ series }},
            segment,
            period_start,
            max(abs(value)) over same_segment as size
            {%- for column in waves + ["month_number"] %}
                ,
                {{ column }}
                - {{ in_order("avg", column) }} over same_segment as {{ column }}
            {%- endfor %}
        from waved
        window same_segment as (partition by {{ series }}, segment)
    ),

    detrended as (
        select
            {{ series }},
            segment,
            period_start,
            size
            {%- for column in waves %}
                ,
                {{ column }}
                - month_number
                * coalesce(
                    {{ in_order("sum", "month_number * " ~ column) }} over same_segment
                    / nullif(
                        {{ in_order("sum", "power(month_number, 2)") }}
                        over same_segment,
                        0
                    ),
                    0
                ) as {{ column }}
            {%- endfor %}
        from centred
        window same_segment as (partition by {{ series }}, segment)
    ),

    sums as (
        select
            {{ series }},
            count(*) - 8 * (count(distinct segment) - 1) as season_points,
            max(size) as size
            {%- for left in waves %}
                {%- for right in waves[loop.index0 :] %}
                    ,
                    {{ in_order("sum", left ~ " * " ~ right) }}
                    as {{ left }}_{{ right }}
                {%- endfor %}
            {%- endfor %}
        from detrended
        group by {{ series }}
    ),

    tested as (
        select
            {{ series }},
            season_points,
            (
                power(value_cosine, 2) * sine_sine
                - 2 * value_cosine * value_sine * cosine_sine
                + power(value_sine, 2) * cosine_cosine
            ) / nullif(
                (cosine_cosine * sine_sine - power(cosine_sine, 2))
                -- what rounding leaves of a series that does not vary is no variance
                * case
                    when value_value > season_points * power(1e-12 * size, 2)
                    then value_value
                end,
                0
            ) as explained_share
        from sums
        where season_points >= 24
    ),

    distances as (
        select
            {{ series }},
            extract(month from period_start) as calendar_month,
            {{ in_order("avg", "value") }} as distance
        from detrended
        group by {{ series }}, extract(month from period_start)
    ),

    effects as (
        select
            *,
            count(distance) over whole_year as months_known,
            distance
            - {{ in_order("avg", "distance") }} over whole_year as seasonal_effect
        from distances
        window whole_year as (partition by {{ series }})
    )

select
    effects.indicator_id,
    effects.organisation_code,
    cast(effects.calendar_month as integer) as calendar_month,
    {{
        measure_root(
            "case when tested.explained_share > 1 then 1 else tested.explained_share end"
        )
    }}
    as season_correlation,
    cast(tested.season_points as integer) as season_points,
    coalesce(
        tested.explained_share * tested.season_points > 4 * ln(100e0), false
    ) as is_seasonal,
    effects.seasonal_effect
from effects
inner join
    tested
    on effects.indicator_id = tested.indicator_id
    and effects.organisation_code = tested.organisation_code
where effects.months_known = 12

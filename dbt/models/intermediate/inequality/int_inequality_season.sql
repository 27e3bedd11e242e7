-- Grain: monthly series (indicator x organisation) x calendar month (1 to 12), where it
-- can be tested. Question: does the time of year show in the series, and by how much?
-- Test: the changes from month to month against those of twelve months before,
-- r = sum c(t) c(t - 12) / sqrt(sum c(t)^2 sum c(t - 12)^2), z = r sqrt(pairs / 1.5):
-- by
-- Bartlett's formula the variance is 1 + 2 x 0.5^2 times that of white noise, because
-- changes of independent months have a lag 1 correlation of -0.5. Seasonal: z above
-- 2.326 (one-sided 1%) over at least 12 pairs. Changes within a segment only.
-- Effect of a calendar month: mean distance from the centred average of twelve months
-- (2 x 12), less the mean of the twelve effects. Source: Box, Jenkins and Reinsel, Time
-- Series Analysis; X-11's first step. A series without a distance for each calendar
-- month is not adjusted.
{%- set series = "indicator_id, organisation_code" %}
with
    valued as (
        select
            {{ series }},
            segment,
            period_start,
            value,
            case
                when
                    lag(period_start) over in_time
                    = cast(period_start - interval '1 month' as date)
                then value - lag(value) over in_time
            end as change,
            count(*) over around as months_around,
            {{ in_order("sum", "value") }} over around as sum_around,
            {{ in_order("sum", "value") }} over near as sum_near
        from {{ ref("int_inequality_month") }}
        where value is not null
        window
            in_time as (partition by {{ series }}, segment order by period_start),
            around as (
                partition by {{ series }}, segment
                order by
                    period_start
                    range
                    between interval 6 month preceding and interval 6 month following
            ),
            near as (
                partition by {{ series }}, segment
                order by
                    period_start
                    range
                    between interval 5 month preceding and interval 5 month following
            )
    ),

    pairs as (
        select
            later.indicator_id,
            later.organisation_code,
            count(*) as season_pairs,
            {{ in_order("sum", "later.change * earlier.change") }} / nullif(
                sqrt(
                    {{ in_order("sum", "power(later.change, 2)") }}
                    * {{ in_order("sum", "power(earlier.change, 2)") }}
                ),
                0
            ) as season_correlation
        from valued as later
        inner join
            valued as earlier
            on later.indicator_id = earlier.indicator_id
            and later.organisation_code = earlier.organisation_code
            and earlier.period_start
            = cast(later.period_start - interval '12 months' as date)
        where later.change is not null and earlier.change is not null
        group by later.indicator_id, later.organisation_code
        having count(*) >= 12
    ),

    distances as (
        select
            {{ series }},
            extract(month from period_start) as calendar_month,
            {% call in_order("avg") %}
                case
                    when months_around = 13 then value - (sum_around + sum_near) / 24
                end
            {% endcall %} as distance
        from valued
        group by {{ series }}, extract(month from period_start)
    ),

    centred as (
        select
            *,
            count(distance) over whole_year as months_known,
            distance
            - {{ in_order("avg", "distance") }} over whole_year as seasonal_effect
        from distances
        window whole_year as (partition by {{ series }})
    )

select
    centred.indicator_id,
    centred.organisation_code,
    cast(centred.calendar_month as integer) as calendar_month,
    pairs.season_correlation,
    cast(pairs.season_pairs as integer) as season_pairs,
    centred.months_known = 12
    and pairs.season_correlation * sqrt(pairs.season_pairs / 1.5e0)
    > 2.326e0 as is_seasonal,
    case
        when centred.months_known = 12 then centred.seasonal_effect
    end as seasonal_effect
from centred
inner join
    pairs
    on centred.indicator_id = pairs.indicator_id
    and centred.organisation_code = pairs.organisation_code

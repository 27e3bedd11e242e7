-- Grain: monthly series (indicator x organisation) x calendar month (1 to 12), where it
-- can be tested. Question: does the time of year show in the series, and by how much?
-- Test: the changes from month to month against those of twelve months before,
-- r = sum c(t) c(t - 12) / sqrt(sum c(t)^2 sum c(t - 12)^2), z = r sqrt(pairs / 1.5).
-- By Bartlett's formula the variance is 1 + 2 x 0.5^2 times that of white noise, as
-- changes of independent months have a lag 1 correlation of -0.5. Seasonal: z above
-- 2.326 (one-sided 1%) over at least 12 pairs. Changes within a segment only.
-- It finds a season of five times the noise in four years. A smaller one makes months
-- alike, so that the chart's limits are widened for it instead.
-- Effect of a calendar month: mean deviation from the mean of the segment, less the
-- mean of the twelve effects. All months go in: with distances from centred averages
-- of twelve months, which the ends of a series do not have, the last year of 9% of
-- stable series was special. Source of the test: Box, Jenkins and
-- Reinsel, Time Series Analysis. A series without every calendar month is not adjusted.
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
            value - {{ in_order("avg", "value") }} over (
                partition by {{ series }}, segment
            ) as deviation
        from {{ ref("int_inequality_month") }}
        where value is not null
        window in_time as (partition by {{ series }}, segment order by period_start)
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
            {{ in_order("avg", "deviation") }} as distance
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

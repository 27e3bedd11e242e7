-- Indicators and months whose organisations add up to another count on current
-- geography than as reported, splits left aside: nothing may be lost or doubled by a
-- merger.
with
    reported as (
        select
            figure.indicator_id,
            figure.period_end,
            figure.organisation_level in ('icb') as is_icb,
            sum(figure.numerator) as numerator
        from {{ ref("int_waiting_list_rtt_indicator_value") }} as figure
        left join
            {{ ref("int_organisation_current") }} as successions
            on figure.organisation_code = successions.organisation_code
        where
            figure.geography_basis = 'as_reported'
            and figure.treatment_function_code = 'all'
            and figure.organisation_level in ('icb', 'trust', 'other_provider')
            and (
                successions.organisation_code is null
                or successions.current_organisation_code is not null
            )
        group by 1, 2, 3
    ),

    of_today as (
        select
            indicator_id,
            period_end,
            organisation_level in ('icb') as is_icb,
            sum(numerator) as numerator,
            bool_or(value_status = 'not_available') as has_split
        from {{ ref("int_waiting_list_rtt_indicator_value") }}
        where
            geography_basis = 'current'
            and treatment_function_code = 'all'
            and organisation_level in ('icb', 'trust', 'other_provider')
        group by 1, 2, 3
    )

select reported.*, of_today.numerator as numerator_current
from reported
inner join
    of_today
    on reported.indicator_id = of_today.indicator_id
    and reported.period_end = of_today.period_end
    and reported.is_icb = of_today.is_icb
where not of_today.has_split and reported.numerator is distinct from of_today.numerator

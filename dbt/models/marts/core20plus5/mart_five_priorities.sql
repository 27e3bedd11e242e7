-- Grain: strategic priority x indicator x organisation. Question: where do England,
-- regions, ICBs and trusts stand on NHS England's five strategic priorities for
-- inequalities, newest figure and gap of Core20?
-- A priority without a public indicator has one row that says which table of the
-- returns answers it. A source that gives groups only (the waiting list by deprivation)
-- has no figure for everybody: its rows have the gap alone, and say so.
with
    newest as (
        {% call kept(
            "row_number() over (partition by indicator_id, organisation_code "
            ~ "order by period_end desc, period_start) = 1"
        ) %}
        select *
        from {{ ref("fct_indicator_value") }}
        where
            dimension = 'all'
            and geography_basis = 'current'
            and treatment_function_code = 'all'
            and standardisation = 'crude'
            and organisation_level in ('england', 'region', 'icb', 'trust')
            and indicator_id in (select indicator_id from {{ ref("five_priorities") }})
        {% endcall %}
    ),

    gaps as (
        {% call kept(
            "row_number() over (partition by indicator_id, organisation_code "
            ~ "order by period_end desc, period_start) = 1"
        ) %}
        select *
        from {{ ref("fct_inequality_measure") }}
        where
            dimension = 'core20'
            and measure = 'absolute_gap'
            and comparison_group = 'core20'
            and geography_basis = 'current'
            and treatment_function_code = 'all'
            and standardisation = 'crude'
            and organisation_level in ('england', 'region', 'icb', 'trust')
            and indicator_id in (select indicator_id from {{ ref("five_priorities") }})
        {% endcall %}
    ),

    places as (
        select
            indicator_id,
            organisation_code,
            max(organisation_level) as organisation_level
        from
            (
                select indicator_id, organisation_code, organisation_level
                from newest
                union all
                select indicator_id, organisation_code, organisation_level
                from gaps
            ) as either
        group by indicator_id, organisation_code
    )

select
    priorities.priority_no,
    priorities.priority,
    priorities.indicator_id,
    indicator.indicator_name,
    priorities.answered_by as mart_name,
    coalesce(places.organisation_code, 'none') as organisation_code,
    organisation.organisation_name,
    {{ icb_columns("organisation") }},
    places.organisation_level,
    newest.period_start,
    newest.period_end,
    {{ months_old("newest.period_end") }} as months_old,
    indicator.unit,
    indicator.polarity,
    newest.value,
    newest.previous_value,
    newest.previous_period_end,
    newest.ci_lower_95,
    newest.ci_upper_95,
    coalesce(newest.value_status, 'not_available') as value_status,
    case
        when places.indicator_id is null
        then 'no figure for everybody here: see ' || priorities.answered_by
        when newest.indicator_id is null
        then 'the source gives groups only: see ' || priorities.answered_by
        else newest.value_status_reason
    end as value_status_reason,
    target.target,
    {{ target_reading("newest.value", "newest.period_end", "indicator.polarity") }}
    as target_reading,
    gaps.period_end as core20_period_end,
    gaps.value as core20_gap,
    gaps.ci_lower_95 as core20_gap_ci_lower_95,
    gaps.ci_upper_95 as core20_gap_ci_upper_95,
    gaps.q_value as core20_gap_q_value,
    {{ gap_reading("gaps.value", "gaps.certainty", "indicator.polarity") }}
    as core20_gap_reading,
    gaps.imd_version,
    indicator.source_id,
    coalesce(newest.data_as_of, gaps.data_as_of) as data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from {{ ref("five_priorities") }} as priorities
left join
    {{ ref("dim_indicator") }} as indicator
    on priorities.indicator_id = indicator.indicator_id
left join places on priorities.indicator_id = places.indicator_id
left join
    newest
    on places.indicator_id = newest.indicator_id
    and places.organisation_code = newest.organisation_code
left join
    gaps
    on places.indicator_id = gaps.indicator_id
    and places.organisation_code = gaps.organisation_code
left join
    {{ ref("dim_organisation") }} as organisation
    on places.organisation_code = organisation.organisation_code
    {{ join_target("newest") }}

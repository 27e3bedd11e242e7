-- Grain: source x period (reporting and collected shares), and source x period x
-- organisation (no single successor). Question: which trusts are in a period's figures,
-- which were in the period before and are not, and which organisations have no current
-- row? Trusts are followed through mergers: one that merged is not missing. Other
-- providers come and go and are not expected.
with
    organisations as (
        select
            source_id,
            period_start,
            period_end,
            period_type,
            organisation_code,
            organisation_level,
            bool_or(value_status = 'not_collected') as is_not_collected
        from {{ ref("fct_indicator_value") }}
        where
            geography_basis = 'as_reported'
            and organisation_level in ('icb', 'trust', 'other_provider')
            and source_id in ('nhse_rtt', 'nhse_wlmds', 'nhse_ae')
        group by
            source_id,
            period_start,
            period_end,
            period_type,
            organisation_code,
            organisation_level
    ),

    mapped as (
        select
            organisations.*,
            case
                when successions.organisation_code is null
                then organisations.organisation_code
                else successions.current_organisation_code
            end as current_code,
            successions.mapping_reason
        from organisations
        left join
            {{ ref("int_organisation_current") }} as successions
            on organisations.organisation_code = successions.organisation_code
    ),

    followed as (select * from mapped where organisation_level = 'trust'),

    periods as (
        select
            source_id,
            period_start,
            period_end,
            period_type,
            lag(period_end) over (
                partition by source_id order by period_end
            ) as period_before
        from
            (
                select distinct source_id, period_start, period_end, period_type
                from followed
            ) as reported_periods
    ),

    expected as (
        select distinct
            periods.source_id,
            periods.period_start,
            periods.period_end,
            periods.period_type,
            followed.current_code
        from periods
        inner join
            followed
            on periods.source_id = followed.source_id
            and followed.period_end in (periods.period_end, periods.period_before)
        where followed.current_code is not null
    ),

    present as (
        select distinct source_id, period_end, current_code
        from followed
        where current_code is not null
    ),

    coverage as (
        select
            expected.source_id,
            expected.period_start,
            expected.period_end,
            expected.period_type,
            count(present.current_code) as reporting,
            count(*) as expected_count,
            {{
                dbt.listagg(
                    "case when present.current_code is null then expected.current_code end",
                    "', '",
                    "order by expected.current_code",
                )
            }}
            as missing_codes
        from expected
        left join
            present
            on expected.source_id = present.source_id
            and expected.period_end = present.period_end
            and expected.current_code = present.current_code
        group by
            expected.source_id,
            expected.period_start,
            expected.period_end,
            expected.period_type
    ),

    collected as (
        select
            source_id,
            period_start,
            period_end,
            period_type,
            count(*) filter (where not is_not_collected) as collected_count,
            count(*) as reporting,
            {{
                dbt.listagg(
                    "case when is_not_collected then organisation_code end",
                    "', '",
                    "order by organisation_code",
                )
            }} as not_collected_codes
        from followed
        where source_id = 'nhse_ae'
        group by source_id, period_start, period_end, period_type
    )

select
    'reporting_share' as quality_measure,
    'organisation' as field_name,
    'all' as waiting_band,
    'all' as organisation_code,
    'trust' as organisation_level,
    period_start,
    period_end,
    period_type,
    cast(reporting as double) as numerator,
    cast(expected_count as double) as denominator,
    'published' as value_status,
    'reported in the period before and not in this one: '
    || missing_codes as value_status_reason,
    source_id
from coverage
union all
select
    'collected_share',
    'four_hour_waits',
    'all',
    'all',
    'trust',
    period_start,
    period_end,
    period_type,
    cast(collected_count as double),
    cast(reporting as double),
    'published',
    'four-hour waits not collected from: ' || not_collected_codes,
    source_id
from collected
union all
select
    'no_current_organisation',
    'organisation',
    'all',
    organisation_code,
    organisation_level,
    period_start,
    period_end,
    period_type,
    1,
    1,
    'published',
    coalesce(mapping_reason, 'no single successor'),
    source_id
from mapped
where current_code is null

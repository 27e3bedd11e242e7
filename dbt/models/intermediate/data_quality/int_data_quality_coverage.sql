-- Grain: source x period (reporting and collected shares), and source x period x
-- organisation (no single successor). Question: which trusts are in a period's figures,
-- which were expected and are not (int_data_quality_missing), and which organisations
-- have no current row?
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
            {{ current_code("organisations.organisation_code", "successions") }}
            as current_code,
            successions.mapping_reason
        from organisations
        left join
            {{ ref("int_organisation_current") }} as successions
            on organisations.organisation_code = successions.organisation_code
    ),

    followed as (select * from mapped where organisation_level = 'trust'),

    missing as (
        select
            source_id,
            period_end,
            count(*) as organisations,
            {{ listed_text("organisation_code") }} as codes
        from {{ ref("int_data_quality_missing") }}
        where organisation_level = 'trust'
        group by source_id, period_end
    ),

    coverage as (
        select
            followed.source_id,
            followed.period_start,
            followed.period_end,
            followed.period_type,
            count(distinct followed.organisation_code) as reporting,
            coalesce(max(missing.organisations), 0) as missing_count,
            max(missing.codes) as missing_codes
        from followed
        left join
            missing
            on followed.source_id = missing.source_id
            and followed.period_end = missing.period_end
        group by
            followed.source_id,
            followed.period_start,
            followed.period_end,
            followed.period_type
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
                listed_text(
                    "case when is_not_collected then organisation_code end",
                    order="organisation_code",
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
    cast(reporting + missing_count as double) as denominator,
    'published' as value_status,
    'expected, and without a row in the file: ' || missing_codes as value_status_reason,
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

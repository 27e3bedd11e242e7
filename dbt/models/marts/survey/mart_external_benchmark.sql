-- Grain: figure from elsewhere. Question: what do others say, for whom does it hold,
-- and do their counts bear out what they state?
-- A growth is worked out from its counts; what the source states is next to it, and
-- a difference of more than the threshold of rule U04 (2 points) is a warning. Where
-- one of the two is absent, growth_note says that nothing was compared.
with
    threshold as (
        select max(value) as points
        from {{ ref("rule_thresholds") }}
        where
            rule_id = 'U04'
            and parameter = 'growth_points'
            and org_code = 'ALL'
            and valid_to is null
    ),

    computed as (
        select
            *,
            case
                when benchmark_kind = 'growth' and value_from > 0
                then 100e0 * (value_to - value_from) / value_from
            end as growth_pct
        from {{ ref("external_benchmark") }}
    )

select
    computed.benchmark_id,
    computed.benchmark_label,
    computed.benchmark_kind as measure_kind,
    computed.measure_code,
    computed.unit,
    computed.stated_value as value,
    computed.value_from,
    computed.value_to,
    cast(computed.year_from as integer) as year_from,
    cast(computed.year_to as integer) as year_to,
    computed.growth_pct,
    case
        when
            computed.growth_pct is not null
            and (computed.stated_value is null or threshold.points is null)
        then 'not compared: no stated growth or no threshold'
        when abs(computed.growth_pct - computed.stated_value) > threshold.points
        then
            'WARN: the counts give '
            || printf('%.1f', computed.growth_pct)
            || '%, the source states '
            || printf('%.1f', computed.stated_value)
            || '%'
    end as growth_note,
    computed.scope_text as population_covered,
    computed.caveat as caveats,
    computed.source_id,
    sources.title as source_title,
    sources.licence_note,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from computed
cross join threshold
left join
    {{ ref("survey_source") }} as sources on computed.source_id = sources.source_id

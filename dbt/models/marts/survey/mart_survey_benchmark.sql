-- Grain: wave x option x stratum x source. Question: what share of trusts, of all and
-- of each type, say so, how sure is that, and how has it moved since the wave before?
-- Own waves (source own_survey): one answer for each trust, Wilson limits, strata below
-- the recorded minimum base refused with the reason. Published waves come from
-- survey_published_figure with their qualifier and source; the two are never added up
-- or compared in the columns of change. What was not asked is not_collected, never 0.
-- pct, its limits and the change are per cents, as the sources write them. Change: the
-- difference of two independent proportions by Newcombe; not_testable where a base is
-- not known for certain (an inferred one is not). data_origin is that of the release;
-- source_id says whose figure it is.
with
    published_figures as (
        select
            wave,
            question_code,
            option_code,
            option_label,
            stratum_type,
            stratum,
            case when qualifier = '=' then round(pct * n_base / 100) end as k,
            n_base,
            base_unit,
            base_status,
            nullif(base_reason, '') as base_reason,
            nullif(qualifier, '') as qualifier,
            pct as published_pct,
            case
                when qualifier = 'named' then 'not_available' else value_status
            end as value_status,
            case
                when qualifier = 'named' or value_status <> 'published' then remark
            end as value_status_reason,
            cast(null as integer) as respondents,
            cast(null as string) as collapse_rule,
            cast(null as integer) as minimum_base,
            source_id,
            citation,
            verification,
            nullif(remark, '') as remark,
            cast(null as date) as data_as_of,
            '{{ env_var("HIW_ORIGIN") }}' as data_origin
        from {{ ref("survey_published_figure") }}
    ),

    figures as (
        select *
        from {{ ref("int_returns__survey_share") }}
        union all
        select *
        from published_figures
    ),

    beside_earlier as (
        select
            figures.*,
            coalesce(
                published_pct, {{ measure_proportion_unchecked("k", "n_base") }} * 100e0
            ) as pct,
            lag(wave) over earlier as previous_wave,
            lag(k) over earlier as previous_k,
            lag(n_base) over earlier as previous_n_base,
            lag(base_status) over earlier as previous_base_status,
            lag(qualifier) over earlier as previous_qualifier,
            lag(value_status) over earlier as previous_value_status,
            lag(
                coalesce(
                    published_pct,
                    {{ measure_proportion_unchecked("k", "n_base") }} * 100e0
                )
            ) over earlier as previous_pct
        from figures
        window
            earlier as (
                partition by
                    source_id = 'own_survey',
                    question_code,
                    option_code,
                    stratum_type,
                    stratum
                order by wave
            )
    ),

    judged as (
        select
            *,
            case
                when previous_wave is null
                then 'no_earlier_wave'
                when
                    value_status = 'not_collected'
                    or previous_value_status = 'not_collected'
                then 'not_asked'
                when
                    coalesce(qualifier, '') <> '='
                    or coalesce(previous_qualifier, '') <> '='
                then 'not_available'
                when
                    base_status in ('inferred', 'unknown')
                    or previous_base_status in ('inferred', 'unknown')
                then 'not_testable'
                else 'tested'
            end as change_status
        from beside_earlier
    )

select
    judged.wave,
    judged.question_code,
    judged.option_code,
    judged.option_label,
    judged.stratum_type,
    judged.stratum,
    cast(judged.k as integer) as numerator,
    cast(judged.n_base as integer) as n_base,
    judged.pct as value,
    'percent' as unit,
    {{ wilson_lower("judged.k", "judged.n_base", multiplier=100) }} as ci_lower_95,
    {{ wilson_upper("judged.k", "judged.n_base", multiplier=100) }} as ci_upper_95,
    judged.qualifier,
    judged.value_status,
    judged.value_status_reason,
    judged.base_status,
    judged.base_unit,
    judged.base_reason,
    cast(judged.respondents as integer) as respondents,
    judged.collapse_rule,
    cast(judged.minimum_base as integer) as minimum_base,
    judged.previous_wave,
    case
        when judged.change_status in ('tested', 'not_testable')
        then judged.pct - judged.previous_pct
    end as change_points,
    case
        when judged.change_status = 'tested'
        then
            {{
                gap_absolute_newcombe_lower(
                    "judged.k",
                    "judged.n_base",
                    "judged.previous_k",
                    "judged.previous_n_base",
                    multiplier=100,
                )
            }}
    end as change_points_ci_lower_95,
    case
        when judged.change_status = 'tested'
        then
            {{
                gap_absolute_newcombe_upper(
                    "judged.k",
                    "judged.n_base",
                    "judged.previous_k",
                    "judged.previous_n_base",
                    multiplier=100,
                )
            }}
    end as change_points_ci_upper_95,
    judged.change_status,
    judged.source_id,
    sources.title as source_title,
    sources.licence_note,
    judged.citation,
    judged.verification,
    judged.remark,
    judged.data_as_of,
    judged.data_origin
from judged
left join {{ ref("survey_source") }} as sources on judged.source_id = sources.source_id

-- Grain: wave x option x stratum. Question: how many trusts of our own survey, of all,
-- of each type and of each region, say so, of how many that answered?
-- One answer for each trust. Strata below the recorded minimum base are refused with
-- the reason; what was not asked is not_collected, never 0.
with
    answers as (
        select
            answers.*,
            coalesce(trusts.trust_type, 'NOT_RECORDED') as trust_type,
            trusts.region_code
        from {{ ref("int_returns__survey_answer") }} as answers
        left join
            {{ ref("dim_trust") }} as trusts
            on answers.org_code = trusts.organisation_code
    ),

    in_strata as (
        select *, 'ALL' as stratum_type, 'ALL' as stratum
        from answers
        union all
        select *, 'TRUST_TYPE', trust_type
        from answers
        where trust_type <> 'NOT_RECORDED'
        union all
        select *, 'REGION', region_code
        from answers
        where region_code is not null
    ),

    counted as (
        select
            wave,
            question_code,
            option_code,
            stratum_type,
            stratum,
            min(collapse_rule) as collapse_rule,
            min(minimum_base) as minimum_base,
            max(period_end) as data_as_of,
            min(data_origin) as data_origin,
            bool_or(value_status <> 'not_collected') as is_asked,
            count(*) filter (where value_status = 'published') as trusts,
            count(*) filter (where selected) as trusts_selecting,
            sum(respondents) as respondents
        from in_strata
        group by wave, question_code, option_code, stratum_type, stratum
    ),

    own as (
        select
            *,
            case
                when not is_asked
                then 'not_collected'
                when trusts < minimum_base
                then 'not_available'
                else 'published'
            end as value_status,
            case
                when not is_asked
                then 'not asked in the wave of ' || wave
                when trusts < minimum_base
                then
                    'base of '
                    || trusts
                    || ', below the minimum of '
                    || minimum_base
                    || ' trusts'
            end as value_status_reason
        from counted
    ),

    options as (
        {{
            newest_wording(
                "survey_option", "option_label", ["question_code", "option_code"]
            )
        }}
    )

select
    own.wave,
    own.question_code,
    own.option_code,
    options.option_label,
    own.stratum_type,
    own.stratum,
    case when own.value_status = 'published' then own.trusts_selecting end as k,
    case when own.is_asked then own.trusts end as n_base,
    'trusts' as base_unit,
    'own' as base_status,
    cast(null as string) as base_reason,
    case when own.value_status = 'published' then '=' end as qualifier,
    cast(null as double) as published_pct,
    own.value_status,
    own.value_status_reason,
    case when own.is_asked then own.respondents end as respondents,
    own.collapse_rule,
    own.minimum_base,
    'own_survey' as source_id,
    cast(null as string) as citation,
    cast(null as string) as verification,
    cast(null as string) as remark,
    own.data_as_of,
    own.data_origin
from own
left join
    options
    on own.question_code = options.question_code
    and own.option_code = options.option_code

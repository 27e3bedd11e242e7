-- Grain: year x trust, and year x quintile of trusts by the deprivation of their
-- catchment (organisation ENG).
-- Question: do trusts whose catchments are more deprived have more missed appointments?
-- Ecological: Core20 share is the share of residents of the most deprived quintile of
-- England (IMD 2019, Census 2021) in the ICBs from which the trust's patients come
-- (2022), weighted by its share from each. It says nothing of who of a trust's patients
-- missed an appointment.
-- Fifth 1 has the most deprived catchments; its share is the sum of missed over the
-- sum of appointments of its trusts.
with
    years as (
        select
            organisation_code,
            cast(
                date_trunc('year', period_start - interval '3 months')
                + interval '3 months' as date
            ) as period_start,
            count(*) as months,
            count(*) filter (where value_status <> 'published') as months_hidden,
            {{ in_order("sum", "numerator") }} as numerator,
            {{ in_order("sum", "denominator") }} as denominator,
            max(snapshot_sha256) as snapshot_sha256
        from {{ ref("int_outpatients_did_not_attend") }}
        where indicator_id = 'op_did_not_attend' and organisation_level = 'trust'
        group by 1, 2
    ),

    catchments as (
        select
            organisation_code,
            {{ in_order("sum", "catchment_share") }} filter (
                where imd_decile in ('1', '2')
            ) / {{ in_order("sum", "catchment_share") }} filter (
                where imd_decile <> 'unknown'
            ) as catchment_core20_share
        from {{ ref("int_trust_catchment_deprivation") }}
        where imd_version = '2019'
        group by organisation_code
    ),

    trusts as (
        select
            years.organisation_code,
            years.period_start,
            case when years.months_hidden = 0 then years.numerator end as numerator,
            case when years.months_hidden = 0 then years.denominator end as denominator,
            catchments.catchment_core20_share,
            case
                when years.months_hidden > 0
                then 'suppressed'
                when catchments.catchment_core20_share is null
                then 'not_available'
                else 'published'
            end as value_status,
            case
                when years.months_hidden > 0
                then
                    years.months_hidden
                    || ' of '
                    || years.months
                    || ' months have a count of 1 to 7 that is hidden by the publisher'
                when catchments.catchment_core20_share is null
                then 'no catchment of this trust is available'
            end as value_status_reason,
            years.snapshot_sha256
        from years
        left join catchments on years.organisation_code = catchments.organisation_code
    ),

    ranked as (
        select
            *,
            ntile(5) over (
                partition by period_start
                order by catchment_core20_share desc, organisation_code
            ) as catchment_fifth
        from trusts
        where value_status = 'published'
    ),

    left_out as (
        select
            period_start,
            count(*) filter (where value_status <> 'published') as trusts_left_out
        from trusts
        group by period_start
    )

select
    organisation_code,
    'trust' as organisation_level,
    period_start,
    'all' as dimension,
    'all' as group_code,
    numerator,
    denominator,
    catchment_core20_share,
    value_status,
    value_status_reason,
    cast(1 as integer) as organisations,
    cast(0 as integer) as organisations_missing,
    snapshot_sha256
from trusts
union all
select
    'ENG',
    'england',
    ranked.period_start,
    'catchment_core20_fifth',
    cast(ranked.catchment_fifth as string),
    {{ in_order("sum", "ranked.numerator") }},
    {{ in_order("sum", "ranked.denominator") }},
    {{ in_order("sum", "ranked.catchment_core20_share * ranked.denominator") }}
    / {{ in_order("sum", "ranked.denominator") }},
    'published',
    case
        when max(left_out.trusts_left_out) > 0
        then
            max(left_out.trusts_left_out)
            || ' trusts are in no quintile: their counts or their catchments are not known'
    end,
    cast(count(*) as integer),
    cast(max(left_out.trusts_left_out) as integer),
    max(ranked.snapshot_sha256)
from ranked
inner join left_out on ranked.period_start = left_out.period_start
group by ranked.period_start, ranked.catchment_fifth

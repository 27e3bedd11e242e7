-- Grain: organisation. Question: what is this code called, what kind is it, where
-- does it belong, from when to when, and who succeeded it?
with
    organisations as (select * from {{ ref("int_organisation_known") }}),

    mapped as (select * from {{ ref("int_organisation_current") }}),

    successions as (
        select predecessor_code, successor_code, effective_on
        from {{ ref("stg_ods_organisation__succession") }}
        where effective_on <= date '{{ var("current_geography_date") }}'
    ),

    own_successions as (
        select
            organisations.organisation_code,
            successions.successor_code,
            min(successions.effective_on) as effective_on
        from organisations
        inner join
            successions
            on organisations.organisation_code = successions.predecessor_code
            and coalesce(organisations.opened_on, date '1900-01-01')
            <= successions.effective_on
        group by organisations.organisation_code, successions.successor_code
    ),

    direct as (
        select
            organisation_code,
            {{ listed_text("successor_code", ",") }} as successor_codes,
            min(effective_on) as succeeded_on
        from own_successions
        group by organisation_code
    ),

    -- ICBs have no dates in any file: one that no file shows before it succeeded
    -- another began with that succession (April 2026), and so did an organisation that
    -- is known from its succession only. Others may be older than the files that are
    -- held.
    begun as (
        select
            organisations.organisation_code, min(successions.effective_on) as begun_on
        from organisations
        inner join
            successions on organisations.organisation_code = successions.successor_code
        where
            organisations.first_seen_on is null
            or (
                organisations.organisation_level = 'icb'
                and organisations.first_seen_on >= successions.effective_on
            )
        group by organisations.organisation_code
    ),

    dated as (
        select
            organisations.*,
            coalesce(organisations.opened_on, begun.begun_on) as valid_from,
            coalesce(
                organisations.closed_on,
                cast(direct.succeeded_on - interval '1 day' as date)
            ) as valid_to,
            direct.successor_codes
        from organisations
        left join direct on organisations.organisation_code = direct.organisation_code
        left join begun on organisations.organisation_code = begun.organisation_code
    )

select
    dated.organisation_code,
    dated.organisation_name,
    dated.organisation_level,
    dated.gss_code,
    dated.valid_from,
    dated.valid_to,
    dated.valid_to is null
    or dated.valid_to >= date '{{ var("current_geography_date") }}' as is_current,
    dated.icb_code,
    icb.organisation_name as icb_name,
    dated.region_code,
    icb_mapped.current_organisation_code as current_icb_code,
    dated.successor_codes,
    mapped.current_organisation_code,
    mapped.mapping_status,
    mapped.mapping_reason as current_organisation_code_reason,
    coverage.reason as is_whole_on_current_geography_reason,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from dated
inner join mapped on dated.organisation_code = mapped.organisation_code
left join mapped as icb_mapped on dated.icb_code = icb_mapped.organisation_code
left join
    dated as icb
    on coalesce(icb_mapped.current_organisation_code, dated.icb_code)
    = icb.organisation_code
left join
    {{ ref("int_organisation_current_coverage") }} as coverage
    on dated.organisation_code = coverage.current_code

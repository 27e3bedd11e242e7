-- Grain: as fct_indicator_value, childhood vaccines (COVER) and influenza vaccine of GP
-- patients. Question: what share of children has had each vaccine by its birthday in
-- the quarter, and what share of people of 65 and over, and of people with chronic
-- respiratory disease, has been vaccinated this season? The influenza figure is the
-- state on the last day of the month. COVER is of local authorities, which stay in
-- staging; England is their sum. It stands while at most one of about 150 authorities
-- gives no figure (the Isles of Scilly are often hidden, Bury and Nottingham were once)
-- and organisations_missing says so; in 2024-25 Q3 14 London authorities were left out
-- for their quality, and there is no sum.
{%- set children = {
    "COVER-12M-HEX": ("12m", "dtap_ipv_hib"),
    "COVER-12M-PCV1": ("12m", "pcv1"),
    "COVER-12M-ROTA": ("12m", "rotavirus"),
    "COVER-12M-MENB": ("12m", "menb"),
    "COVER-24M-MMR1": ("24m", "mmr1"),
    "COVER-5Y-MMR1": ("5y", "mmr1"),
    "COVER-5Y-MMR2": ("5y", "mmr2"),
} %}
with
    authorities as (
        select
            *,
            case
                age || ' ' || vaccine
                {%- for indicator, (age, vaccine) in children.items() %}
                    when '{{ age }} {{ vaccine }}' then '{{ indicator }}'
                {%- endfor %}
            end as indicator_id,
            numerator_status = 'published'
            and denominator_status = 'published' as is_shown
        from {{ ref("stg_ukhsa_vaccination__cover") }}
    ),

    england as (
        select
            indicator_id,
            period_start,
            count(*) filter (where not is_shown) as authorities_missing,
            sum(numerator) filter (where is_shown) as numerator,
            sum(denominator) filter (where is_shown) as denominator,
            max(snapshot_sha256) as snapshot_sha256
        from authorities
        where indicator_id is not null
        group by indicator_id, period_start
    ),

    childhood as (
        select
            indicator_id,
            'ENG' as organisation_code,
            'england' as organisation_level,
            'all' as treatment_function_code,
            period_start,
            last_day(period_start + interval 2 month) as period_end,
            'quarter' as period_type,
            'all' as dimension,
            'all' as group_code,
            case
                when authorities_missing <= 1 then cast(numerator as double)
            end as numerator,
            case
                when authorities_missing <= 1 then cast(denominator as double)
            end as denominator,
            case
                when authorities_missing <= 1 then 'published' else 'not_available'
            end as value_status,
            case
                when authorities_missing > 1
                then authorities_missing || ' authorities give no figure'
            end as value_status_reason,
            cast(null as double) as numerator_low,
            cast(null as double) as numerator_high,
            authorities_missing as organisations_missing,
            cast(null as string) as imd_version,
            'ukhsa_vaccination' as source_id,
            snapshot_sha256
        from england
    ),

    influenza as (
        select
            case
                uptake.cohort when 'aged_65' then 'RESP-02' else 'RESP-01'
            end as indicator_id,
            uptake.organisation_code,
            case
                when uptake.organisation_level <> 'commissioner'
                then uptake.organisation_level
                else
                    coalesce(
                        organisation.organisation_level,
                        case
                            when {{ ends_like_icb("uptake.organisation_name") }}
                            then 'icb'
                        end,
                        'sub_icb'
                    )
            end as organisation_level,
            'all' as treatment_function_code,
            last_day(uptake.month_start) as period_start,
            last_day(uptake.month_start) as period_end,
            'snapshot' as period_type,
            'all' as dimension,
            'all' as group_code,
            cast(uptake.vaccinated as double) as numerator,
            cast(uptake.registered as double) as denominator,
            case
                when uptake.vaccinated_status <> 'published'
                then uptake.vaccinated_status
                else uptake.registered_status
            end as value_status,
            case
                when
                    uptake.vaccinated_status <> 'published'
                    or uptake.registered_status <> 'published'
                then 'not shown by the publisher'
            end as value_status_reason,
            {{ exact_figure() }},
            'ukhsa_vaccination' as source_id,
            uptake.snapshot_sha256
        from {{ ref("stg_ukhsa_vaccination__influenza") }} as uptake
        left join
            {{ ref("dim_organisation") }} as organisation
            on uptake.organisation_code = organisation.organisation_code
    ),

    reported as (
        select *
        from childhood
        union all
        select *
        from influenza
    )

    {{ on_both_geographies("reported") }}

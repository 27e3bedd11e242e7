-- Grain: indicator x provider x month. Question: what did each provider report, and
-- what was not collected from it? Booked attendances count, as in the publisher's
-- totals (the annual figures reconcile only with them). Until May 2023 the 14 field
-- test trusts of the clinical standards review reported no four-hour waits for type 1:
-- neither their numerator nor their denominator may enter a four-hour share.
with
    providers as (
        select
            period_start,
            organisation_code,
            region_name,
            snapshot_sha256,
            over_4_hours_type_1_status,
            attendances_type_1 + booked_attendances_type_1 as type_1,
            attendances_type_1
            + attendances_type_2
            + attendances_other
            + booked_attendances_type_1
            + booked_attendances_type_2
            + booked_attendances_other as attendances,
            over_4_hours_type_1 + booked_over_4_hours_type_1 as type_1_over_4_hours,
            over_4_hours_type_1
            + over_4_hours_type_2
            + over_4_hours_other
            + booked_over_4_hours_type_1
            + booked_over_4_hours_type_2
            + booked_over_4_hours_other as over_4_hours,
            waits_over_12_hours_from_decision_to_admit as over_12_hours_from_decision,
            emergency_admissions_type_1
            + emergency_admissions_type_2
            + emergency_admissions_other_department as admissions_via_ae,
            emergency_admissions_type_1
            + emergency_admissions_type_2
            + emergency_admissions_other_department
            + other_emergency_admissions as emergency_admissions
        from {{ ref("stg_nhse_ae__monthly") }}
    ),

    indicators as (
        select
            *,
            'ae_attendances' as indicator_id,
            attendances as numerator,
            null as denominator,
            'published' as value_status
        from providers
        union all
        select
            *,
            'ae_four_hour_all',
            attendances - over_4_hours,
            attendances,
            over_4_hours_type_1_status
        from providers
        union all
        select
            *,
            'ae_four_hour_type_1',
            type_1 - type_1_over_4_hours,
            type_1,
            over_4_hours_type_1_status
        from providers
        where type_1 > 0
        union all
        select
            *,
            'ae_over_12_hours_from_decision',
            over_12_hours_from_decision,
            admissions_via_ae,
            'published'
        from providers
        where admissions_via_ae > 0 or over_12_hours_from_decision > 0
        union all
        select *, 'ae_emergency_admissions', emergency_admissions, null, 'published'
        from providers
    )

select
    indicator_id,
    organisation_code,
    region_name,
    period_start,
    last_day(period_start) as period_end,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator,
    value_status,
    snapshot_sha256
from indicators

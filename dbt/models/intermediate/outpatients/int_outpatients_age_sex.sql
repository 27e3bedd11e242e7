-- Grain: year x dimension (age_band, sex) x group. Question: how many attendances did
-- each age band and each sex have?
-- Specialties are added up. People whose sex is not known stand only in the
-- attendances of everyone: they are the difference.
with
    editions as (
        select
            period_start,
            age_band,
            attendances,
            attendances_female,
            attendances_male,
            snapshot_sha256,
            1 as edition
        from {{ ref("stg_nhsd_hes_outpatient__age_sex_specialty") }}
        where attendance_kind = 'all'
        union all
        select
            period_start,
            age_band,
            attendances,
            attendances_female,
            attendances_male,
            snapshot_sha256,
            2
        from {{ ref("stg_nhsd_hes_outpatient__age_sex_workbook") }}
        where attendance_kind = 'all'
    ),

    preferred as (
        {% call kept("edition = min(edition) over (partition by period_start)") %}
        select *
        from editions
        {% endcall %}
    ),

    groups as (
        select
            period_start,
            'age_band' as dimension,
            age_band as group_code,
            attendances,
            snapshot_sha256
        from preferred
        union all
        select period_start, 'sex', 'female', attendances_female, snapshot_sha256
        from preferred
        union all
        select period_start, 'sex', 'male', attendances_male, snapshot_sha256
        from preferred
        union all
        select
            period_start,
            'sex',
            'unknown',
            attendances - attendances_female - attendances_male,
            snapshot_sha256
        from preferred
    )

select
    period_start,
    dimension,
    group_code,
    cast(sum(attendances) as double) as attendances,
    max(snapshot_sha256) as snapshot_sha256
from groups
group by period_start, dimension, group_code

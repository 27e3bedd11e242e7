-- Grain: indicator x organisation x month x dimension x group, bookings of MSDS.
-- Question: how many are booked, who is booked late, and of whom is deprivation or
-- ethnicity not known? exp-data has counts only, rounded to 5: no rate is printed, and
-- the low and high columns hold what the rounding allows.
{%- set counts = ["value", "value_low", "value_high"] %}
with
    bookings as (
        select
            {% call all_with(["organisation_level"]) %}
                {{ maternity_level("organisation_level") }} as organisation_level
            {% endcall %}
        from {{ ref("stg_nhse_msds__data") }}
    ),

    counted as (
        select
            *,
            case
                dimension
                when 'GestAgeFormalAntenatalBookingGroup'
                then 'MAT-06'
                when 'EthnicCategoryMotherGroup'
                then 'DQ-01'
                when 'DeprivationDecileAtBooking'
                then 'DQ-02'
            end as indicator_id,
            case
                dimension
                when 'GestAgeFormalAntenatalBookingGroup'
                then group_label = '0 to 70 days'
                when 'EthnicCategoryMotherGroup'
                then
                    group_label not in ('Not Stated', 'Not known')
                    and group_label not like 'Missing%'
                when 'DeprivationDecileAtBooking'
                then {{ text_matches("group_label", "'^[0-9]'") }}
            end as is_counted
        from bookings
        where organisation_level is not null
    ),

    -- early bookings, records that can be used: a share of everybody booked
    shares as (
        select
            indicator_id,
            organisation_level,
            organisation_code,
            period_start,
            max(snapshot_sha256) as snapshot_sha256,
            'all' as dimension,
            'all' as group_code,
            {%- for column in counts %}
                coalesce(
                    {{ in_order("sum", column) }} filter (where is_counted), 0
                ) as {{ column | replace("value", "numerator") }},
                {{ in_order("sum", column) }}
                as {{ column | replace("value", "denominator") }},
            {%- endfor %}
            min(value_status) as value_status
        from counted
        where
            indicator_id in ('DQ-01', 'DQ-02')
            or (indicator_id = 'MAT-06' and group_label not like 'Missing%')
        group by indicator_id, organisation_level, organisation_code, period_start
    ),

    grouped as (
        select
            *,
            case
                when dimension = 'TotalBookings'
                then 'all'
                when {{ text_matches("group_label", "'^[0-9]'") }}
                then
                    cast(
                        cast(
                            regexp_extract(group_label, '^([0-9]+)', 1) as integer
                        ) as string
                    )
                when dimension = 'DeprivationDecileAtBooking'
                then 'unknown'
                when group_label like 'Missing%' or group_label = 'Not known'
                then 'not_known'
                when group_label = 'Not Stated'
                then 'not_stated'
                when group_label = 'Any other ethnic group'
                then 'other'
                else lower(split_part(group_label, ' ', 1))
            end as group_code
        from bookings
        where
            dimension in (
                'TotalBookings',
                'DeprivationDecileAtBooking',
                'EthnicCategoryMotherGroup'
            )
            -- the groups of sub-ICB locations stay in staging
            and (organisation_level <> 'sub_icb' or dimension = 'TotalBookings')
    ),

    people as (
        select
            'maternity_bookings' as indicator_id,
            organisation_level,
            organisation_code,
            period_start,
            max(snapshot_sha256) as snapshot_sha256,
            case
                dimension
                when 'DeprivationDecileAtBooking'
                then 'imd_decile'
                when 'EthnicCategoryMotherGroup'
                then 'ethnic_group_5_2001'
                else 'all'
            end as dimension,
            group_code,
            {%- for column in counts %}
                {{ in_order("sum", column) }}
                as {{ column | replace("value", "numerator") }},
                null as {{ column | replace("value", "denominator") }},
            {%- endfor %}
            min(value_status) as value_status
        from grouped
        group by
            organisation_level,
            organisation_code,
            period_start,
            grouped.dimension,
            group_code
    )

select *, 'nhse_msds' as source_id, cast(null as double) as published_value
from shares
union all
select *, 'nhse_msds' as source_id, cast(null as double) as published_value
from people

-- Grain: as fct_indicator_value, maternity indicators. Question: who gets continuity of
-- carer, who is born too early, who smokes at booking and at delivery, who is booked
-- late, and of whom is deprivation or ethnicity not known?
-- A provider's rate is taken only where the publisher's data quality result is Pass;
-- breakdowns have no result of their own and follow their measure. Local maternity
-- systems carry the codes of ICBs (the providers in them, not the residents). Sites,
-- local authorities and MBRRACE groups stay in staging. The value is the rate that
-- the file prints, which is made from the counts before rounding (10 of 135 stand
-- beside 60 preterm births in 1,000, from 8 of 134). Counts are rounded to 5 and serve
-- for its limits only: the low and high columns hold what the rounding allows. Of
-- quintiles and Core20 no rate is printed: they are sums of the deciles' counts (of
-- England's rates, to one decimal, a mean would be off by more), as are bookings and
-- records that can be used of exp-data, and their limits hold the rounding too.
{%- set measures = {
    "MAT-01": ["COC_receiving_ongoing", "all", "IMD"],
    "MAT-02": ["COC_receiving_ongoing", "all", "Ethnicity"],
    "MAT-03": ["COC_by_28weeks", "all", "IMD", "Ethnicity"],
    "MAT-04": ["CQIMPreterm", "all"],
    "MAT-05": ["CQIMSmokingDelivery", "all"],
    "maternity_smoking_at_booking": ["CQIMSmokingBooking", "all"],
} %}
{%- set key = [
    "indicator_id",
    "organisation_level",
    "organisation_code",
    "period_start",
    "source_id",
    "snapshot_sha256",
] %}
with
    levels as (
        select *
        from
            (
                values
                    ('england', 'england'),
                    ('region', 'region'),
                    ('local_maternity_system', 'icb'),
                    ('sub_icb', 'sub_icb'),
                    ('provider', 'trust')
            ) as mapping(reported_level, organisation_level)
    ),

    -- COC_by_28weeks_IMD_02: measure, kind of breakdown, group
    measures as (
        select
            figure.* exclude (organisation_level),
            levels.organisation_level,
            regexp_extract(
                indicator, '^(.*?)(?:_(IMD|Ethnicity)_(.*))?$', ['base', 'kind', 'part']
            ) as parts
        from {{ ref("stg_nhse_msds__measures") }} as figure
        inner join levels on figure.organisation_level = levels.reported_level
    ),

    judged as (
        select
            *,
            parts.base as base,
            coalesce(nullif(parts.kind, ''), 'all') as kind,
            case
                when parts.kind = 'IMD'
                then
                    coalesce(
                        try_cast(
                            regexp_extract(parts.part, '^[0-9]+') as integer
                        )::varchar,
                        'unknown'
                    )
                when parts.kind = 'Ethnicity'
                then
                    case
                        parts.part
                        when 'White'
                        then 'white'
                        when 'BAME'
                        then 'minority'
                        when 'Other'
                        then 'other'
                        else 'unknown'
                    end
                else 'all'
            end as group_code,
            max(result) over (
                partition by
                    period_start, organisation_level, organisation_code, parts.base
            ) as measure_result
        from measures
    ),

    rates as (
        {%- for indicator_id, parts in measures.items() %}
            select
                '{{ indicator_id }}' as indicator_id,
                organisation_level,
                organisation_code,
                period_start,
                'nhse_msds' as source_id,
                snapshot_sha256,
                case
                    kind
                    when 'IMD'
                    then 'imd_decile'
                    when 'Ethnicity'
                    then 'ethnic_group_msds'
                    else 'all'
                end as dimension,
                group_code,
                -- beside a denominator of 0 the file prints a rate of 0
                case
                    when denominator > 0
                    then
                        rate
                        {%- if indicator_id == "MAT-04" %} * 1000 {%- endif %}
                        / rate_per
                end as published_value,
                numerator,
                denominator,
                numerator_low,
                numerator_high,
                denominator_low,
                denominator_high,
                case
                    when
                        organisation_level = 'trust'
                        and coalesce(measure_result, 'fail') <> 'pass'
                    then
                        case
                            when rate_status = 'not_collected'
                            then 'not_collected'
                            else 'not_available'
                        end
                    when rate_status = 'low_data_quality'
                    then 'not_available'
                    else rate_status
                end as value_status
            from judged
            where base = '{{ parts[0] }}' and kind in ('{{ parts[1:] | join("', '") }}')
            union all
        {%- endfor %}
        -- exp-data has counts only: early bookings, records that can be used
        select
            indicator_id,
            levels.organisation_level,
            organisation_code,
            period_start,
            'nhse_msds',
            max(snapshot_sha256),
            'all',
            'all',
            null,
            coalesce({{ in_order("sum", "value") }} filter (where is_counted), 0),
            {{ in_order("sum", "value") }},
            coalesce({{ in_order("sum", "value_low") }} filter (where is_counted), 0),
            coalesce({{ in_order("sum", "value_high") }} filter (where is_counted), 0),
            {{ in_order("sum", "value_low") }},
            {{ in_order("sum", "value_high") }},
            min(value_status)
        from
            (
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
                        then regexp_matches(group_label, '^[0-9]')
                    end as is_counted
                from {{ ref("stg_nhse_msds__data") }}
            ) as counted
        inner join levels on counted.organisation_level = levels.reported_level
        where
            indicator_id in ('DQ-01', 'DQ-02')
            or (indicator_id = 'MAT-06' and group_label not like 'Missing%')
        group by
            indicator_id, levels.organisation_level, organisation_code, period_start
        union all
        select
            'maternity_bookings',
            levels.organisation_level,
            organisation_code,
            period_start,
            'nhse_msds',
            max(snapshot_sha256),
            case
                dimension
                when 'DeprivationDecileAtBooking'
                then 'imd_decile'
                when 'EthnicCategoryMotherGroup'
                then 'ethnic_group_5_2001'
                else 'all'
            end,
            case
                when dimension = 'TotalBookings'
                then 'all'
                when regexp_matches(group_label, '^[0-9]')
                then
                    cast(
                        cast(
                            regexp_extract(group_label, '^[0-9]+') as integer
                        ) as varchar
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
            end as group_code,
            null,
            {{ in_order("sum", "value") }},
            null,
            {{ in_order("sum", "value_low") }},
            {{ in_order("sum", "value_high") }},
            null,
            null,
            min(value_status)
        from {{ ref("stg_nhse_msds__data") }} as bookings
        inner join levels on bookings.organisation_level = levels.reported_level
        where
            dimension in (
                'TotalBookings',
                'DeprivationDecileAtBooking',
                'EthnicCategoryMotherGroup'
            )
            -- the groups of sub-ICB locations stay in staging
            and (levels.organisation_level <> 'sub_icb' or dimension = 'TotalBookings')
        group by
            levels.organisation_level,
            organisation_code,
            period_start,
            dimension,
            group_code
    ),

    -- Core20 and quintiles from the deciles; a sum with an unknown part is not known
    grouped as (
        select *
        from rates
        union all
        select
            {{ key | join(", ") }},
            wider.dimension,
            case
                when group_code = 'unknown'
                then 'unknown'
                when wider.dimension = 'imd_quintile'
                then cast(ceil(cast(group_code as integer) / 2) as integer)::varchar
                when cast(group_code as integer) <= 2
                then 'core20'
                else 'rest'
            end as wider_code,
            null,
            case
                when bool_and(value_status = 'published')
                then {{ sum_of_all("numerator") }}
            end,
            {{ sum_of_all("denominator") }},
            case
                when bool_and(value_status in ('published', 'suppressed'))
                then {{ sum_of_all("numerator_low") }}
            end,
            case
                when bool_and(value_status in ('published', 'suppressed'))
                then {{ sum_of_all("numerator_high") }}
            end,
            {{ sum_of_all("denominator_low") }},
            {{ sum_of_all("denominator_high") }},
            coalesce(
                max(value_status) filter (where value_status <> 'published'),
                'published'
            )
        from rates
        cross join (values ('imd_quintile'), ('core20')) as wider(dimension)
        where rates.dimension = 'imd_decile'
        group by {{ key | join(", ") }}, wider.dimension, wider_code
    ),

    figures as (
        select
            indicator_id,
            organisation_code,
            case
                when
                    organisation_level = 'trust'
                    and organisation_code in (
                        select organisation_code
                        from {{ ref("dim_organisation") }}
                        where organisation_level = 'other_provider'
                    )
                then 'other_provider'
                else organisation_level
            end as organisation_level,
            'all' as treatment_function_code,
            period_start,
            last_day(period_start) as period_end,
            'month' as period_type,
            dimension,
            group_code,
            'crude' as standardisation,
            cast(
                case when value_status = 'published' then published_value end as double
            ) as published_value,
            cast(null as double) as published_lower,
            cast(null as double) as published_upper,
            cast(
                case when value_status = 'published' then numerator end as double
            ) as numerator,
            {%- for column in [
                "denominator",
                "numerator_low",
                "numerator_high",
                "denominator_low",
                "denominator_high",
            ] %}
                cast(
                    case
                        when value_status in ('published', 'suppressed')
                        then {{ column }}
                    end as double
                ) as {{ column }},
            {%- endfor %}
            case
                value_status when 'missing' then 'not_available' else value_status
            end as value_status,
            case
                value_status
                when 'not_available'
                then 'the data quality rule of the publisher failed for this provider'
                when 'not_collected'
                then 'the provider did not submit'
                when 'suppressed'
                then 'the rate is hidden by the publisher; the numerator is 1 to 7'
                when 'missing'
                then 'the file has no rate'
            end as value_status_reason,
            0 as organisations_missing,
            case
                when dimension in ('imd_decile', 'imd_quintile', 'core20')
                then '2019_assumed'
            end as imd_version,
            source_id,
            snapshot_sha256
        from grouped
        -- commissioning hubs and what is not known are no sub-ICB locations
        where
            organisation_level <> 'sub_icb'
            or organisation_code in (
                select organisation_code
                from {{ ref("dim_organisation") }}
                where organisation_level = 'sub_icb'
            )
    ) {{ on_both_geographies("figures", published=true, rounded=true) }}

-- Grain: as fct_indicator_value, maternity indicators. Question: who gets continuity of
-- carer, who is born too early, who smokes at booking and at delivery, who is booked
-- late, and of whom is deprivation or ethnicity not known?
-- Measures bring the rate that the file prints (int_maternity_measure), bookings counts
-- (int_maternity_booking). Of quintiles and Core20 no rate is printed: they are sums of
-- the deciles' counts (of England's rates, to one decimal, a mean would be off by
-- more), and their limits hold the rounding to 5 too, as those of bookings do.
{%- set counts = [
    "numerator",
    "denominator",
    "numerator_low",
    "denominator_low",
    "numerator_high",
    "denominator_high",
] %}
{%- set key = [
    "indicator_id",
    "organisation_level",
    "organisation_code",
    "period_start",
    "source_id",
    "snapshot_sha256",
    "dimension",
    "group_code",
] %}
with
    rates as (
        {%- for model in ["int_maternity_measure", "int_maternity_booking"] %}
            select {{ (key + counts) | join(", ") }}, published_value, value_status
            from {{ ref(model) }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    -- Core20 and quintiles from the deciles; a sum with an unknown part is not known
    deciles as (
        select
            {{ all_but(["dimension", "group_code"], of="rates") }},
            wider.dimension,
            case
                when group_code = 'unknown'
                then 'unknown'
                when wider.dimension = 'imd_quintile'
                then {{ quintile_of_decile("group_code") }}
                else {{ core20_of_quintile(quintile_of_decile("group_code")) }}
            end as group_code
        from rates
        cross join (values ('imd_quintile'), ('core20')) as wider(dimension)
        where rates.dimension = 'imd_decile'
    ),

    grouped as (
        select *
        from rates
        union all
        select
            {{ key | join(", ") }},
            case
                when bool_and(value_status = 'published')
                then {{ sum_of_all("numerator") }}
            end as numerator,
            {{ sum_of_all("denominator") }} as denominator,
            {%- for side in ["low", "high"] %}
                case
                    when bool_and(value_status in ('published', 'suppressed'))
                    then {{ sum_of_all("numerator_" ~ side) }}
                end as numerator_{{ side }},
                {{ sum_of_all("denominator_" ~ side) }} as denominator_{{ side }},
            {%- endfor %}
            cast(null as double) as published_value,
            coalesce(
                max(value_status) filter (where value_status <> 'published'),
                'published'
            ) as value_status
        from deciles
        group by {{ key | join(", ") }}
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

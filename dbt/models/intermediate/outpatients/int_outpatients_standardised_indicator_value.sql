-- Grain: as fct_indicator_value: England and ICBs x financial year. Question: how many
-- outpatient appointments, attended or missed, would an ICB have for every 1,000
-- residents if its people had the ages of England?
-- Indirect standardisation, because no file has the appointments of an ICB by age: the
-- rate of England times appointments over expected ones, those of the ICB's residents
-- (Census 2021) at England's rates by age. Written as a rate over the residents, each
-- counted by how many appointments people of that age have against all:
-- denominator = sum over ages of residents x (rate of the age / rate of all ages), so
-- that value = 1,000 x numerator / denominator, and England's is its crude rate.
-- Source:
-- Breslow and Day 1987; OHID, Public Health Technical Guidance, Standardisation.
-- Appointments of the CCGs of the year, added up to the ICB that their area is in today
-- (national commissioners, 0.1%, have none); years with all twelve months. By age
-- alone: neither the appointments nor the residents of these files are by age and sex
-- together.
with
    months as (
        {% call kept("edition = max(edition) over (partition by period_start)") %}
        select
            *,
            cast(
                {{
                    months_later(
                        "cast(date_trunc('year', "
                        ~ months_later("period_start", -3)
                        ~ ") as date)",
                        3,
                    )
                }} as date
            ) as year_start,
            case
                when age_band in ('15', '16', '17', '18', '19')
                then '15-19'
                when age_band in ('85-89', '90+')
                then '85+'
                else age_band
            end as census_band
        from {{ ref("stg_nhsd_hes_monthly__age_band") }}
        {% endcall %}
    ),

    england as (
        select population.*, sum(population) over () as everybody
        from {{ ref("int_population_by_age") }} as population
        where organisation_code = 'ENG'
    ),

    -- how many appointments people of an age have, against people of all ages
    ages as (
        select
            months.year_start,
            england.age_band,
            cast(sum(months.attended + months.did_not_attend) as double)
            / max(england.population) as age_rate,
            max(england.population) as population,
            max(england.everybody) as everybody
        from months
        inner join england on months.census_band = england.age_band
        group by months.year_start, england.age_band
        having count(distinct months.period_start) = 12
    ),

    weights as (
        select
            year_start,
            age_band,
            age_rate
            * everybody
            / {{ in_order("sum", "age_rate * population") }} over (
                partition by year_start
            ) as weight
        from ages
    ),

    residents as (
        select
            population.organisation_code,
            population.organisation_level,
            weights.year_start,
            {{ in_order("sum", "population.population * weights.weight") }}
            as denominator
        from {{ ref("int_population_by_age") }} as population
        inner join weights on population.age_band = weights.age_band
        group by
            population.organisation_code,
            population.organisation_level,
            weights.year_start
        having count(*) = (select count(*) from england)
    ),

    {%- set counts = [
        "all_specialties_first_seen",
        "all_specialties_subsequent_seen",
        "all_specialties_first_dna",
        "all_specialties_subsequent_dna",
    ] %}
    appointments as (
        select
            case
                when activity.organisation_level = 'england'
                then 'ENG'
                else place.icb_code
            end as organisation_code,
            residents.year_start,
            {{ sum_of_all(counts | join(" + ")) }} as numerator,
            {%- for bound, hidden in {"low": 1, "high": 7}.items() %}
                cast(
                    sum(
                        {%- for count in counts %}
                            coalesce({{ count }}, {{ hidden }})
                            {{ "+" if not loop.last }}
                        {%- endfor %}
                    ) as double
                ) as numerator_{{ bound }},
            {%- endfor %}
            max(activity.snapshot_sha256) as snapshot_sha256
        from {{ ref("stg_nhsd_hes_monthly__provider_activity") }} as activity
        left join
            {{ ref("int_organisation_current") }} as succession
            on activity.organisation_code = succession.organisation_code
        left join
            {{ ref("dim_organisation") }} as place
            on succession.current_organisation_code = place.organisation_code
        inner join
            (select distinct year_start from residents) as residents
            on activity.period_start >= residents.year_start
            and activity.period_start
            < cast({{ months_later("residents.year_start", 12) }} as date)
        where activity.organisation_level in ('england', 'ccg')
        group by
            case
                when activity.organisation_level = 'england'
                then 'ENG'
                else place.icb_code
            end,
            residents.year_start
        having count(*) = 12 * count(distinct activity.organisation_code)
    ),

    -- less than half of what the ages would have is no use of care but a provider that
    -- sent little: in 2020-21 Somerset, whose larger trust has fewer than the smaller
    rates as (
        select
            residents.*,
            {{ all_but(["organisation_code", "year_start"], of="appointments") }},
            appointments.numerator / residents.denominator < max(
                case
                    when residents.organisation_code = 'ENG'
                    then appointments.numerator / residents.denominator
                end
            ) over (partition by residents.year_start)
            / 2 as is_short
        from appointments
        inner join
            residents
            on appointments.organisation_code = residents.organisation_code
            and appointments.year_start = residents.year_start
    )

select
    organisation_code,
    organisation_level,
    'op_appointments_standardised' as indicator_id,
    'all' as treatment_function_code,
    year_start as period_start,
    cast({{ months_later("year_start", 12) }} - interval '1 day' as date) as period_end,
    'year' as period_type,
    'all' as dimension,
    'all' as group_code,
    'indirectly_age_standardised' as standardisation,
    'current' as geography_basis,
    cast(null as double) as published_value,
    cast(null as double) as published_lower,
    cast(null as double) as published_upper,
    cast(null as double) as denominator_low,
    cast(null as double) as denominator_high,
    cast(numerator as double) as numerator,
    denominator,
    case when numerator is null then numerator_low end as numerator_low,
    case when numerator is null then numerator_high end as numerator_high,
    case
        when numerator is null
        then 'suppressed'
        when is_short
        then 'not_available'
        else 'published'
    end as value_status,
    case
        when numerator is null
        then 'a month of a commissioner has counts of 1 to 7, hidden by the publisher'
        when is_short
        then
            'less than half of what its ages would have: a provider of its area sent little'
    end as value_status_reason,
    0 as organisations_missing,
    cast(null as string) as imd_version,
    'organisations_{{ var("current_geography_date") }}' as geography_vintage,
    'nhsd_hes_monthly' as source_id,
    snapshot_sha256
from rates

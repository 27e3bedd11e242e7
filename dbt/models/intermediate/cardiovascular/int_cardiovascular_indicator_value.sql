-- Grain: as fct_indicator_value, CVDPREVENT indicators. Question: how many people have
-- hypertension found and well managed, and how does that differ by deprivation,
-- ethnicity, age, sex, severe mental illness and learning disability, crude and
-- age-standardised?
-- Crude prevalence falls with deprivation only because deprived areas are younger:
-- compare the standardised rows, which are the publisher's and have no counts; the
-- denominator of the crude row is their weight. Core20 is quintile 1. The rest are the
-- other four quintiles, which have no standardised value of their own. England's counts
-- are exact and give what is printed to two decimals with more digits. Below England
-- counts are rounded to 5 and the printed value comes from the counts before rounding,
-- so value and limits stand as printed. Of the rest, and of organisations that have
-- merged since, nothing is printed: the rounded counts are summed, and the limits hold
-- what their rounding allows.
{%- set indicators = {
    "CVDP001HYP": "HYP-01",
    "CVDP004HYP": "HYP-02",
    "CVDP007HYP": "HYP-03",
    "CVDP002HYP": "HYP-04a",
    "CVDP003HYP": "HYP-04b",
    "CVDP005HYP": "HYP-05",
    "CVDP003CHOL": "LIP-01",
    "CVDP009CHOL": "LIP-02",
    "CVDP012CHOL": "LIP-03",
    "CVDP006CHOL": "LIP-04",
    "CVDP011CHOL": "LIP-05",
    "CVDP002AF": "AF-01",
    "CVDP002SMOK": "SMK-01",
} %}
{%- set bounds = [
    "numerator_low",
    "numerator_high",
    "denominator_low",
    "denominator_high",
] %}
with
    -- the interface names areas by ONS codes, regions have none in other sources
    areas as (
        select
            reported.*,
            case
                when reported.organisation_level <> 'england'
                then reported.value / 100
                else
                    {{
                        printed_rate(
                            "reported.value / 100",
                            "reported.numerator",
                            "reported.denominator",
                            0.00005,
                        )
                    }}
            end as printed_value,
            case
                reported.indicator_code
                {%- for code, indicator in indicators.items() %}
                    when '{{ code }}' then '{{ indicator }}'
                {%- endfor %}
            end as indicator_id,
            coalesce(
                by_code.organisation_code, by_name.organisation_code, reported.area_code
            ) as organisation_code
        from {{ ref("stg_cvdprevent__indicator") }} as reported
        left join
            {{ ref("dim_organisation") }} as by_code
            on reported.area_code = by_code.gss_code
            and reported.organisation_level = by_code.organisation_level
        left join
            {{ ref("dim_organisation") }} as by_name
            on reported.organisation_level = 'region'
            and by_name.organisation_level = 'region'
            and upper(reported.area_name) = upper(by_name.organisation_name)
        where reported.sex = 'persons' or reported.dimension = 'sex'
    ),

    figures as (
        select
            indicator_id,
            organisation_code,
            organisation_level,
            last_day(period_month) as period_end,
            dimension,
            group_code,
            standardisation,
            case when standardisation = 'crude' then numerator end as numerator,
            -- the same people stand behind a standardised figure: its weight in a slope
            coalesce(
                denominator,
                max(case when standardisation = 'crude' then denominator end) over (
                    partition by
                        indicator_id,
                        organisation_code,
                        organisation_level,
                        period_month,
                        dimension,
                        group_code
                )
            ) as denominator,
            printed_value as published_value,
            {%- for side in ["lower", "upper"] %}
                case
                    when printed_value is not null then {{ side }}_limit / 100
                end as published_{{ side }},
            {%- endfor %}
            {%- for count in ["numerator", "denominator"] %}
                {%- for side, sign in {"low": "-", "high": "+"}.items() %}
                    -- 1 to 7 are hidden, so a 0 is a 0
                    case
                        when
                            organisation_level = 'england' or standardisation <> 'crude'
                        then null
                        when {{ count }} = 0
                        then 0
                        else {{ count }} {{ sign }} 2
                    end as {{ count }}_{{ side }},
                {%- endfor %}
            {%- endfor %}
            value_status,
            case
                when value_status <> 'published'
                then coalesce(value_note, 'the publisher gives no value')
            end as value_status_reason,
            snapshot_sha256
        from areas
    ),

    core20 as (
        select
            indicator_id,
            organisation_code,
            organisation_level,
            period_end,
            'core20' as dimension,
            {{ core20_of_quintile("group_code") }} as group_code,
            standardisation,
            {{ sum_of_all("numerator") }} as numerator,
            {{ sum_of_all("denominator") }} as denominator,
            case when count(*) = 1 then max(published_value) end as published_value,
            case when count(*) = 1 then max(published_lower) end as published_lower,
            case when count(*) = 1 then max(published_upper) end as published_upper,
            {%- for bound in bounds %}
                {{ sum_of_all(bound) }} as {{ bound }},
            {%- endfor %}
            case
                when count(*) > 1 and standardisation <> 'crude'
                then 'not_available'
                else
                    coalesce(
                        max(value_status) filter (where value_status <> 'published'),
                        'published'
                    )
            end as value_status,
            case
                when count(*) > 1 and standardisation <> 'crude'
                then 'no standardised value is published for four quintiles together'
                else max(value_status_reason)
            end as value_status_reason,
            max(snapshot_sha256) as snapshot_sha256
        from figures
        where dimension = 'imd_quintile' and group_code <> 'unknown'
        group by
            indicator_id,
            organisation_code,
            organisation_level,
            period_end,
            standardisation,
            {{ core20_of_quintile("group_code") }}
    ),

    reported as (
        select
            *,
            'all' as treatment_function_code,
            period_end as period_start,
            'snapshot' as period_type,
            0 as organisations_missing,
            case
                when dimension in ('imd_quintile', 'core20') then '2019_assumed'
            end as imd_version,
            'cvdprevent' as source_id
        from
            (
                select *
                from figures
                union all
                select *
                from core20
            ) as both_kinds
    )

    {{ on_both_geographies("reported", published=true, rounded=true) }}

-- Grain: as fct_indicator_value, MHSDS indicators. Question: how many people under 18
-- reach mental health care, how many people are detained, and how do the crude and the
-- standardised rates differ by deprivation, ethnicity, age and sex?
-- The publisher gives counts and rates without the population, so rates stand as
-- published; the standardised one (b) has its limits from the half width (c). Its own
-- differences (f, g) stay in staging, a test compares ours with them.
-- STP is the ICB. A provider is a trust only where ODS says so.
{%- set indicators = {
    "MHS95": ("CYP-MHS95", "crude"),
    "MHS95a": ("CYP-MHS95a", "crude"),
    "MHS95b": ("CYP-MHS95b", "age_standardised"),
    "MHS157": ("STM-MHS157", "crude"),
    "MHS157a": ("STM-MHS157a", "crude"),
    "MHS157b": ("STM-MHS157b", "age_standardised"),
    "MHS158": ("MHS158", "crude"),
    "MHS158a": ("MHS158a", "crude"),
    "MHS158b": ("MHS158b", "age_standardised"),
    "MHS109": ("MHS109", "crude"),
    "MHS91": ("MHS91", "crude"),
} %}
with
    measures as (
        -- one organisation may be in two breakdowns (residence; GP practice or
        -- residence): the one that counts those registered stands
        {% call kept(
            "row_number() over (partition by measure_id, period_end, "
            ~ "organisation_code, dimension, group_code order by breakdown not "
            ~ "like '%GP Practice%', breakdown) = 1"
        ) %}
        select *
        from {{ ref("stg_nhse_mhsds__measure") }}
        where
            dimension in (
                'all',
                'core20',
                'imd_quintile',
                'imd_decile',
                'ethnic_group_5_2001',
                'ethnic_group',
                'sex',
                'age_band'
            )
            and not (
                dimension = 'sex' and group_code not in ('male', 'female', 'unknown')
            )
        {% endcall %}
    ),

    reported as (
        select
            case
                figure.measure_id
                {%- for measure, (indicator, kind) in indicators.items() %}
                    when '{{ measure }}' then '{{ indicator }}'
                {%- endfor %}
            end as indicator_id,
            figure.organisation_code,
            {{ level_of_file("figure.organisation_level", "organisation") }}
            as organisation_level,
            'all' as treatment_function_code,
            figure.period_start,
            figure.period_end,
            'year' as period_type,
            figure.dimension,
            figure.group_code,
            case
                when figure.measure_id like '%b' then 'age_standardised' else 'crude'
            end as standardisation,
            case
                when {{ text_matches("figure.measure_id", "'[0-9]$'") }}
                then figure.value
            end as numerator,
            cast(null as double) as denominator,
            case
                when {{ text_matches("figure.measure_id", "'[a-z]$'") }}
                then figure.value
            end as published_value,
            -- a half width wider than the rate would give a limit below nothing
            case
                when
                    figure.measure_id like '%b'
                    and figure.value - half_width.value is not null
                then greatest(figure.value - half_width.value, 0)
            end as published_lower,
            case
                when figure.measure_id like '%b' then figure.value + half_width.value
            end as published_upper,
            figure.value_status,
            case
                when figure.value_status <> 'published'
                then 'small number hidden by the publisher'
            end as value_status_reason,
            {{ exact_figure("2019", "figure.dimension") }},
            'nhse_mhsds' as source_id,
            figure.snapshot_sha256
        from measures as figure
        left join
            measures as half_width
            on case
                when figure.measure_id like '%b'
                then replace(figure.measure_id, 'b', 'c')
            end
            = half_width.measure_id
            and figure.file_month = half_width.file_month
            and figure.dimension = half_width.dimension
            and figure.organisation_code = half_width.organisation_code
            and figure.group_code = half_width.group_code
        left join
            {{ ref("dim_organisation") }} as organisation
            on figure.organisation_code = organisation.organisation_code
        where figure.measure_id in ('{{ indicators | join("', '") }}')
    )

    {{ on_both_geographies("reported", published=true) }}

-- Grain: as fct_indicator_value, Talking Therapies. Question: how many of those who
-- finished treatment recovered, and how many improved reliably?
-- The publisher gives whole percentages without their denominator, so values stand as
-- published and have no limits. The tidied extract holds NHS trusts only, so England
-- has no figure for its months. Its Percentage_Improvement is not taken for reliable
-- improvement: that they are one measure was not read anywhere. A provider is a trust
-- only where ODS says so.
{%- set measures = {
    "Percentage_ReliableRecovery": ("STM-TT", "all"),
    "Percentage_Recovery": ("talking_therapies_recovery", "all"),
    "Percentage_ReliableImprovement": (
        "talking_therapies_improvement",
        "all",
    ),
    "Percentage_ReliableRecovery_EthnicGroupWhite": ("STM-TT", "white"),
    "Percentage_ReliableRecovery_EthnicGroupAsianOrAsianBritish": (
        "STM-TT",
        "asian",
    ),
    "Percentage_ReliableRecovery_EthnicGroupBlackOrBlackBritish": (
        "STM-TT",
        "black",
    ),
    "Percentage_ReliableRecovery_EthnicGroupMixed": ("STM-TT", "mixed"),
    "Percentage_ReliableRecovery_EthnicGroupOther": ("STM-TT", "other"),
} %}
with
    published as (
        {%- for table in ["trust", "monthly"] %}
            select
                period_start,
                organisation_level,
                organisation_code,
                measure,
                value,
                value_status,
                snapshot_sha256
            from
                {{ ref("stg_nhse_talking_therapies__" ~ table) }}
                {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    organisations as (
        select
            period_start,
            {{ level_of_file("published.organisation_level", "place") }}
            as organisation_level,
            published.organisation_code,
            measure,
            value,
            value_status,
            snapshot_sha256
        from published
        left join
            {{ ref("dim_organisation") }} as place
            on published.organisation_code = place.organisation_code
        where measure in ('{{ measures | join("', '") }}')
    ),

    with_england as (
        select *
        from organisations
        union all
        select
            period_start,
            'england',
            'ENG',
            measure,
            null,
            'not_available',
            max(snapshot_sha256)
        from organisations
        group by period_start, measure
        having count(*) filter (where organisation_level = 'england') = 0
    ),

    figures as (
        select
            case
                measure
                {%- for measure, (indicator_id, _) in measures.items() %}
                    when '{{ measure }}' then '{{ indicator_id }}'
                {%- endfor %}
            end as indicator_id,
            organisation_code,
            organisation_level,
            'all' as treatment_function_code,
            period_start,
            last_day(period_start) as period_end,
            'month' as period_type,
            case
                when measure like '%_EthnicGroup%' then 'ethnic_group_5_2001' else 'all'
            end as dimension,
            case
                measure
                {%- for measure, (_, group_code) in measures.items() %}
                    when '{{ measure }}' then '{{ group_code }}'
                {%- endfor %}
            end as group_code,
            'crude' as standardisation,
            cast(null as double) as numerator,
            cast(null as double) as denominator,
            value / 100 as published_value,
            cast(null as double) as published_lower,
            cast(null as double) as published_upper,
            value_status,
            case
                value_status
                when 'suppressed'
                then 'hidden by the publisher'
                when 'missing'
                then 'no value in the file'
                when 'not_available'
                then 'the extract of these months holds NHS trusts only'
            end as value_status_reason,
            {{ exact_figure() }},
            'nhse_talking_therapies' as source_id,
            snapshot_sha256
        from with_england
    )

    {{ on_both_geographies("figures", published=true) }}

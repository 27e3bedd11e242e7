-- Grain: as fct_indicator_value, early diagnosis of cancer. Question: what share of
-- staged cancers is found at stage 1 or 2, and how does it differ by deprivation?
-- CAN-01 is one year, unadjusted, from the counts; CAN-02 three years, case-mix
-- adjusted, as published. The unadjusted percentage is printed to one decimal and its
-- counts are exact: the value is theirs while the two agree, else the printed one.
-- Residents of ICBs; no figure is of a trust. Core20 and rest are sums of the
-- quintiles of England.
with
    staged as (
        -- a release restates the years before it: the newest stands
        {% call kept(
            "row_number() over (partition by reported.area_code, "
            ~ "reported.period_end, reported.standardisation, reported.dimension, "
            ~ "reported.group_code order by reported.release_year desc, "
            ~ "reported.snapshot_sha256) = 1"
        ) %}
        select
            case
                standardisation when 'crude' then 'CAN-01' else 'CAN-02'
            end as indicator_id,
            coalesce(
                organisation.organisation_code, reported.area_code
            ) as organisation_code,
            reported.organisation_level,
            reported.period_start,
            reported.period_end,
            reported.dimension,
            reported.group_code,
            reported.standardisation,
            case when standardisation = 'crude' then early_stage end as numerator,
            case when standardisation = 'crude' then staged end as denominator,
            case
                when standardisation <> 'crude'
                then value / 100
                else {{ printed_rate("value / 100", "early_stage", "staged", 0.0005) }}
            end as published_value,
            {%- for side in ["lower", "upper"] %}
                case
                    when standardisation <> 'crude' or published_value is not null
                    then {{ side }}_limit / 100
                end as published_{{ side }},
            {%- endfor %}
            reported.value_status,
            case
                when reported.value_status <> 'published'
                then 'small number hidden by the publisher'
            end as value_status_reason,
            reported.snapshot_sha256
        from {{ ref("stg_ndrs_staging__early_diagnosis") }} as reported
        left join
            {{ ref("dim_organisation") }} as organisation
            on reported.area_code = organisation.gss_code
            and reported.organisation_level = organisation.organisation_level
        where
            reported.cancer_group = 'all'
            and reported.organisation_level in ('england', 'icb', 'sub_icb')
            and year(reported.period_end) - year(reported.period_start)
            = case reported.standardisation when 'crude' then 0 else 2 end
        {% endcall %}
    ),

    core20 as (
        select
            indicator_id,
            organisation_code,
            organisation_level,
            period_start,
            period_end,
            'core20' as dimension,
            {{ core20_of_quintile("group_code") }} as group_code,
            standardisation,
            {{ sum_of_all("numerator") }} as numerator,
            {{ sum_of_all("denominator") }} as denominator,
            cast(null as double) as published_value,
            cast(null as double) as published_lower,
            cast(null as double) as published_upper,
            coalesce(
                max(value_status) filter (where value_status <> 'published'),
                'published'
            ) as value_status,
            max(value_status_reason) as value_status_reason,
            max(snapshot_sha256) as snapshot_sha256
        from staged
        where dimension = 'imd_quintile' and standardisation = 'crude'
        group by
            indicator_id,
            organisation_code,
            organisation_level,
            period_start,
            period_end,
            {{ core20_of_quintile("group_code") }},
            standardisation
    ),

    reported as (
        select
            *,
            'all' as treatment_function_code,
            'year' as period_type,
            {{ exact_figure("2019_assumed") }},
            'ndrs_staging' as source_id
        from
            (
                select *
                from core20
                union all
                select
                    indicator_id,
                    organisation_code,
                    organisation_level,
                    period_start,
                    period_end,
                    dimension,
                    group_code,
                    standardisation,
                    numerator,
                    denominator,
                    published_value,
                    published_lower,
                    published_upper,
                    value_status,
                    value_status_reason,
                    snapshot_sha256
                from staged
            ) as both_kinds
    )

    {{ on_both_geographies("reported", published=true) }}

-- Grain: as fct_indicator_value, indicators of general practice from Fingertips.
-- Question: how common are smoking, learning disability, dementia and diabetes on the
-- registers of general practice in England and in ICBs?
-- Codes of ICBs and sub-ICB locations are the ODS codes at the end of their names; CCGs
-- have none and are left out, as are statistical regions, which are not the regions of
-- NHS England. Deciles are tenths of local authorities, never Core20, and stay in
-- staging. Value and limits are those that are printed: of smoking (91547) they differ
-- by up to 0.2 points from the count over the denominator beside them.
with
    indicators as (
        select *
        from
            (
                values
                    (91547, 'SMK-02', '15+ yrs'),
                    (200, 'qof_learning_disability', 'All ages'),
                    (247, 'qof_dementia', 'All ages'),
                    (241, 'qof_diabetes', '17+ yrs')
            ) as known(fingertips_id, indicator_id, age)
    ),

    areas as (
        select
            indicators.indicator_id,
            {{ all_but(["indicator_id"], of="figure") }},
            case
                area_type
                when 'England'
                then 'england'
                when 'ICBs'
                then 'icb'
                when 'ICB sub-locations'
                then 'sub_icb'
            end as organisation_level,
            case
                when area_type = 'England'
                then 'ENG'
                else regexp_extract(area_name, ' - ([0-9A-Z]{3,5})$', 1)
            end as organisation_code
        from {{ ref("stg_ohid_fingertips__indicator") }} as figure
        inner join
            indicators
            on figure.indicator_id = indicators.fingertips_id
            and figure.age = indicators.age
        where category_basis = 'none' and sex = 'Persons'
    ),

    figures as (
        select
            indicator_id,
            organisation_code,
            organisation_level,
            'all' as treatment_function_code,
            period_start,
            period_end,
            'year' as period_type,
            'all' as dimension,
            'all' as group_code,
            'crude' as standardisation,
            value / 100 as published_value,
            ci_lower_95 / 100 as published_lower,
            ci_upper_95 / 100 as published_upper,
            numerator,
            denominator,
            value_status,
            case
                when value_status <> 'published'
                then coalesce(value_note, 'no value in the file')
                else value_note
            end as value_status_reason,
            {{ exact_figure() }},
            'ohid_fingertips' as source_id,
            snapshot_sha256
        from areas
        where organisation_level is not null and organisation_code <> ''
    ) {{ on_both_geographies("figures", published=true) }}

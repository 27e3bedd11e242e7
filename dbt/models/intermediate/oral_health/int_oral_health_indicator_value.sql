-- Grain: as fct_indicator_value, tooth extractions of children. Question: how many
-- children have teeth taken out in hospital for decay, by age and deprivation?
-- Ages 0-5 and 6-10 together are the age 10 and under of the Statement. Only England:
-- the regions of the file are statistical ones, local authorities stay in staging, and
-- the file has no ICBs and no trusts. England's counts are exact.
{%- set groups = [
    ("CYP-ORAL-01", "'age_band'", "age_band", "age_band in ('0-5', '6-10')"),
    ("CYP-ORAL-01", "'all'", "'all'", "age_band in ('0-5', '6-10')"),
    (
        "dental_decay_0_19",
        "'all'",
        "'all'",
        "age_band= '0-19' and deprivation_quintile = 'all'",
    ),
    (
        "dental_decay_0_19",
        "'imd_quintile'",
        "deprivation_quintile",
        "deprivation_quintile <> 'all'",
    ),
    (
        "dental_decay_0_19",
        "'core20'",
        core20_of_quintile("deprivation_quintile"),
        "deprivation_quintile <> 'all'",
    ),
] %}
with
    groups as (
        {%- for indicator_id, dimension, group_code, condition in groups %}
            select
                '{{ indicator_id }}' as indicator_id,
                {{ dimension }} as dimension,
                {{ group_code }} as group_code,
                period_start,
                population,
                episodes_decay,
                episodes_decay_status,
                snapshot_sha256
            from {{ ref("stg_ohid_dental_extractions__extractions") }}
            where
                area_level = 'england'
                and {{ condition }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    figures as (
        select
            indicator_id,
            'ENG' as organisation_code,
            'england' as organisation_level,
            'all' as treatment_function_code,
            period_start,
            cast(
                period_start + interval '1 year' - interval '1 day' as date
            ) as period_end,
            'year' as period_type,
            dimension,
            group_code,
            cast(sum(episodes_decay) as double) as numerator,
            cast(sum(population) as double) as denominator,
            case
                when count(episodes_decay) = count(*)
                then 'published'
                else max(episodes_decay_status) filter (where episodes_decay is null)
            end as value_status,
            case
                when count(episodes_decay) < count(*) then 'no count in the file'
            end as value_status_reason,
            {{ exact_figure("2019_assumed") }},
            'ohid_dental_extractions' as source_id,
            max(snapshot_sha256) as snapshot_sha256
        from groups
        group by indicator_id, period_start, dimension, group_code
    ) {{ on_both_geographies("figures") }}

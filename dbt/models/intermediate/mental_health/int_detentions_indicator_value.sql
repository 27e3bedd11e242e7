-- Grain: as fct_indicator_value, detentions that began (MHS81), ended (MHS150) and are
-- active at the end of the month (MHS151), and acute admissions of people who had no
-- contact before (MHS106b of MHS106). Question: who is detained, and who comes to care
-- through an emergency first?
-- England, regions and ICBs: each month, for admissions the three months that the
-- publisher counts. A trust's month is nearly all hidden (April 2026, RDY: one of
-- eleven deciles is shown), so trusts have the sum of twelve months of detentions that
-- began or ended, with the number of hidden cells and bounds; those who are detained at
-- the end of twelve months cannot be added up. Below England counts are rounded to 5
-- and those under 5 hidden: a shown one lies within 2 of what it says, a hidden one or
-- one without a row is 0 to 4.
{%- set rounding, greatest_hidden, months_of_a_sum = 2, 4, 12 %}
{%- set detentions, flows = "('MHS81', 'MHS150', 'MHS151')", "('MHS81', 'MHS150')" %}
{%- set grain = [
    "organisation_code",
    "organisation_level",
    "dimension",
    "group_code",
] %}
with
    measures as (
        -- one organisation may be in two breakdowns: that of those registered stands
        {% call kept(
            "row_number() over (partition by figure.measure_id, "
            ~ "figure.file_month, figure.organisation_code, figure.dimension, "
            ~ "figure.group_code order by figure.breakdown not like '%GP "
            ~ "Practice%', figure.breakdown) = 1"
        ) %}
        select
            {{ all_but(["organisation_level"], of="figure") }},
            {{ level_of_file("figure.organisation_level", "place") }}
            as organisation_level,
            -- England's counts are exact
            case
                when figure.organisation_level <> 'england'
                then coalesce(greatest(figure.value - {{ rounding }}, 0), 0)
            end as value_low,
            case
                when figure.organisation_level <> 'england'
                then coalesce(figure.value + {{ rounding }}, {{ greatest_hidden }})
            end as value_high
        from {{ ref("stg_nhse_mhsds__measure") }} as figure
        left join
            {{ ref("dim_organisation") }} as place
            on figure.organisation_code = place.organisation_code
        inner join
            {{ ref("group_definitions") }} as groups
            on figure.dimension = groups.dimension
            and figure.group_code = groups.group_code
        where
            figure.measure_id in {{ detentions }}
            or figure.measure_id in ('MHS106', 'MHS106b')
        {% endcall %}
    ),

    of_a_month as (
        select
            measure_id as indicator_id,
            {{ grain | join(", ") }},
            period_start,
            period_end,
            'month' as period_type,
            value as numerator,
            cast(null as double) as denominator,
            cast(null as double) as denominator_low,
            cast(null as double) as denominator_high,
            value_low as numerator_low,
            value_high as numerator_high,
            value_status,
            case
                when value_status <> 'published'
                then 'small number hidden by the publisher'
            end as value_status_reason,
            snapshot_sha256
        from measures
        where
            measure_id in {{ detentions }}
            and organisation_level in ('england', 'region', 'icb')
    ),

    of_three_months as (
        select
            'MHS107b' as indicator_id,
            {%- for column in grain %} admitted.{{ column }}, {% endfor %}
            admitted.period_start,
            admitted.period_end,
            'quarter' as period_type,
            first_met.value as numerator,
            admitted.value as denominator,
            admitted.value_low as denominator_low,
            admitted.value_high as denominator_high,
            first_met.value_low as numerator_low,
            first_met.value_high as numerator_high,
            case
                when admitted.value is null or first_met.value is null
                then 'suppressed'
                else 'published'
            end as value_status,
            case
                when admitted.value is null or first_met.value is null
                then 'small number hidden by the publisher'
            end as value_status_reason,
            admitted.snapshot_sha256
        from measures as admitted
        inner join
            measures as first_met
            on first_met.measure_id = 'MHS106b'
            and admitted.file_month = first_met.file_month
            {%- for column in grain %}
                and admitted.{{ column }} = first_met.{{ column }}
            {%- endfor %}
        where
            admitted.measure_id = 'MHS106'
            and admitted.organisation_level in ('england', 'region', 'icb')
    ),

    months as (
        select distinct measure_id, file_month
        from measures
        where measure_id in {{ flows }}
    ),

    years as (
        select
            last.measure_id,
            last.file_month as last_month,
            min(within.file_month) as first_month
        from months as last
        inner join
            months as within
            on last.measure_id = within.measure_id
            and within.file_month between cast(
                last.file_month - interval '11 months' as date
            ) and last.file_month
        group by last.measure_id, last.file_month
        having count(*) = {{ months_of_a_sum }}
    ),

    summed as (
        select
            years.measure_id,
            {%- for column in grain %} figure.{{ column }}, {% endfor %}
            years.first_month,
            years.last_month,
            {{ months_of_a_sum }} - count(figure.value) as hidden,
            {{ in_order("sum", "figure.value") }} as shown,
            {{ in_order("sum", "figure.value_low") }} as low,
            {{ in_order("sum", "figure.value_high") }}
            + {{ greatest_hidden }} * ({{ months_of_a_sum }} - count(*)) as high,
            max(figure.snapshot_sha256) as snapshot_sha256
        from years
        inner join
            measures as figure
            on figure.measure_id = years.measure_id
            and figure.file_month between years.first_month and years.last_month
        where figure.organisation_level = 'trust'
        group by
            years.measure_id,
            {%- for column in grain %} figure.{{ column }}, {% endfor %}
            years.first_month,
            years.last_month
    ),

    of_a_year as (
        select
            measure_id as indicator_id,
            {{ grain | join(", ") }},
            first_month as period_start,
            last_day(last_month) as period_end,
            'year' as period_type,
            case when hidden = 0 then shown end as numerator,
            cast(null as double) as denominator,
            cast(null as double) as denominator_low,
            cast(null as double) as denominator_high,
            low as numerator_low,
            high as numerator_high,
            case when hidden = 0 then 'published' else 'suppressed' end as value_status,
            case
                when hidden > 0
                then
                    hidden
                    || ' of {{ months_of_a_sum }} months are hidden or have no row; the others add up to '
                    || coalesce(cast(cast(shown as bigint) as string), 'nothing')
            end as value_status_reason,
            snapshot_sha256
        from summed
    ),

    figures as (
        select
            *,
            'all' as treatment_function_code,
            'crude' as standardisation,
            cast(null as double) as published_value,
            cast(null as double) as published_lower,
            cast(null as double) as published_upper,
            0 as organisations_missing,
            case
                when dimension in ('imd_decile', 'imd_quintile', 'core20') then '2019'
            end as imd_version,
            'nhse_mhsds' as source_id
        from
            (
                select *
                from of_a_month
                union all
                select *
                from of_three_months
                union all
                select *
                from of_a_year
            ) as every_span
    )

    {{ on_both_geographies("figures", published=true, rounded=true) }}

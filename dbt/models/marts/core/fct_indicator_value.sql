-- Grain: indicator x organisation x treatment function x period x dimension x group x
-- geography basis x standardisation. Question: what is the value of an indicator for a
-- group of people, with its interval, what was it in the period before, and if it is
-- not known, why?
-- The figures are worked out period by period (int_indicator_value); what spans periods
-- is added here.
-- Made again by period: its figures and those of all periods before it, of which each
-- series has its newest beside it.
{{ config(materialized="by_part", part="period_end") }}
{%- set asked = wanted_parts(parts_with_those_before(ref("int_indicator_value"))) %}
{%- set series = [
    "indicator_id",
    "organisation_code",
    "treatment_function_code",
    "period_type",
    "dimension",
    "group_code",
    "geography_basis",
    "standardisation",
    "imd_version",
    "source_id",
    "era",
] %}
with
    -- how many breaks of the series lie behind a period of an organisation
    eras as (
        select
            places.indicator_id,
            places.organisation_code,
            places.period_start,
            count(*) as era
        from
            (
                select distinct
                    indicator_id, organisation_code, organisation_level, period_start
                from {{ ref("int_indicator_value") }}
                where
                    indicator_id
                    in (select indicator_id from {{ ref("series_breaks") }})
            ) as places
        inner join
            {{ ref("series_breaks") }} as breaks
            on places.indicator_id = breaks.indicator_id
            and breaks.break_date <= places.period_start
            and {{
                break_concerns(
                    "breaks.concerns",
                    "places.organisation_level",
                    "places.organisation_code",
                )
            }}
        group by places.indicator_id, places.organisation_code, places.period_start
    ),

    -- read as it is named, not as a CTE that the whole table would be copied into
    {%- set placed %}
        (
            select
                shown.*,
                shown.period_end as data_as_of,
                '{{ env_var("HIW_ORIGIN") }}' as data_origin,
                eras.era
            from {{ ref("int_indicator_value") }} as shown
            left join
                eras
                on shown.indicator_id = eras.indicator_id
                and shown.organisation_code = eras.organisation_code
                and shown.period_start = eras.period_start
        )
    {%- endset %}
    made_now as (
        select * from {{ placed }} as placed where {{ in_parts(asked, "period_end") }}
    )

select {{ all_but(["era"], of="made_now") }},
{% if asked is none %} {{ previous_figure("made_now", series) }} from made_now
{% else %}
        {{ figure_before("made_now", "earlier") }}
    from
        made_now
        {{
            join_figure_before(
                "made_now",
                placed,
                "earlier",
                series,
                blank=["imd_version", "era"],
            )
        }}
{% endif %}

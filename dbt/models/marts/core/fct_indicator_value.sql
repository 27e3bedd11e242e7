-- Grain: indicator x organisation x treatment function x period x dimension x group x
-- geography basis x standardisation. Question: what is the value of an indicator for a
-- group of people, with its interval, what was it in the period before, and if it is
-- not known, why?
-- The figures are worked out period by period (int_indicator_value); what spans periods
-- is added here.
with
    shown as (
        select *, period_end as data_as_of, '{{ env_var("HIW_ORIGIN") }}' as data_origin
        from {{ ref("int_indicator_value") }}
    ),

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
                from shown
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
    )

select
    shown.*,
    {{
        previous_figure(
            "shown",
            [
                "shown.indicator_id",
                "shown.organisation_code",
                "shown.treatment_function_code",
                "shown.period_type",
                "shown.dimension",
                "shown.group_code",
                "shown.geography_basis",
                "shown.standardisation",
                "shown.imd_version",
                "shown.source_id",
                "eras.era",
            ],
        )
    }}
from shown
left join
    eras
    on shown.indicator_id = eras.indicator_id
    and shown.organisation_code = eras.organisation_code
    and shown.period_start = eras.period_start

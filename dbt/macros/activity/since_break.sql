{#
    The points of series with is_after_break: true where no break that concerns the organisation lies between the point and the
    newest point of its series. A break after the newest point parts nothing.
    Inputs: points, a relation with indicator_id, organisation_code, period_start and the columns of series_key; breaks, a
    relation of indicator_id, organisation_code, break_date.
#}
{% macro since_break(points, breaks, series_key) -%}
    select
        {{ all_but(["newest_period_start"]) }},
        not exists (
            select 1
            from {{ breaks }} as breaks
            where
                breaks.indicator_id = newest.indicator_id
                and breaks.organisation_code = newest.organisation_code
                and breaks.break_date > newest.period_start
                and breaks.break_date <= newest.newest_period_start
        ) as is_after_break
    from
        (
            select *, max(period_start) over (partition by {{ series_key | join(", ") }}) as newest_period_start
            from {{ points }}
        ) as newest
{%- endmacro %}

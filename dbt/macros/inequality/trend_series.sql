{# The columns that name a series of mart_trend: an indicator or a gap of an organisation's group. #}
{% macro trend_series() -%}
    {{
        return(
            [
                "subject",
                "indicator_id",
                "organisation_code",
                "dimension",
                "group_code",
                "reference_group",
                "standardisation",
            ]
        )
    }}
{%- endmacro %}

{# A SELECT of the series of a relation of points: the first and the last day, and where they come from; a HAVING may follow. #}
{% macro trend_series_of(points) -%}
    select
        {{ trend_series() | join(", ") }},
        max(organisation_level) as organisation_level,
        min(period_start) as first_period_start,
        max(period_end) as last_period_end,
        max(source_id) as source_id,
        max(data_origin) as data_origin
    from {{ points }}
    group by {{ trend_series() | join(", ") }}
{%- endmacro %}

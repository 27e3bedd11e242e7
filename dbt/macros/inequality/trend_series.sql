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

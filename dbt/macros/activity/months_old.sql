{#
    Whole months from the end of a figure's period to the newest period of any figure of the release: how old "newest" is. Not to
    the day of the release, so that the same files give the same table on every day.
    Inputs: period_end. NULL: as period_end.
#}
{% macro months_old(period_end) -%}
    cast(
        {{
            months_apart(
                period_end,
                "(select max(period_end) from " ~ ref("fct_indicator_value") ~ " where value_status = 'published')",
            )
        }} as integer
    )
{%- endmacro %}

{#
    A value, or one of its limits, from a numerator and a denominator by the unit of the indicator: a proportion, else a rate per
    `multiplier`. Reads the columns unit and multiplier. NULL: as proportion and rate.
#}
{% macro value_by_unit(numerator, denominator) -%}
    case
        when unit = 'proportion'
        then {{ proportion(numerator, denominator) }}
        else {{ rate(numerator, denominator, "multiplier") }}
    end
{%- endmacro %}

{# `side` is lower or upper: Wilson for a proportion, Byar for a rate. #}
{% macro limit_by_unit(side, numerator, denominator) -%}
    {%- set limits = (
        [
            wilson_lower(numerator, denominator),
            rate_lower(numerator, denominator, "multiplier"),
        ]
        if side == "lower"
        else [
            wilson_upper(numerator, denominator),
            rate_upper(numerator, denominator, "multiplier"),
        ]
    ) -%}
    case when unit = 'proportion' then {{ limits[0] }} else {{ limits[1] }} end
{%- endmacro %}

{#
    Gaps of two values of which each has its own limits, whatever they were made from: value 1 minus, or over, value 2.
    Common inputs: value_1, lower_1, upper_1, value_2, lower_2, upper_2 (in the indicator's unit); sign, "-" for the lower and
    "+" for the upper limit of the gap. The method of variance estimates recovery takes limits that are not symmetrical, and
    limits that hold more than chance (the rounding of counts) stay in the gap's.
    Source: Donner and Zou 2012; for ratios Zou and Donner 2008, on the logarithms.
#}
{# Why a limit of the absolute gap is undefined: NULL where it is defined. #}
{% macro gap_mover_reason(value_1, lower_1, upper_1, value_2, lower_2, upper_2) -%}
    coalesce(
        {{ gap_values_reason(value_1, value_2) }},
        case
            when {{ lower_1 }} is null or {{ upper_1 }} is null
            then 'group 1: no limits'
            when {{ lower_2 }} is null or {{ upper_2 }} is null
            then 'group 2: no limits'
        end
    )
{%- endmacro %}

{# One limit of the absolute gap. NULL: whenever gap_mover_reason says why. #}
{% macro gap_absolute_mover_of_limits(value_1, lower_1, upper_1, value_2, lower_2, upper_2, sign) -%}
    {%- set ends = [lower_1, upper_2] if sign == "-" else [upper_1, lower_2] -%}
    {{ measure_mover_unchecked(value_1, ends[0], value_2, ends[1], sign) }}
{%- endmacro %}

{# Why a limit of the ratio is undefined: as gap_mover_reason, or a value or limit that has no logarithm. #}
{% macro gap_relative_mover_reason(value_1, lower_1, upper_1, value_2, lower_2, upper_2) -%}
    coalesce(
        {{ gap_mover_reason(value_1, lower_1, upper_1, value_2, lower_2, upper_2) }},
        case
            when {{ value_1 }} <= 0 or {{ lower_1 }} <= 0
            then 'group 1: value or limit not above zero'
            when {{ value_2 }} <= 0 or {{ lower_2 }} <= 0
            then 'group 2: value or limit not above zero'
        end
    )
{%- endmacro %}

{# One limit of the ratio. NULL: whenever gap_relative_mover_reason says why. #}
{% macro gap_relative_mover_of_limits(value_1, lower_1, upper_1, value_2, lower_2, upper_2, sign) -%}
    {%- set ends = [lower_1, upper_2] if sign == "-" else [upper_1, lower_2] -%}
    case
        when {{ gap_relative_mover_reason(value_1, lower_1, upper_1, value_2, lower_2, upper_2) }} is null
        then
            {{ value_1 }}
            / {{ value_2 }}
            * exp(
                {{ sign }} sqrt(
                    power(ln({{ value_1 }} / {{ ends[0] }}), 2) + power(ln({{ ends[1] }} / {{ value_2 }}), 2)
                )
            )
    end
{%- endmacro %}

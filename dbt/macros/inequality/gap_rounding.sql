{# A limit of one side, lower or upper: of a value of counts beside one whose limits hold the rounding, it takes the rounding too. #}
{% macro side_limit_with_rounding(side, end) -%}
    case
        when kind = 'limits' and {{ side }}_basis = 'counts' and {{ side }}_rounding > 0
        then
            {{
                limit_with_rounding(
                    side ~ "_value",
                    side ~ "_" ~ end,
                    side ~ "_rounding",
                    "unit = 'proportion'",
                    side ~ "_numerator",
                    side ~ "_denominator",
                )
            }}
        else {{ side }}_{{ end }}
    end
{%- endmacro %}

{# A limit of a gap between counts, widened by the rounding of both: of a ratio on the log scale. #}
{% macro gap_limit_with_rounding(limit) -%}
    case
        when measure = 'absolute_gap'
        then
            {{
                widened_limit(
                    "value",
                    limit,
                    "multiplier * sqrt(power(comparison_rounding, 2) + power(reference_rounding, 2))",
                )
            }}
        else
            {{
                widened_limit(
                    "value",
                    limit,
                    "sqrt(power(comparison_rounding * comparison_denominator / comparison_numerator, 2) + power(reference_rounding * reference_denominator / reference_numerator, 2))",
                    "log",
                )
            }}
    end
{%- endmacro %}

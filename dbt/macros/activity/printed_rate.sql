{#
    The printed rate, but NULL where exact counts beside it give the same as far as it is printed: their quotient is the same
    figure with more digits.
    Inputs: printed (a share), numerator and denominator (exact counts, or NULL), half_unit (half the last printed digit, as a
    share).
#}
{% macro printed_rate(printed, numerator, denominator, half_unit) -%}
    case
        when abs({{ numerator }} / nullif({{ denominator }}, 0) - {{ printed }}) > {{ half_unit }} + 1e-9
        then {{ printed }}
        when {{ numerator }} is null or {{ denominator }} is null
        then {{ printed }}
    end
{%- endmacro %}

{#
    Three columns of a cell that has been through returns_shown_cells: the 95% limits of its rate in per cent (Wilson, of the shown
    counts and with their rounding, as gate 2 works out again), and disclosure_flag, OK exactly where the rate is shown.
#}
{% macro returns_rate_limits() -%}
    {{ disclosed_value("rate_status", limit_of_rounded("lower", "numerator", "denominator", 100)) }} as ci_lower_95,
    {{ disclosed_value("rate_status", limit_of_rounded("upper", "numerator", "denominator", 100)) }} as ci_upper_95,
    case when rate_status = 'published' then 'OK' else upper(rate_status) end as disclosure_flag
{%- endmacro %}

{#
    A 95% limit, `side` lower or upper, of the difference (Newcombe) or the ratio (Katz) of two shares of counts that are rounded to
    5, with the error of their rounding in it.
    Inputs: counts, the four of the pair (events and people, then those of the reference); rounded, the four that were rounded where
    events are those without the metric (n - x is not rounded by itself); is_ratio.
#}
{% macro returns_gap_limit(side, counts, rounded=none, is_ratio=false) -%}
    {%- set x1, n1, x2, n2 = rounded or counts -%}
    {%- set errors = [rounding_error(x1, n1, "true"), rounding_error(x2, n2, "true")] -%}
    {%- if is_ratio -%}
        {%- set value = gap_relative_proportions(*counts) -%}
        {%- set limit = gap_relative_katz_lower(*counts) if side == "lower" else gap_relative_katz_upper(*counts) -%}
        {%- set error = returns_ratio_rounding(counts) -%}
    {%- else -%}
        {%- set value = gap_absolute_proportions(*counts) -%}
        {%- set limit = (
            gap_absolute_newcombe_lower(*counts)
            if side == "lower"
            else gap_absolute_newcombe_upper(*counts)
        ) -%}
        {%- set error = "sqrt(power(" ~ errors[0] ~ ", 2) + power(" ~ errors[1] ~ ", 2))" -%}
    {%- endif -%}
    {{ widened_limit("(" ~ value ~ ")", "(" ~ limit ~ ")", error, "log" if is_ratio else "identity") }}
{%- endmacro %}

{# Standard error that rounding adds to the logarithm of the ratio of two shares. Inputs: counts, as returns_gap_limit. #}
{% macro returns_ratio_rounding(counts) -%}
    {%- set x1, n1, x2, n2 = counts -%}
    sqrt(
        power({{ rounding_error(x1, n1, "true") }} * {{ n1 }} / nullif({{ x1 }}, 0), 2)
        + power({{ rounding_error(x2, n2, "true") }} * {{ n2 }} / nullif({{ x2 }}, 0), 2)
    )
{%- endmacro %}

{# What a q value of false_discovery says, in the words of the column certainty. #}
{% macro returns_certainty(q_value) -%}
    case
        when {{ q_value }} is null
        then 'too few to tell'
        when {{ q_value }} <= 0.05
        then 'clear difference'
        else 'no clear difference'
    end
{%- endmacro %}

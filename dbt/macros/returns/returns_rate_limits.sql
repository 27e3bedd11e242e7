{#
    Three columns of a cell that has been through returns_shown_cells: the 95% limits of its rate in per cent (Wilson), and
    disclosure_flag, OK exactly where the rate is shown.
#}
{% macro returns_rate_limits() -%}
    {{ disclosed_value("rate_status", wilson_lower("numerator", "denominator", 0.95, 100)) }} as ci_lower_95,
    {{ disclosed_value("rate_status", wilson_upper("numerator", "denominator", 0.95, 100)) }} as ci_upper_95,
    case when rate_status = 'published' then 'OK' else upper(rate_status) end as disclosure_flag
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

{# logit of a proportion, drawn from a normal distribution: the fitted ends are the logistic of the line. #}
{% macro measure_slope_logit_fit(value) -%} {{ return(measure_logit(value)) }} {%- endmacro %}

{% macro measure_slope_logit_width(low, high) -%}
    {%- set odds = high ~ " * (1e0 - " ~ low ~ ") / ((1e0 - " ~ high ~ ") * " ~ low ~ ")" -%}
    {{ return("case when " ~ low ~ " > 0e0 and " ~ high ~ " < 1e0 then ln(" ~ odds ~ ") end") }}
{%- endmacro %}

{% macro measure_slope_logit_moments() -%} {{ measure_slope_normal_moments() }} {%- endmacro %}

{% macro measure_slope_logit_end(sign, slope) -%}
    {{ measure_logistic(measure_slope_line(sign, slope)) }}
{%- endmacro %}

{% macro measure_slope_logit_limit(sign) -%}
    {%- set slope = "measure_beta " ~ sign ~ " measure_beta_margin" -%}
    {{ measure_slope_logit_end("+", slope) }} - {{ measure_slope_logit_end("-", slope) }}
{%- endmacro %}

{% macro measure_slope_logit_relative_limit(sign) -%}
    {%- set slope = "(measure_beta " ~ sign ~ " measure_beta_margin)" -%}
    {{ measure_slope_logit_end("+", slope) }} / nullif({{ measure_slope_logit_end("-", slope) }}, 0e0)
{%- endmacro %}

{# ln of a rate, drawn from a normal distribution: the fitted ends are exp of the line, their ratio exp of the slope. #}
{% macro measure_slope_log_fit(value) -%} {{ return(measure_ln(value)) }} {%- endmacro %}

{% macro measure_slope_log_width(low, high) -%}
    {{ return("case when " ~ low ~ " > 0e0 then ln(" ~ high ~ " / " ~ low ~ ") end") }}
{%- endmacro %}

{% macro measure_slope_log_moments() -%} {{ measure_slope_normal_moments() }} {%- endmacro %}

{% macro measure_slope_log_end(sign, slope) -%} exp({{ measure_slope_line(sign, slope) }}) {%- endmacro %}

{% macro measure_slope_log_limit(sign) -%}
    {%- set slope = "measure_beta " ~ sign ~ " measure_beta_margin" -%}
    {{ measure_slope_log_end("+", slope) }} - {{ measure_slope_log_end("-", slope) }}
{%- endmacro %}

{% macro measure_slope_log_relative_limit(sign) -%} exp(measure_beta {{ sign }} measure_beta_margin) {%- endmacro %}

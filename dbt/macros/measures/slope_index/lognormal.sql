{# A rate itself, drawn on the log scale: the cumulants of its draws have a closed form. #}
{% macro measure_slope_lognormal_fit(value) -%}
    {{ return("case when " ~ value ~ " >= 0e0 then " ~ value ~ " end") }}
{%- endmacro %}

{% macro measure_slope_lognormal_width(low, high) -%} {{ return(measure_slope_log_width(low, high)) }} {%- endmacro %}

{% macro measure_slope_lognormal_moments() -%} {{ measure_slope_drawn_moments("lognormal") }} {%- endmacro %}

{% macro measure_slope_lognormal_draws() -%}
    {{ return({"measure_w": "exp(measure_error * measure_error)"}) }}
{%- endmacro %}

{% macro measure_slope_lognormal_location() -%} measure_value * sqrt(measure_w) {%- endmacro %}

{% macro measure_slope_lognormal_variance() -%} measure_location * measure_location * (measure_w - 1e0) {%- endmacro %}

{% macro measure_slope_lognormal_cumulant_3() -%}
    power(measure_location, 3) * power(measure_w - 1e0, 2) * (measure_w + 2e0)
{%- endmacro %}

{% macro measure_slope_lognormal_cumulant_4() -%}
    power(measure_variance, 2) * (power(measure_w, 4) + 2e0 * power(measure_w, 3) + 3e0 * power(measure_w, 2) - 6e0)
{%- endmacro %}

{% macro measure_slope_lognormal_end(sign, slope) -%} {{ measure_slope_line(sign, slope) }} {%- endmacro %}

{% macro measure_slope_lognormal_limit(sign) -%} {{ measure_cornish_fisher_limit(sign) }} {%- endmacro %}

{% macro measure_slope_lognormal_relative_limit(sign) -%} {{ measure_fieller_limit(sign) }} {%- endmacro %}

{# Any other number, drawn from a normal distribution. The limits of the relative index are Fieller's. #}
{% macro measure_slope_identity_fit(value) -%} {{ return(value) }} {%- endmacro %}

{% macro measure_slope_identity_width(low, high) -%} {{ return("(" ~ high ~ " - " ~ low ~ ")") }} {%- endmacro %}

{% macro measure_slope_identity_moments() -%} {{ measure_slope_normal_moments() }} {%- endmacro %}

{% macro measure_slope_identity_end(sign, slope) -%} {{ measure_slope_line(sign, slope) }} {%- endmacro %}

{% macro measure_slope_identity_limit(sign) -%} measure_beta {{ sign }} measure_beta_margin {%- endmacro %}

{% macro measure_slope_identity_relative_limit(sign) -%} {{ measure_fieller_limit(sign) }} {%- endmacro %}

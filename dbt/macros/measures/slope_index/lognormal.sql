{# A rate itself, drawn on the log scale: the cumulants of its draws have a closed form. #}
{% macro measure_slope_lognormal_fit(value) -%}
    {{ return("case when " ~ value ~ " >= 0e0 then " ~ value ~ " end") }}
{%- endmacro %}

{% macro measure_slope_lognormal_width(low, high) -%} {{ return(measure_slope_log_width(low, high)) }} {%- endmacro %}

{% macro measure_slope_lognormal_moments() -%}
    measure_spreads as (select *, exp(measure_error * measure_error) as measure_w from measure_valued),
    measure_located as (select *, measure_value * sqrt(measure_w) as measure_location from measure_spreads),
    measure_varied as (
        select *, measure_location * measure_location * (measure_w - 1e0) as measure_variance from measure_located
    ),
    measure_moments as (
        select
            *,
            power(measure_location, 3) * power(measure_w - 1e0, 2) * (measure_w + 2e0) as measure_cumulant_3,
            power(measure_variance, 2)
            * (power(measure_w, 4) + 2e0 * power(measure_w, 3) + 3e0 * power(measure_w, 2) - 6e0) as measure_cumulant_4
        from measure_varied
    )
{%- endmacro %}

{% macro measure_slope_lognormal_end(sign, slope) -%} {{ measure_slope_line(sign, slope) }} {%- endmacro %}

{% macro measure_slope_lognormal_limit(sign) -%} {{ measure_cornish_fisher_limit(sign) }} {%- endmacro %}

{% macro measure_slope_lognormal_relative_limit(sign) -%} {{ measure_fieller_limit(sign) }} {%- endmacro %}

{# The parts that gaps of proportions, rates and standardised values share. The callers check the inputs. #}
{#
    One limit of estimate_1 - estimate_2 by the method of variance estimates recovery (MOVER; Donner and Zou 2012): d
    -/+ sqrt((estimate_1 - limit_1)^2 + (limit_2 - estimate_2)^2). For "-" limit_1 is a lower and limit_2 an upper
    limit; for "+" the other way round.
#}
{% macro measure_mover_unchecked(estimate_1, limit_1, estimate_2, limit_2, sign) -%}
    (
        {{ estimate_1 }} - {{ estimate_2 }} {{ sign }} sqrt(
            power({{ estimate_1 }} - {{ limit_1 }}, 2) + power({{ limit_2 }} - {{ estimate_2 }}, 2)
        )
    )
{%- endmacro %}

{% macro measure_ratio_unchecked(numerator_1, denominator_1, numerator_2, denominator_2) -%}
    (
        {{ measure_proportion_unchecked(numerator_1, denominator_1) }}
        / nullif({{ measure_proportion_unchecked(numerator_2, denominator_2) }}, 0e0)
    )
{%- endmacro %}

{#
    exp(ln estimate -/+ z sqrt(variance of the logarithm)); rounding may bring the variance just below 0 where it is 0.
#}
{% macro measure_log_limit_unchecked(estimate, log_variance, confidence, sign) -%}
    ({{ estimate }} * exp({{ "-" if sign == "-" }}{{ normal_quantile(confidence) }} * {{ measure_root(log_variance) }}))
{%- endmacro %}

{% macro measure_zero_numerator_reason(numerator, group_label) -%}
    case when {{ measure_double(numerator) }} = 0e0 then '{{ group_label }}: zero numerator' end
{%- endmacro %}

{#
    Theil index and mean log deviation, times 1000: aggregate expressions over the columns of population_shares.
    Inputs: value (at or above 0; 0 must have been replaced by 0.000001, as measure_entropy_value does), share, mean (of
    the replaced values, the same on every row), standard_error. r = y / mu.
    Source: WHO HEAT (healthequal ti, mld); Ahn 2018 for the standard errors, which the package leaves a thousand times
    too small.
    NULL: a mean of 0 or below.
#}
{# The value with 0 replaced by 0.000001 (healthequal); NULL below 0, where there is no logarithm. #}
{% macro measure_entropy_value(value) -%}
    case when {{ value }} > 0e0 then {{ value }} when {{ value }} = 0e0 then 1e-6 end
{%- endmacro %}

{# Theil index: 1000 sum a r ln r. #}
{% macro theil_index(value, share, mean) -%}
    (
        1000e0
        *
        {% call in_order("sum") %}{{ share }} * {{ measure_relative_to(value, mean) }} * {{ measure_ln_relative(value, mean) }}{% endcall %}
    )
{%- endmacro %}

{#
    Standard error of the Theil index: 1000 sqrt(sum (1 + ln r - sum a r (1 + ln r))^2 a^2 se^2 / mu^2). `centre` is
    sum a r (1 + ln r), which is 1 plus the index over 1000, the same on every row.
#}
{% macro theil_index_standard_error(value, share, mean, standard_error, centre) -%}
    (
        1000e0 * sqrt(
            {% call in_order("sum") %}
                power(
                    (1e0 + {{ measure_ln_relative(value, mean) }} - {{ centre }})
                    * {{ share }}
                    * {{ standard_error }}
                    / nullif({{ mean }}, 0e0),
                    2
                )
            {% endcall %}
        )
    )
{%- endmacro %}

{# Mean log deviation: 1000 sum a (-ln r). #}
{% macro mean_log_deviation(value, share, mean) -%}
    (
        -1000e0
        *
        {% call in_order("sum") %}{{ share }} * {{ measure_ln_relative(value, mean) }}{% endcall %}
    )
{%- endmacro %}

{# Standard error of the mean log deviation: 1000 sqrt(sum a^2 se^2 / mu^2 (1 - 1/r)^2). #}
{% macro mean_log_deviation_standard_error(value, share, mean, standard_error) -%}
    (
        1000e0 * sqrt(
            {% call in_order("sum") %}
                power(
                    {{ share }}
                    * {{ standard_error }}
                    / nullif({{ mean }}, 0e0)
                    * (1e0 - 1e0 / nullif({{ measure_relative_to(value, mean) }}, 0e0)),
                    2
                )
            {% endcall %}
        )
    )
{%- endmacro %}

{% macro measure_relative_to(value, mean) -%}({{ value }} / nullif({{ mean }}, 0e0)) {%- endmacro %}

{% macro measure_ln_relative(value, mean) -%}
    case when {{ value }} > 0e0 and {{ mean }} > 0e0 then ln({{ value }} / {{ mean }}) end
{%- endmacro %}

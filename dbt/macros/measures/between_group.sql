{#
    Variation between subgroups: aggregate expressions over the columns of population_shares.
    Inputs: value, share, mean (the same on every row), standard_error.
    Source: WHO HEAT (healthequal bgv, bgsd, covar); Ahn 2018 for the standard error.
#}
{# Between-group variance: sum a (y - mu)^2, in the square of the value's unit. #}
{% macro between_group_variance(value, share, mean) -%}
    {% call in_order("sum") %}{{ share }} * power({{ value }} - {{ mean }}, 2){% endcall %}
{%- endmacro %}

{#
    Standard error of the between-group variance: sqrt(4 sum a^2 se^2 (y - mu)^2
    + 2 ((sum a^2 se^2)^2 - sum a^4 se^4 + sum a^2 (1 - a)^2 se^4)).
#}
{% macro between_group_variance_standard_error(value, share, mean, standard_error) -%}
    {%- set variance = "power(" ~ standard_error ~ ", 2)" -%}
    sqrt(
        4e0
        *
        {% call in_order("sum") %}power({{ share }} * ({{ value }} - {{ mean }}), 2) * {{ variance }}{% endcall %}
        + 2e0
        * (
            power(
                {% call in_order("sum") %}power({{ share }}, 2) * {{ variance }}{% endcall %},
                2
            )
            -
            {% call in_order("sum") %}power({{ share }}, 4) * power({{ variance }}, 2){% endcall %}
            +
            {% call in_order("sum") %}power({{ share }} * (1e0 - {{ share }}), 2) * power({{ variance }}, 2){% endcall %}
        )
    )
{%- endmacro %}

{# Between-group standard deviation: sqrt(BGV), in the value's unit. #}
{% macro between_group_standard_deviation(value, share, mean) -%}
    sqrt({{ between_group_variance(value, share, mean) }})
{%- endmacro %}

{# Its standard error by the delta method, se(BGV) / (2 BGSD). NULL where there is no inequality. #}
{% macro between_group_standard_deviation_standard_error(value, share, mean, standard_error) -%}
    (
        {{ between_group_variance_standard_error(value, share, mean, standard_error) }}
        / nullif(2e0 * {{ between_group_standard_deviation(value, share, mean) }}, 0e0)
    )
{%- endmacro %}

{# Coefficient of variation: 100 BGSD / mu, per cent. NULL for a mean of 0. #}
{% macro coefficient_of_variation(value, share, mean) -%}
    (100e0 * {{ between_group_standard_deviation(value, share, mean) }} / nullif(max({{ mean }}), 0e0))
{%- endmacro %}

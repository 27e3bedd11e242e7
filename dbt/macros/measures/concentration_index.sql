{#
    Absolute and relative concentration index: aggregate expressions over the columns of population_shares, ordered
    subgroups.
    Inputs: value, share, ridit, mean (the same on every row), standard_error, residual, spread.
    Source: WHO HEAT (healthequal aci, rci); Wagstaff 1991. NULL as inequality_measures says.
#}
{#
    Absolute concentration index: sum a (2b - 1) y, in the value's unit; above 0 where high values lie with the less
    disadvantaged.
#}
{% macro absolute_concentration_index(value, share, ridit) -%}
    {% call in_order("sum") %}{{ share }} * (2e0 * {{ ridit }} - 1e0) * {{ value }}{% endcall %}
{%- endmacro %}

{# Its standard error from those of the values: sqrt(sum (a (2b - 1))^2 se^2). Recommended: it is the sampling error. #}
{% macro absolute_concentration_index_standard_error(standard_error, share, ridit) -%}
    sqrt(
        {% call in_order("sum") %}power({{ share }} * (2e0 * {{ ridit }} - 1e0) * {{ standard_error }}, 2){% endcall %}
    )
{%- endmacro %}

{#
    The standard error of healthequal, 2 sqrt(D sum a e^2 / (K - 2)): the lack of fit of the line, not sampling; four
    times too wide in the package's own example. For comparison with HEAT. NULL for fewer than three subgroups.
#}
{% macro absolute_concentration_index_model_error(residual, share, spread) -%}
    (
        2e0 * sqrt(
            max({{ spread }})
            *
            {% call in_order("sum") %}{{ share }} * {{ residual }} * {{ residual }}{% endcall %}
            / nullif(case when count(*) > 2 then count(*) - 2e0 end, 0e0)
        )
    )
{%- endmacro %}

{# Relative concentration index: the absolute one over the mean, no unit. NULL for a mean of 0. #}
{% macro relative_concentration_index(value, share, ridit, mean) -%}
    ({{ absolute_concentration_index(value, share, ridit) }} / nullif(max({{ mean }}), 0e0))
{%- endmacro %}

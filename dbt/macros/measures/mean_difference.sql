{#
    Mean differences of subgroups from one point, and the index of disparity: aggregate expressions over the columns of
    population_shares.
    Inputs: value, share, mean; point (an expression, the same on every row or an aggregate over a window: the mean, the
    best value or the reference's value). The mean is the population-weighted one throughout.
    Source: WHO HEAT (healthequal mdmu, mdmw, mdbu, mdbw, mdru, mdrw, idisu, idisw). No closed-form interval is known;
    none is given.
#}
{# Unweighted: the plain mean of abs(y - point) over the subgroups, in the value's unit. #}
{% macro mean_difference(value, point) -%}
    {% call in_order("avg") %}abs({{ value }} - {{ point }}){% endcall %}
{%- endmacro %}

{# Weighted by population share: sum a abs(y - point), in the value's unit. #}
{% macro mean_difference_weighted(value, share, point) -%}
    {% call in_order("sum") %}{{ share }} * abs({{ value }} - {{ point }}){% endcall %}
{%- endmacro %}

{# Index of disparity, unweighted: 100/K sum abs(y - mu) / mu, per cent. NULL for a mean of 0. #}
{% macro index_of_disparity(value, mean) -%}
    (100e0 * {{ mean_difference(value, mean) }} / nullif(max({{ mean }}), 0e0))
{%- endmacro %}

{# Index of disparity, weighted: 100 sum a abs(y - mu) / mu, per cent. NULL for a mean of 0. #}
{% macro index_of_disparity_weighted(value, share, mean) -%}
    (100e0 * {{ mean_difference_weighted(value, share, mean) }} / nullif(max({{ mean }}), 0e0))
{%- endmacro %}

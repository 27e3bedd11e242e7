{#
    Quantile of an area by the value of an index, 1 to quantiles: a window expression.

    Inputs: value (the index or its rank), quantiles (10 for deciles), invert (true: the highest value is quantile 1, as
    for an IMD score, where high is most deprived; false: the lowest value is), partition_by (columns within which the
    areas are ranked).
    Method: q = floor((Q + 1) - ceil((n + 1 - rank) / (n / Q))), 0 becomes 1; ties take the lowest rank; areas without a
    value are not ranked and not counted.
    Source: PHEindicatormethods phe_quantile. For national IMD deciles take the published decile.
    NULL: a missing value, or fewer areas with a value than quantiles (deprivation_quantile_reason says which).
#}
{% macro deprivation_quantile(value, quantiles=10, invert=true, partition_by=[]) -%}
    {%- set partition = measure_partition(partition_by) -%}
    {%- set known = measure_quantile_value(value) -%}
    {%- set sizes = "count(" ~ known ~ ") over (" ~ partition ~ ")" -%}
    {%- set ranks -%}
        rank() over (
            {{ partition }}
            order by
                case when {{ measure_boolean(invert) }} then -({{ known }}) else {{ known }} end nulls last
        )
    {%- endset -%}
    case
        when {{ deprivation_quantile_reason(value, quantiles, partition_by) }} is null
        then
            greatest(
                1e0,
                floor(
                    ({{ measure_double(quantiles) }} + 1e0) - ceil(
                        (({{ sizes }} + 1e0) - {{ ranks }}) / nullif({{ sizes }} / {{ measure_double(quantiles) }}, 0e0)
                    )
                )
            )
    end
{%- endmacro %}

{# Why an area has no quantile: NULL where it has one. #}
{% macro deprivation_quantile_reason(value, quantiles=10, partition_by=[]) -%}
    {%- set known = measure_quantile_value(value) -%}
    case
        when {{ known }} is null
        then 'missing value'
        when count({{ known }}) over ({{ measure_partition(partition_by) }}) < {{ measure_double(quantiles) }}
        then 'fewer areas than quantiles'
    end
{%- endmacro %}

{% macro measure_quantile_value(value) -%}
    {{ return("case when " ~ measure_is_finite(value) ~ " then " ~ measure_double(value) ~ " end") }}
{%- endmacro %}

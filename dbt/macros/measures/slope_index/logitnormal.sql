{# A proportion itself, drawn on the logit scale: the moments of its draws have no closed form and are added up over nodes. #}
{% macro measure_slope_logitnormal_fit(value) -%}
    {{ return("case when " ~ value ~ " >= 0e0 and " ~ value ~ " <= 1e0 then " ~ value ~ " end") }}
{%- endmacro %}

{% macro measure_slope_logitnormal_width(low, high) -%}
    {{ return(measure_slope_logit_width(low, high)) }}
{%- endmacro %}

{#
    Nodes and weights of the nine-point Gauss-Hermite rule for a standard normal variable (numpy hermegauss(9), weights
    divided by sqrt(2 pi)), for the moments of a logit-normal draw, which have no closed form.
#}
{% macro measure_normal_nodes() -%}
    {{
        return(
            [
                (-4.512745863399783, 2.2345844007746607e-05),
                (-3.20542900285647, 0.0027891413212317692),
                (-2.07684797867783, 0.04991640676521782),
                (-1.0232556637891326, 0.24409750289493953),
                (0.0, 0.40634920634920635),
                (1.0232556637891326, 0.24409750289493953),
                (2.07684797867783, 0.04991640676521782),
                (3.20542900285647, 0.0027891413212317692),
                (4.512745863399783, 2.2345844007746607e-05),
            ]
        )
    }}
{%- endmacro %}

{% macro measure_slope_logitnormal_moments() -%} {{ measure_slope_drawn_moments("logitnormal") }} {%- endmacro %}

{% macro measure_slope_logitnormal_draws() -%}
    {%- set nodes = {} -%}
    {%- for node, weight in measure_normal_nodes() -%}
        {%- set drawn = measure_logit("measure_value") ~ " + measure_error * " ~ measure_double(node) -%}
        {%- do nodes.update({"measure_node_" ~ loop.index: measure_logistic(drawn)}) -%}
    {%- endfor -%}
    {{ return(nodes) }}
{%- endmacro %}

{% macro measure_slope_logitnormal_location() -%} {{ measure_node_sum(0, "0e0") }} {%- endmacro %}

{% macro measure_slope_logitnormal_variance() -%} {{ measure_node_sum(2, "measure_location") }} {%- endmacro %}

{% macro measure_slope_logitnormal_cumulant_3() -%} {{ measure_node_sum(3, "measure_location") }} {%- endmacro %}

{% macro measure_slope_logitnormal_cumulant_4() -%}
    {{ measure_node_sum(4, "measure_location") }} - 3e0 * power(measure_variance, 2)
{%- endmacro %}

{# sum of weight * (node - centre)^power over the nodes; the mean for power 0. #}
{% macro measure_node_sum(exponent, centre) -%}
    {%- set terms = [] -%}
    {%- for node, weight in measure_normal_nodes() -%}
        {%- set column = "measure_node_" ~ loop.index -%}
        {%- do terms.append(
            measure_double(weight)
            ~ " * "
            ~ (column if exponent == 0 else "power(" ~ column ~ " - " ~ centre ~ ", " ~ exponent ~ ")")
        ) -%}
    {%- endfor -%}
    {{ return("(" ~ terms | join(" + ") ~ ")") }}
{%- endmacro %}

{% macro measure_slope_logitnormal_end(sign, slope) -%} {{ measure_slope_line(sign, slope) }} {%- endmacro %}

{% macro measure_slope_logitnormal_limit(sign) -%} {{ measure_cornish_fisher_limit(sign) }} {%- endmacro %}

{% macro measure_slope_logitnormal_relative_limit(sign) -%} {{ measure_fieller_limit(sign) }} {%- endmacro %}

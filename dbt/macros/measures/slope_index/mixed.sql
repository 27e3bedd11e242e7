{#
    Rows of several kinds in one pass, where value_type or transform is a column: each part is chosen by the column measure_kind, which is
    the same in a group. A row of the kind unknown has nothing to fit.
#}
{% macro measure_slope_kinds() -%}
    {{ return(["identity", "log", "logit", "lognormal", "logitnormal"]) }}
{%- endmacro %}

{# The part of each kind under its name; kinds whose part is the same text share one. #}
{% macro measure_slope_by_kind(part, kinds) -%}
    {%- set texts = {} -%}
    {%- for kind in kinds -%}
        {%- set text = measure_of_kind(kind, part, *varargs) | string | trim -%}
        {%- do texts.update({text: texts.get(text, []) + [kind]}) -%}
    {%- endfor -%}
    case
        {%- for text, of in texts.items() %}
            when measure_kind in ('{{ of | join("', '") }}') then {{ text }}
        {%- endfor %}
        {%- if caller is defined %} else {{ caller() }} {%- endif %}
    end
{%- endmacro %}

{% macro measure_slope_mixed_fit(value) -%}
    {{ return(measure_slope_by_kind("fit", measure_slope_kinds(), value)) }}
{%- endmacro %}

{% macro measure_slope_mixed_width(low, high) -%}
    {{ return(measure_slope_by_kind("width", measure_slope_kinds(), low, high)) }}
{%- endmacro %}

{% macro measure_slope_mixed_moments() -%} {{ measure_slope_drawn_moments("mixed") }} {%- endmacro %}

{% macro measure_slope_mixed_draws() -%}
    {%- set draws = {} -%}
    {%- for kind in ["lognormal", "logitnormal"] -%}
        {%- for name, expression in measure_of_kind(kind, "draws").items() -%}
            {%- do draws.update({name: "case when measure_kind = '" ~ kind ~ "' then " ~ expression ~ " end"}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(draws) }}
{%- endmacro %}

{% macro measure_slope_mixed_location() -%}
    {% call measure_slope_by_kind("location", ["lognormal", "logitnormal"]) %}measure_y{% endcall %}
{%- endmacro %}

{% macro measure_slope_mixed_variance() -%}
    {% call measure_slope_by_kind("variance", ["lognormal", "logitnormal"]) %}measure_error * measure_error{% endcall %}
{%- endmacro %}

{% macro measure_slope_mixed_cumulant_3() -%}
    {{ measure_slope_by_kind("cumulant_3", ["lognormal", "logitnormal"]) }}
{%- endmacro %}

{% macro measure_slope_mixed_cumulant_4() -%}
    {{ measure_slope_by_kind("cumulant_4", ["lognormal", "logitnormal"]) }}
{%- endmacro %}

{% macro measure_slope_mixed_end(sign, slope) -%}
    {{ measure_slope_by_kind("end", measure_slope_kinds(), sign, slope) }}
{%- endmacro %}

{% macro measure_slope_mixed_limit(sign) -%}
    {{ measure_slope_by_kind("limit", measure_slope_kinds(), sign) }}
{%- endmacro %}

{% macro measure_slope_mixed_relative_limit(sign) -%}
    {{ measure_slope_by_kind("relative_limit", measure_slope_kinds(), sign) }}
{%- endmacro %}

{#
    The rules of control_chart. A run end is 0, or the signed number of the point on which a run ends (+ high or
    rising).
#}
{#
    Point number times direction where the last `length` points (for steps: `length` minus one steps) all have the same
    sign, else 0. less is 1 for steps between points, 0 for points.
#}
{% macro measure_run_end(sign, partition, length, less) -%}
    {%- set window -%}
        over ({{ partition }} order by period rows between {{ measure_less(length, 1 + less) }} preceding and current row)
    {%- endset -%}
    case
        when sum(case when {{ sign }} = 1 then 1 else 0 end) {{ window }} = {{ measure_less(length, less) }}
        then point_number
        when sum(case when {{ sign }} = -1 then 1 else 0 end) {{ window }} = {{ measure_less(length, less) }}
        then - point_number
        else 0
    end
{%- endmacro %}

{# length - less, at compilation where length is a number. #}
{% macro measure_less(length, less) -%}
    {{ return(length - less if length is number else "(" ~ length ~ " - " ~ less ~ ")") }}
{%- endmacro %}

{# Two of the last three points close to the limits, all three on one side of the mean. #}
{% macro measure_two_in_three_end(partition) -%}
    {%- set window -%} over ({{ partition }} order by period rows between 2 preceding and current row) {%- endset -%}
    case
        when
            abs(sum(relative_to_mean) {{ window }}) = 3
            and sum(case when close_to_limits then 1 else 0 end) {{ window }} >= 2
        then point_number * relative_to_mean
        else 0
    end
{%- endmacro %}

{#
    1 or -1 where the point lies in a run that ends on it or within the next length - 1 points (the latest such run),
    else 0.
#}
{% macro measure_latest_run(run_end, partition, length) -%}
    {%- set window -%}
        over ({{ partition }} order by period rows between current row and {{ measure_less(length, 1) }} following)
    {%- endset -%}
    case
        when max(abs({{ run_end }})) {{ window }} = 0
        then 0
        when max({{ run_end }}) {{ window }} = max(abs({{ run_end }})) {{ window }}
        then 1
        else -1
    end
{%- endmacro %}

{# A rule of runs does not hold where neighbours are alike. #}
{% macro measure_run_rule(run) -%} case when is_autocorrelated then 0 else {{ run }} end {%- endmacro %}

{# The label of a point in NHSRplotthedots' words; rules in order of precedence. #}
{% macro measure_special_cause(run_length, shift_length) -%}
    case
        when outside_limits
        then case when relative_to_mean > 0 then 'Above UCL' else 'Below LCL' end
        when measure_trend > 0
        then {{ measure_length_text(run_length) }} || ' Point Trend (Increasing)'
        when measure_trend < 0
        then {{ measure_length_text(run_length) }} || ' Point Trend (Decreasing)'
        when measure_near_run <> 0
        then case when measure_near_run > 0 then '2 in 3 Above CL' else '2 in 3 Below CL' end
        when measure_shift <> 0
        then
            {{ measure_length_text(shift_length) }}
            || case when measure_shift > 0 then ' Points Above CL' else ' Points Below CL' end
        else 'Common Cause'
    end
{%- endmacro %}

{% macro measure_length_text(run_length) -%} {{ measure_text(run_length) }} {%- endmacro %}

{#
    +1 where the label points up, -1 where it points down, 0 for common cause: the same precedence as
    measure_special_cause.
#}
{% macro measure_special_cause_sign() -%}
    case
        when outside_limits
        then relative_to_mean
        when measure_trend <> 0
        then measure_trend
        when measure_near_run <> 0
        then measure_near_run
        else measure_shift
    end
{%- endmacro %}

{#
    Comparison of an area with a benchmark that counts as exact.

    Inputs: lower, upper (limits of the area's value; for the five-way label those at 95% and at 99.8%), benchmark (in
    the same unit), polarity (high_is_good, low_is_good or neutral: a bare word or a column).
    Method: significant when the benchmark lies strictly outside the limits; equal to a limit is similar. This is not
    "two intervals overlap", which is conservative.
    Source: OHID Fingertips, comparisons with a benchmark. Without limits or benchmark the label is 'not_compared',
    never 'similar'; a polarity that is not one of the three gives NULL.
#}
{% macro benchmark_direction(lower, upper, benchmark) -%}
    case
        when {{ measure_not_comparable([lower, upper, benchmark]) }}
        then 'not_compared'
        when {{ measure_double(lower) }} > {{ measure_double(benchmark) }}
        then 'higher'
        when {{ measure_double(upper) }} < {{ measure_double(benchmark) }}
        then 'lower'
        else 'similar'
    end
{%- endmacro %}

{# higher_998, higher_95, similar, lower_95, lower_998 or not_compared: see benchmark_direction. #}
{% macro benchmark_direction_five(lower_95, upper_95, lower_998, upper_998, benchmark) -%}
    case
        when {{ measure_not_comparable([lower_95, upper_95, lower_998, upper_998, benchmark]) }}
        then 'not_compared'
        when {{ measure_double(lower_998) }} > {{ measure_double(benchmark) }}
        then 'higher_998'
        when {{ measure_double(lower_95) }} > {{ measure_double(benchmark) }}
        then 'higher_95'
        when {{ measure_double(upper_998) }} < {{ measure_double(benchmark) }}
        then 'lower_998'
        when {{ measure_double(upper_95) }} < {{ measure_double(benchmark) }}
        then 'lower_95'
        else 'similar'
    end
{%- endmacro %}

{#
    better, similar or worse (higher, similar or lower for a neutral indicator), or not_compared: see
    benchmark_direction.
#}
{% macro benchmark_rating(lower, upper, benchmark, polarity) -%}
    {%- set words = ["high_is_good", "low_is_good", "neutral"] -%}
    {%- set known = "'" ~ polarity ~ "'" if polarity in words else polarity -%}
    {%- set direction = benchmark_direction(lower, upper, benchmark) -%}
    case
        when {{ known }} = 'neutral' or {{ direction }} in ('similar', 'not_compared')
        then {{ direction }}
        when {{ known }} = 'high_is_good'
        then case when {{ direction }} = 'higher' then 'better' else 'worse' end
        when {{ known }} = 'low_is_good'
        then case when {{ direction }} = 'lower' then 'better' else 'worse' end
    end
{%- endmacro %}

{# True where one of the expressions is NULL, NaN or infinite. #}
{% macro measure_not_comparable(expressions) -%}
    {%- set tests = [] -%}
    {%- for expression in expressions -%}
        {%- do tests.append("coalesce(not " ~ measure_is_finite(expression) ~ ", true)") -%}
    {%- endfor -%}
    ({{ tests | join(" or ") }})
{%- endmacro %}

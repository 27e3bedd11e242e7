{#
    Statistical disclosure control of counts.

    Inputs
      count      a count of people or events
      rule       hes, opensafely or none: a bare word or a column
      threshold  hes: 1 to threshold is suppressed (7)
      base       hes: others are rounded to the nearest multiple (5); opensafely: the width of the interval (6)
    Rules
      hes         0 stays 0, 1 to 7 is suppressed, others to the nearest 5. Totals are computed unrounded, then treated alike.
                  Source: NHS Digital, Disclosure control methodology for HES and ECDS (September 2018); sub-national counts only.
      opensafely  midpoint 6: ceil(n / 6) * 6 - 3, 0 stays 0; nothing is suppressed. Source: OpenSAFELY, rounding of counts.
      none        as it is (national figures of HES).
    A count that is missing, negative or not whole under a rule other than none gives NULL.
#}
{% macro disclosure_count(count, rule="hes", threshold=7, base=none) -%}
    {%- set n = measure_double(count) -%}
    case
        when {{ disclosure_reason(count, rule, threshold) }} is not null
        then null
        when {{ measure_disclosure_rule(rule) }} = 'hes'
        then {{ measure_rounded_to(n, measure_or_default(base, 5)) }}
        when {{ measure_disclosure_rule(rule) }} = 'opensafely'
        then {{ measure_midpoint(n, measure_or_default(base, 6)) }}
        else {{ n }}
    end
{%- endmacro %}

{# Why no count is given: NULL where one is. 'suppressed' is its own status, neither missing nor 0. #}
{% macro disclosure_reason(count, rule="hes", threshold=7) -%}
    {%- set n = measure_double(count) -%}
    {%- set known = measure_disclosure_rule(rule) -%}
    case
        when {{ count }} is null
        then 'missing count'
        when {{ known }} is null or {{ known }} not in ('hes', 'opensafely', 'none')
        then 'unknown disclosure rule'
        when not {{ measure_is_finite(count) }}
        then 'count is not a finite number'
        when {{ n }} < 0e0
        then 'negative count'
        when {{ known }} = 'hes' and {{ n }} > 0e0 and {{ n }} <= {{ measure_double(threshold) }}
        then 'suppressed'
        when {{ known }} <> 'none' and {{ n }} <> floor({{ n }})
        then 'count is not whole'
    end
{%- endmacro %}

{# What a table shows: the count as text, '*' where it is suppressed, NULL where there is none. #}
{% macro disclosure_text(count, rule="hes", threshold=7, base=none) -%}
    case
        when {{ disclosure_reason(count, rule, threshold) }} = 'suppressed'
        then '*'
        else {{ measure_text("cast(" ~ disclosure_count(count, rule, threshold, base) ~ " as bigint)") }}
    end
{%- endmacro %}

{#
    Why a crude rate, a proportion or its limits may not be shown: NULL where they may. An exact rate and a published
    denominator give the numerator back, so both the numerator and its complement must be 0 or above the threshold.
    Inputs: numerator, denominator, rule, threshold. Standardised rates, their limits and regressions are exempt.
#}
{% macro disclosure_ratio_reason(numerator, denominator, rule="hes", threshold=7) -%}
    {%- set complement = "(" ~ measure_double(denominator) ~ " - " ~ measure_double(numerator) ~ ")" -%}
    case
        when {{ disclosure_reason(numerator, rule, threshold) }} is not null
        then 'numerator: ' || {{ disclosure_reason(numerator, rule, threshold) }}
        when {{ denominator }} is null
        then 'denominator: missing count'
        when {{ disclosure_reason(complement, rule, threshold) }} = 'suppressed'
        then 'denominator minus numerator: suppressed'
    end
{%- endmacro %}

{% macro measure_disclosure_rule(rule) -%}
    {{ return("'" ~ rule ~ "'" if rule in ["hes", "opensafely", "none"] else rule) }}
{%- endmacro %}

{# To the nearest multiple of base, a half upwards. #}
{% macro measure_rounded_to(number, base) -%}
    (floor({{ number }} / {{ measure_double(base) }} + 0.5e0) * {{ measure_double(base) }})
{%- endmacro %}

{# The midpoint of the interval of width base in which a count lies; 0 stays 0. #}
{% macro measure_midpoint(number, base) -%}
    case
        when {{ number }} = 0e0
        then 0e0
        else
            ceil({{ number }} / {{ measure_double(base) }}) * {{ measure_double(base) }}
            - floor({{ measure_double(base) }} / 2e0)
    end
{%- endmacro %}

{# The fallback where the argument is not given: at compilation for none, at run time for an expression that is NULL. #}
{% macro measure_or_default(argument, fallback) -%}
    {%- if argument is none -%} {{ return(fallback) }} {%- endif -%}
    {{ return(argument if argument is number else "coalesce(" ~ argument ~ ", " ~ fallback ~ ")") }}
{%- endmacro %}

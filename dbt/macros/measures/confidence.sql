{#
    The two-sided confidence levels that the measures know, with the quantiles of the standard normal distribution
    z = qnorm(1/2 + confidence/2) in double precision and the exact Poisson limits of 0 to 9 events.

    The same numbers are the seeds `normal_quantiles` and `poisson_exact_limits`; they stand here as well so that a
    limit is a plain expression that needs no join, in a model or in a macro of the published file. A test holds the two
    copies equal to each other and to scipy (norm.ppf, chi2.ppf).
#}
{% macro measure_normal_quantiles() -%}
    {{
        return(
            {
                0.9: 1.6448536269514722,
                0.95: 1.959963984540054,
                0.98: 2.3263478740408408,
                0.99: 2.5758293035489004,
                0.998: 3.090232306167813,
            }
        )
    }}
{%- endmacro %}

{# A level that is not in the lookup stops the compilation: a limit at another level would have no tested value. #}
{% macro measure_check_confidence(confidence) -%}
    {%- if confidence is number and confidence not in measure_normal_quantiles() -%}
        {{
            exceptions.raise_compiler_error(
                "confidence " ~ confidence ~ " is not one of " ~ (measure_normal_quantiles().keys() | list)
            )
        }}
    {%- endif -%}
{%- endmacro %}

{#
    One of the `choices` (a dictionary by confidence level, of SQL texts): taken at compilation where the level is a
    number, by a CASE where it is an expression. NULL for a level that is not in the lookup. Rounding to 6 digits lets 1
    - 0.05 be 0.95.
#}
{% macro measure_by_confidence(confidence, choices) -%}
    {%- do measure_check_confidence(confidence) -%}
    {%- if confidence is number -%} {{ return(choices[confidence]) }} {%- endif -%}
    {%- set branches = [] -%}
    {%- for level, choice in choices.items() -%}
        {%- do branches.append("when " ~ measure_double(level) ~ " then " ~ choice) -%}
    {%- endfor -%}
    {{ return("case round(" ~ measure_double(confidence) ~ ", 6) " ~ branches | join(" ") ~ " end") }}
{%- endmacro %}

{#
    z of a two-sided confidence level.
    Inputs: confidence, a share (0.95, not 95): 0.9, 0.95, 0.98, 0.99 or 0.998.
    Source: scipy.stats.norm.ppf. NULL for any other level given as an expression; a compilation error for one given as
    a number.
#}
{% macro normal_quantile(confidence) -%}
    {%- set choices = {} -%}
    {%- for level, quantile in measure_normal_quantiles().items() -%}
        {%- do choices.update({level: measure_double(quantile)}) -%}
    {%- endfor -%}
    {{ return(measure_by_confidence(confidence, choices)) }}
{%- endmacro %}

{# Why an interval cannot be given at this level: NULL where it can. #}
{% macro confidence_reason(confidence) -%}
    {%- do measure_check_confidence(confidence) -%}
    {%- if confidence is number -%} {{ return(measure_text()) }} {%- endif -%}
    {{ return("case when " ~ normal_quantile(confidence) ~ " is null then 'confidence level not in the lookup' end") }}
{%- endmacro %}

{#
    Quantile of the gamma distribution with scale 1, for the exact Poisson limits of counts that are not whole (weighted
    data).

    Inputs: shape (above 0), probability (a number), for shapes up to about 11 (the lookup and Byar cover the rest).
    Method: Newton's steps on ln P(shape, x) against ln x, which is concave, so that from a start below the root they
    cannot miss it; P by its power series x^a e^-x / Gamma(a + 1) (1 + x/(a+1) (1 + x/(a+2) (...))), 120 terms. Agrees
    with scipy.stats.gamma.ppf to 1e-12. Behind dispatch: standard SQL has neither the gamma function nor loops within
    an expression; an engine other than DuckDB and Spark gives NULL and the reason 'exact limits below 10 need whole events'.
#}
{% macro measure_gamma_quantile(shape, probability) -%}
    {{ return(adapter.dispatch("measure_gamma_quantile")(shape, probability)) }}
{%- endmacro %}

{% macro default__measure_gamma_quantile(shape, probability) -%} {{ return("cast(null as double)") }} {%- endmacro %}

{% macro duckdb__measure_gamma_quantile(shape, probability) -%}
    {%- set p = measure_double(probability) -%}
    {%- set start -%} (ln({{ p }}) + lgamma({{ shape }} + 1e0)) / {{ shape }} {%- endset -%}
    {%- set series -%}
        list_reduce(
            list_prepend(1e0, list_reverse(range(1, 121))::double[]), lambda s, k: 1e0 + exp(u) / ({{ shape }} + k) * s
        )
    {%- endset -%}
    exp(
        list_reduce(
            list_prepend({{ start }}, range(0, 20)::double[]),
            lambda u,
            i:u
            - ({{ shape }} * u - exp(u) - lgamma({{ shape }} + 1e0) + ln({{ series }}) - ln({{ p }}))
            * {{ series }}
            / {{ shape }}
        )
    )
{%- endmacro %}

{% macro spark__measure_gamma_quantile(shape, probability) -%}
    {%- set p = measure_double(probability) -%}
    {%- set log_gamma = measure_log_gamma(shape ~ " + 1e0") -%}
    {%- set series -%} aggregate(sequence(120, 1), 1e0, (s, k) -> 1e0 + exp(u) / ({{ shape }} + k) * s) {%- endset -%}
    exp(
        aggregate(
            sequence(1, 20),
            (ln({{ p }}) + {{ log_gamma }}) / {{ shape }},
            (u, i)
            -> u
            - ({{ shape }} * u - exp(u) - {{ log_gamma }} + ln({{ series }}) - ln({{ p }})) * {{ series }} / {{ shape }}
        )
    )
{%- endmacro %}

{#
    True where the engine has measure_gamma_quantile: decides, at compilation, whether the reason for its absence is
    needed.
#}
{% macro measure_has_gamma_quantile() -%} {{ return(adapter.dispatch("measure_has_gamma_quantile")()) }} {%- endmacro %}

{% macro default__measure_has_gamma_quantile() -%} {{ return(false) }} {%- endmacro %}

{% macro duckdb__measure_has_gamma_quantile() -%} {{ return(true) }} {%- endmacro %}

{% macro spark__measure_has_gamma_quantile() -%} {{ return(true) }} {%- endmacro %}

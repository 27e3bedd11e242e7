{#
    How far subgroups lie apart beyond what chance makes: the between-group variance without its bias, with limits, beside
    what it would be if no subgroup differed. One row for each group.

    Inputs: relation, one row for each subgroup; group_by; value, population and standard_error of a subgroup (with the error of
    rounding, where counts are rounded).
    Gives: chance_p_value, the share of cases in which chance alone makes a variance of W or more, and keys, between_variance W = sum a (y - mu)^2 (a: share of the population), chance_variance (its mean if no subgroup
    differed), chance_variance_upper (its 95% point then), corrected_variance max(0, W - chance_variance), corrected_lower and
    corrected_upper (95%).
    Method: values that differ by chance alone spread as well, small groups most: W has the mean B + E, with B the variance of the
    true values and E = sum a (1 - a) se^2. W / g is taken as chi-squared with f degrees of freedom and non-centrality B / g, with
    g and f from the mean and the variance of W under chance (Satterthwaite); where se^2 falls with the population, as for shares and
    rates, f is the number of subgroups minus one. Limits: the non-centralities of which W is the 2.5% and the 97.5% point
    (noncentrality_limit); where the first is 0 and chance would pass W in at most 5%, the lower limit is that of the 5% point, so
    that it is above 0 exactly where the spread is more than chance.
    Why not Ahn's standard error: its limits lay below 0 in half of the published rows, and of 600 simulated trusts in which no
    group differed they left 0 out for 72% (between-group standard deviation) and 52% (Theil index over ethnic categories).
    Source: Ahn 2018; Satterthwaite 1946 (Biometrics Bulletin 2:110-114).
    NULL: a subgroup without value, standard error or population; the limits also where every standard error is 0.
#}
{% macro spread_under_chance(relation, group_by, value, population, standard_error) -%}
    {%- set deviate = measure_noncentral_deviate(
        "between_variance / nullif(measure_scale, 0e0)", "measure_freedom", "0e0"
    ) -%}
    {%- set shared = measure_partition(group_by) -%}
    {%- set corrected -%}
        case when between_variance < chance_variance then 0e0 else between_variance - chance_variance end
    {%- endset -%}
    with
        measure_values as (
            select
                {{ measure_key_columns(group_by) }}
                {{ measure_double(value) }} as measure_value,
                {{ measure_double(population) }} as measure_population,
                power({{ measure_double(standard_error) }}, 2) as measure_variance
            from {{ relation }}
        ),
        measure_shares as (
            select
                *,
                measure_population
                / nullif({{ in_order("sum", "measure_population") }} over ({{ shared }}), 0e0) as measure_share,
                {{ in_order("sum", "measure_population * measure_value") }} over ({{ shared }})
                / nullif({{ in_order("sum", "measure_population") }} over ({{ shared }}), 0e0) as measure_mean,
                count(*) over ({{ shared }})
                = count(measure_value + measure_population + measure_variance) over ({{ shared }}) as measure_is_whole
            from measure_values
        ),
        measure_moments as (
            select
                {{ measure_key_names(group_by) }}
                {{ between_group_variance("measure_value", "measure_share", "measure_mean") }} as between_variance,
                {{ in_order("sum", "measure_share * (1e0 - measure_share) * measure_variance") }} as chance_variance,
                2e0 * (
                    power({{ in_order("sum", "power(measure_share, 2) * measure_variance") }}, 2)
                    - {{ in_order("sum", "power(measure_share, 4) * power(measure_variance, 2)") }}
                    + {{ in_order("sum", "power(measure_share * (1e0 - measure_share) * measure_variance, 2)") }}
                ) as measure_variance_of_it
            from measure_shares
            where measure_is_whole {{ measure_group_by(group_by) }}
        ),
        measure_scaled as (
            select
                *,
                measure_variance_of_it / nullif(2e0 * chance_variance, 0e0) as measure_scale,
                2e0 * power(chance_variance, 2) / nullif(measure_variance_of_it, 0e0) as measure_freedom
            from measure_moments
        ),
        measure_limits as (
            select
                *,
                {%- for name, z in {
                    "lower": "1.959963984540054e0",
                    "barely": "1.6448536269514722e0",
                    "upper": "-1.959963984540054e0",
                }.items() %}
                    measure_scale
                    * {{ noncentrality_limit("between_variance / nullif(measure_scale, 0e0)", "measure_freedom", z) }}
                    as measure_{{ name }} {{- "," if not loop.last }}
                {%- endfor %}
            from measure_scaled
        )
    select
        {{ measure_key_names(group_by) }}
        between_variance,
        chance_variance,
        -- Wilson and Hilferty
        chance_variance * power(
            1e0 - 2e0 / (9e0 * measure_freedom) + 1.6448536269514722e0 * sqrt(2e0 / (9e0 * measure_freedom)), 3
        ) as chance_variance_upper,
        {{ corrected }} as corrected_variance,
        case
            when measure_lower > {{ corrected }}
            then {{ corrected }}
            when measure_lower > 0e0
            then measure_lower
            when measure_barely > {{ corrected }}
            then {{ corrected }}
            else measure_barely
        end as corrected_lower,
        measure_upper as corrected_upper,
        -- the same approximation as the limits, so that it is below 5% where the lower one is above 0
        case
            when {{ deviate }} > 0e0
            then {{ normal_p_value(deviate) }} / 2e0
            else 1e0 - {{ normal_p_value(deviate) }} / 2e0
        end as chance_p_value
    from measure_limits
{%- endmacro %}

{#
    The non-centrality at which x is the point of a chi-squared distribution at a standard normal z; 0 where x lies below
    that point without any.
    Method: Sankaran's normal approximation halved down on 50 times between 0 and a bound beyond any 99.8% limit; within 0.02 of
    scipy's ncx2 from 4 to 15 degrees of freedom where x is at least half of them, 0.13 below.
    Source: Sankaran 1963 (Biometrika 50:199-204).
    Behind dispatch: standard SQL has no loops within an expression; an engine other than DuckDB and Spark gives NULL.
#}
{% macro noncentrality_limit(x, freedom, z) -%}
    {{ return(adapter.dispatch("noncentrality_limit")(x, freedom, z)) }}
{%- endmacro %}

{% macro default__noncentrality_limit(x, freedom, z) -%} {{ return("cast(null as double)") }} {%- endmacro %}

{% macro duckdb__noncentrality_limit(x, freedom, z) -%}
    {%- set middle = "((nc_ends[1] + nc_ends[2]) / 2e0)" -%}
    case
        when {{ measure_noncentral_deviate(x, freedom, "0e0") }} <= {{ z }}
        then 0e0
        when {{ x }} > 0e0
        then
            list_avg(
                list_reduce(
                    list_prepend(
                        [0e0, {{ x }} + 10e0 * sqrt({{ x }} + 1e0) + 40e0],
                        list_transform(range(0, 50), lambda i:[0e0, 0e0])
                    ),
                    lambda nc_ends,
                    nc_step: case
                        when {{ measure_noncentral_deviate(x, freedom, middle) }} > {{ z }}
                        then [{{ middle }}, nc_ends[2]]
                        else [nc_ends[1], {{ middle }}]
                    end
                )
            )
    end
{%- endmacro %}

{% macro spark__noncentrality_limit(x, freedom, z) -%}
    {%- set middle = "((ends.low + ends.high) / 2e0)" -%}
    case
        when {{ measure_noncentral_deviate(x, freedom, "0e0") }} <= {{ z }}
        then 0e0
        when {{ x }} > 0e0
        then
            aggregate(
                sequence(1, 50),
                named_struct('low', 0e0, 'high', {{ x }} + 10e0 * sqrt({{ x }} + 1e0) + 40e0),
                (ends, step) -> case
                    when {{ measure_noncentral_deviate(x, freedom, middle) }} > {{ z }}
                    then named_struct('low', {{ middle }}, 'high', ends.high)
                    else named_struct('low', ends.low, 'high', {{ middle }})
                end,
                ends -> {{ middle }}
            )
    end
{%- endmacro %}

{# Standard normal deviate of x in a non-central chi-squared distribution (Sankaran). #}
{% macro measure_noncentral_deviate(x, freedom, noncentrality) -%}
    {%- set whole = "(" ~ freedom ~ " + " ~ noncentrality ~ ")" -%}
    {%- set twice = "(" ~ freedom ~ " + 2e0 * " ~ noncentrality ~ ")" -%}
    {%- set h -%}
        (1e0 - 2e0 / 3e0 * {{ whole }} * ({{ freedom }} + 3e0 * {{ noncentrality }}) / power({{ twice }}, 2))
    {%- endset -%}
    {%- set p = "(" ~ twice ~ " / power(" ~ whole ~ ", 2))" -%}
    {%- set m = "((" ~ h ~ " - 1e0) * (1e0 - 3e0 * " ~ h ~ "))" -%}
    (
        (
            power({{ x }} / {{ whole }}, {{ h }})
            - (1e0 + {{ h }} * {{ p }} * ({{ h }} - 1e0 - (2e0 - {{ h }}) * {{ m }} * {{ p }} / 2e0))
        )
        / ({{ h }} * sqrt(2e0 * {{ p }}) * (1e0 + {{ m }} * {{ p }} / 2e0))
    )
{%- endmacro %}

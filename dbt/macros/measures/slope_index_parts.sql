{#
    The common parts of slope_index. A "kind" is what is fitted and how its draws are distributed, each in a file of slope_index/:
    identity (the value, normal), log (ln rate, normal), logit (logit proportion, normal), lognormal (the rate itself, drawn on the
    log scale), logitnormal (the proportion itself, drawn on the logit scale). `unknown` is identity with nothing to fit.
#}
{# The part of a kind: fit, width, moments, end, limit or relative_limit. #}
{% macro measure_of_kind(kind, part) -%}
    {{ return(context["measure_slope_" ~ kind ~ "_" ~ part](*varargs)) }}
{%- endmacro %}

{# ln x and logit x where they are defined, else NULL: DuckDB raises on ln(0). #}
{% macro measure_ln(expression) -%} case when {{ expression }} > 0e0 then ln({{ expression }}) end {%- endmacro %}

{% macro measure_logit(expression) -%}
    case when {{ expression }} > 0e0 and {{ expression }} < 1e0 then ln({{ expression }} / (1e0 - {{ expression }})) end
{%- endmacro %}

{% macro measure_logistic(expression) -%} (1e0 / (1e0 + exp(- ({{ expression }})))) {%- endmacro %}

{#
    The standard error of a row on the scale on which it is drawn: as given, or (T(upper) - T(lower)) / 2z. NULL without
    either.
#}
{% macro measure_slope_input_error(kind, lower, upper, standard_error, limits_confidence) -%}
    {%- if lower is none or upper is none -%}
        {{ return("cast(null as double)" if standard_error is none else measure_double(standard_error)) }}
    {%- endif -%}
    {%- set low, high = measure_double(lower), measure_double(upper) -%}
    {%- set error -%}
        case
            when {{ high }} >= {{ low }}
            then {{ measure_of_kind(kind, "width", low, high) }} / (2e0 * {{ normal_quantile(limits_confidence) }})
        end
    {%- endset -%}
    {{
        return(
            error if standard_error is none else "coalesce(" ~ measure_double(standard_error) ~ ", " ~ error ~ ")"
        )
    }}
{%- endmacro %}

{# The CTE measure_moments of normal draws: the variance of each. #}
{% macro measure_slope_normal_moments() -%}
    measure_moments as (select *, measure_error * measure_error as measure_variance from measure_valued)
{%- endmacro %}

{# The CTE measure_moments of draws that are not normal: their location, variance, third and fourth cumulant. #}
{% macro measure_slope_drawn_moments(kind) -%}
    measure_drawn as (
        select
            *
            {%- for name, expression in measure_of_kind(kind, "draws").items() -%}
                , {{ expression }} as {{ name }}
            {%- endfor %}
        from measure_valued
    ),
    measure_located as (select *, {{ measure_of_kind(kind, "location") }} as measure_location from measure_drawn),
    measure_varied as (select *, {{ measure_of_kind(kind, "variance") }} as measure_variance from measure_located),
    measure_moments as (
        select
            *,
            {{ measure_of_kind(kind, "cumulant_3") }} as measure_cumulant_3,
            {{ measure_of_kind(kind, "cumulant_4") }} as measure_cumulant_4
        from measure_varied
    )
{%- endmacro %}

{#
    The terms of the weighted sums over the quantiles of a group. For every kind: the mean, slope and spread, and the variance of the
    slope. Without a transform also the location's own mean and slope and the (co)variances for Fieller; beyond normal
    draws the third and fourth cumulant for Cornish-Fisher.
#}
{% macro measure_slope_terms(kind) -%}
    {%- set terms = {
        "measure_mean": "measure_share * measure_y",
        "measure_slope_sum": "measure_share * measure_ridit * measure_y",
        "measure_spread": "measure_share * measure_ridit * measure_ridit",
        "measure_variance_2": "measure_share * measure_share * measure_ridit * measure_ridit * measure_variance",
    } -%}
    {%- if kind not in ["log", "logit"] -%}
        {%- set location = "measure_location" if kind in ["lognormal", "logitnormal", "mixed"] else "measure_y" -%}
        {%- do terms.update(
            {
                "measure_location_mean": "measure_share * " ~ location,
                "measure_location_slope": "measure_share * measure_ridit * " ~ location,
                "measure_variance_0": "measure_share * measure_share * measure_variance",
                "measure_variance_1": "measure_share * measure_share * measure_ridit * measure_variance",
            }
        ) -%}
    {%- endif -%}
    {%- if kind in ["lognormal", "logitnormal", "mixed"] -%}
        {%- do terms.update(
            {
                "measure_cumulant_sum_3": "power(measure_share * measure_ridit, 3) * measure_cumulant_3",
                "measure_cumulant_sum_4": "power(measure_share * measure_ridit, 4) * measure_cumulant_4",
            }
        ) -%}
    {%- endif -%}
    {{ return(terms) }}
{%- endmacro %}

{# The population where it is above 0 and finite, else NULL: so that one comparison with NULL later tells all. #}
{% macro measure_slope_population(population) -%}
    case
        when {{ measure_double(population) }} > 0e0 and {{ measure_double(population) }} <= 1.7976931348623157e308
        then {{ measure_double(population) }}
    end
{%- endmacro %}

{# The value where it is finite, else NULL. #}
{% macro measure_slope_value(value) -%}
    case when abs({{ measure_double(value) }}) <= 1.7976931348623157e308 then {{ measure_double(value) }} end
{%- endmacro %}

{# What is known of a whole group: how much of it there is, and its parameters where they are columns. #}
{% macro measure_slope_heads(parameters) -%}
    {% for name in parameters -%} max(measure_{{ name }}) as measure_given_{{ name }}, {% endfor -%}
    count(measure_value) = count(*) as measure_has_value,
    count(measure_population) = count(*) as measure_has_population,
    {{ in_order("sum", "measure_population") }} as population,
    count(*) as quantiles_used
{%- endmacro %}

{#
    The CTEs measure_placed (share and centred ridit of each quantile, by one window) and measure_sums (one row per group). What
    the window carries along is kept narrow: it is most of the time that a slope index takes.
#}
{% macro measure_slope_sums(kind, group_by, parameters) -%}
    measure_placed as (
        select
            *,
            measure_population
            / nullif({{ in_order("sum", "measure_population") }} over measure_all_rows, 0e0) as measure_share,
            (({{ in_order("sum", "measure_population") }} over measure_rows_so_far) - measure_population / 2e0)
            / nullif({{ in_order("sum", "measure_population") }} over measure_all_rows, 0e0)
            - 0.5e0 as measure_ridit,
            row_number() over measure_rows_so_far as measure_rank
        from measure_moments
        window
            measure_all_rows as ({{ measure_partition(group_by) }}),
            measure_rows_so_far as (
                {{ measure_partition(group_by) }}
                order by measure_quantile
                rows between unbounded preceding and current row
            )
    ),
    measure_sums as (
        select
            {{ measure_key_names(group_by) }}
            {% if kind == "mixed" %} max(measure_kind) as measure_kind, {% endif -%}
            {% for name, term in measure_slope_terms(kind).items() -%}
                {% call in_order("sum") %}{{ term }}{% endcall %}
                as {{ name }},
            {% endfor -%}
            {{ measure_all("measure_quantile = measure_rank") }} as measure_in_sequence,
            count(measure_y) = count(*) as measure_has_fit,
            count(measure_variance) = count(*) as measure_has_variance,
            {{ measure_slope_heads(parameters) }}
        from measure_placed {{ measure_group_by(group_by) }}
    )
{%- endmacro %}

{#
    Per group, for the kinds without a transform: the mean slope, the means and (co)variances of the fitted ends (for
    Fieller), and the skewness and excess kurtosis of the slope.
#}
{% macro measure_slope_moment_parts(kind) -%}
    {%- if kind not in ["log", "logit"] -%}
        {%- set slope = "measure_location_slope / nullif(measure_spread, 0e0)" -%}
        {%- set cross = "measure_variance_1 / nullif(measure_spread, 0e0)" -%}
        {%- set slope_quarter = "measure_variance_2 / nullif(4e0 * measure_spread * measure_spread, 0e0)" -%},
        {{ slope }} as measure_slope_mean,
        measure_location_mean + {{ slope }} / 2e0 as measure_top_mean,
        measure_location_mean - {{ slope }} / 2e0 as measure_bottom_mean,
        measure_variance_0 + {{ cross }} + {{ slope_quarter }} as measure_top_variance,
        measure_variance_0 - {{ cross }} + {{ slope_quarter }} as measure_bottom_variance,
        measure_variance_0 - {{ slope_quarter }} as measure_ends_covariance
        {%- if kind in ["lognormal", "logitnormal", "mixed"] -%}
            ,
            coalesce(
                measure_cumulant_sum_3 / nullif(power({{ measure_root("measure_variance_2") }}, 3), 0e0), 0e0
            ) as measure_skewness,
            coalesce(
                measure_cumulant_sum_4 / nullif(measure_variance_2 * measure_variance_2, 0e0), 0e0
            ) as measure_kurtosis
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Why there is no slope index: NULL where there is one. Reads the columns of measure_sums. #}
{% macro measure_slope_reason(kind) -%}
    case
        when measure_quantiles is null or measure_quantiles < 5e0 or measure_quantiles > 100e0
        then 'number of quantiles must be between 5 and 100'
        when quantiles_used < measure_quantiles
        then 'a quantile is missing'
        when quantiles_used > measure_quantiles
        then 'a quantile is missing or given twice'
        when not measure_has_population
        then 'a quantile has no population'
        when not measure_in_sequence
        then 'a quantile is missing or given twice'
        when not measure_has_value
        then 'a quantile has no value'
        when not measure_has_fit
        then
            {% if kind == "mixed" -%}
                case
                    when measure_kind = 'unknown'
                    then 'unknown value type'
                    else 'a value is outside the range of the fit'
                end
            {%- else -%} 'a value is outside the range of the fit'
            {%- endif %}
        when measure_multiplier is null
        then 'missing multiplier'
    end
{%- endmacro %}

{# The line at one end, "-" the most and "+" the least deprived, for a slope. #}
{% macro measure_slope_line(sign, slope) -%} (measure_mean {{ sign }} ({{ slope }}) / 2e0) {%- endmacro %}

{# One limit of the slope of draws that are not normal, by Cornish and Fisher. #}
{% macro measure_cornish_fisher_limit(sign) -%}
    {%- set z = "(" ~ ("-" if sign == "-" else "") ~ "measure_z)" -%}
    measure_slope_mean
    + measure_beta_margin
    / nullif(measure_z, 0e0)
    * (
        {{ z }}
        + (power({{ z }}, 2) - 1e0) * measure_skewness / 6e0
        + (power({{ z }}, 3) - 3e0 * {{ z }}) * measure_kurtosis / 24e0
        - (2e0 * power({{ z }}, 3) - 5e0 * {{ z }}) * power(measure_skewness, 2) / 36e0
    )
{%- endmacro %}

{#
    One limit of top mean / bottom mean by Fieller's theorem; NULL where the interval is unbounded, that is where the
    bottom is not clearly different from 0.
#}
{% macro measure_fieller_limit(sign) -%}
    {%- set z2 = "measure_z * measure_z" -%}
    {%- set cross = "(measure_top_mean * measure_bottom_mean - " ~ z2 ~ " * measure_ends_covariance)" -%}
    {%- set top = "(measure_top_mean * measure_top_mean - " ~ z2 ~ " * measure_top_variance)" -%}
    {%- set bottom = "(measure_bottom_mean * measure_bottom_mean - " ~ z2 ~ " * measure_bottom_variance)" -%}
    case
        when {{ bottom }} > 0e0
        then
            (
                {{ cross }} {{ sign }}
                {{ measure_root("(" ~ cross ~ " * " ~ cross ~ " - " ~ top ~ " * " ~ bottom ~ ")") }}
            )
            / {{ bottom }}
    end
{%- endmacro %}

{# The reason for columns that are computed but overflow or are not numbers. #}
{% macro measure_not_finite_reason(columns) -%}
    case
        {%- for column in columns %}
            when coalesce(not {{ measure_is_finite(column) }}, true) then 'result is not a finite number'
        {%- endfor %}
    end
{%- endmacro %}

{% macro measure_relative_limits_reason() -%}
    coalesce(
        measure_relative_reason,
        measure_slope_limits_reason,
        case
            when measure_relative_lower is null or measure_relative_upper is null
            then 'limits of the relative index are unbounded'
        end,
        {{ measure_not_finite_reason(["measure_relative_lower", "measure_relative_upper"]) }}
    )
{%- endmacro %}

{#
    The parts of slope_index. A "kind" is what is fitted and how its draws are distributed: identity (the value,
    normal), log (ln rate, normal), logit (logit proportion, normal), lognormal (the rate itself, drawn on the log
    scale), logitnormal (the proportion itself, drawn on the logit scale).
#}
{# {"literal": a kind or none, "expression": SQL that gives the kind}. An unknown bare word stops the compilation. #}
{% macro measure_slope_kind(value_type, transform) -%}
    {%- set kinds = {
        "other": ["identity", "identity"],
        "rate": ["lognormal", "log"],
        "proportion": ["logitnormal", "logit"],
    } -%}
    {%- if value_type in kinds and transform is boolean -%}
        {%- set literal = kinds[value_type][1 if transform else 0] -%}
        {{ return({"literal": literal, "expression": "'" ~ literal ~ "'"}) }}
    {%- endif -%}
    {%- set type = "'" ~ value_type ~ "'" if value_type in kinds else value_type -%}
    {%- set branches = [] -%}
    {%- for name, pair in kinds.items() -%}
        {%- do branches.append(
            "when "
            ~ type
            ~ " = '"
            ~ name
            ~ "' then case when "
            ~ measure_boolean(transform)
            ~ " then '"
            ~ pair[1]
            ~ "' else '"
            ~ pair[0]
            ~ "' end"
        ) -%}
    {%- endfor -%}
    {{ return({"literal": none, "expression": "case " ~ branches | join(" ") ~ " end"}) }}
{%- endmacro %}

{# The choice of this kind: at compilation where it is a literal, else by CASE on the column measure_kind. #}
{% macro measure_slope_by_kind(kind, choices) -%}
    {%- if kind.literal is not none -%} {{ return(choices[kind.literal]) }} {%- endif -%}
    {%- set branches = [] -%}
    {%- for name, choice in choices.items() -%}
        {%- do branches.append("when measure_kind = '" ~ name ~ "' then " ~ choice) -%}
    {%- endfor -%}
    {{ return("case " ~ branches | join(" ") ~ " end") }}
{%- endmacro %}

{# ln x and logit x where they are defined, else NULL: DuckDB raises on ln(0). #}
{% macro measure_ln(expression) -%} case when {{ expression }} > 0e0 then ln({{ expression }}) end {%- endmacro %}

{% macro measure_logit(expression) -%}
    case when {{ expression }} > 0e0 and {{ expression }} < 1e0 then ln({{ expression }} / (1e0 - {{ expression }})) end
{%- endmacro %}

{% macro measure_logistic(expression) -%} (1e0 / (1e0 + exp(- ({{ expression }})))) {%- endmacro %}

{# What is fitted for a value. #}
{% macro measure_slope_fit_value(kind, value) -%}
    {{
        measure_slope_by_kind(
            kind,
            {
                "identity": value,
                "log": measure_ln(value),
                "logit": measure_logit(value),
                "lognormal": "case when " ~ value ~ " >= 0e0 then " ~ value ~ " end",
                "logitnormal": "case when " ~ value ~ " >= 0e0 and " ~ value ~ " <= 1e0 then " ~ value ~ " end",
            },
        )
    }}
{%- endmacro %}

{#
    The standard error of a row on the scale on which it is drawn: as given, or (T(upper) - T(lower)) / 2z. NULL without
    either.
#}
{% macro measure_slope_input_error(kind, lower, upper, standard_error, limits_confidence) -%}
    {%- if standard_error is not none and lower is not none -%}
        {{
            return(
                "coalesce("
                ~ measure_double(standard_error)
                ~ ", "
                ~ measure_slope_input_error(kind, lower, upper, none, limits_confidence)
                ~ ")"
            )
        }}
    {%- endif -%}
    {%- if standard_error is not none -%} {{ return(measure_double(standard_error)) }} {%- endif -%}
    {%- if lower is none or upper is none -%} {{ return("cast(null as double)") }} {%- endif -%}
    {%- set low = measure_double(lower) -%}
    {%- set high = measure_double(upper) -%}
    {%- set logs = "case when " ~ low ~ " > 0e0 then ln(" ~ high ~ " / " ~ low ~ ") end" -%}
    {%- set odds = high ~ " * (1e0 - " ~ low ~ ") / ((1e0 - " ~ high ~ ") * " ~ low ~ ")" -%}
    {%- set logits = "case when " ~ low ~ " > 0e0 and " ~ high ~ " < 1e0 then ln(" ~ odds ~ ") end" -%}
    {%- set choices = {
        "identity": "(" ~ high ~ " - " ~ low ~ ")",
        "log": logs,
        "logit": logits,
        "lognormal": logs,
        "logitnormal": logits,
    } -%}
    {%- if kind.literal is none -%}
        {%- set branches = [] -%}
        {%- for name, choice in choices.items() -%}
            {%- do branches.append("when '" ~ name ~ "' then " ~ choice) -%}
        {%- endfor -%}
        {%- set width = "case " ~ kind.expression ~ " " ~ branches | join(" ") ~ " end" -%}
    {%- else -%} {%- set width = choices[kind.literal] -%}
    {%- endif -%}
    {{
        return(
            "case when "
            ~ high
            ~ " >= "
            ~ low
            ~ " then "
            ~ width
            ~ " / (2e0 * "
            ~ normal_quantile(limits_confidence)
            ~ ") end"
        )
    }}
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

{#
    The CTE measure_moments: location, variance and, where draws are not normal, third and fourth cumulant of each row's
    draw.
#}
{% macro measure_slope_moments(kind) -%}
    {%- if kind.literal in ["identity", "log", "logit"] -%}
        measure_moments as (select *, measure_error * measure_error as measure_variance from measure_valued)
    {%- else -%}
        measure_nodes as (
            select
                *,
                {% for node, weight in measure_normal_nodes() -%}
                    {{
                        (
                            measure_slope_by_kind(
                                kind,
                                {
                                    "logitnormal": measure_logistic(
                                        measure_logit("measure_value") ~ " + measure_error * " ~ measure_double(node)
                                    )
                                },
                            )
                            if kind.literal != "lognormal"
                            else "cast(null as double)"
                        )
                    }} as measure_node_{{ loop.index }},
                {% endfor -%}
                exp(measure_error * measure_error) as measure_w
            from measure_valued
        ),
        measure_located as (
            select
                *,
                {{
                    measure_slope_by_kind(
                        kind,
                        {
                            "identity": "measure_y",
                            "log": "measure_y",
                            "logit": "measure_y",
                            "lognormal": "measure_value * sqrt(measure_w)",
                            "logitnormal": measure_node_sum(0, "0e0"),
                        },
                    )
                }} as measure_location
            from measure_nodes
        ),
        measure_central as (
            select
                *,
                {{ measure_node_sum(2, "measure_location") }} as measure_central_2,
                {{ measure_node_sum(3, "measure_location") }} as measure_central_3,
                {{ measure_node_sum(4, "measure_location") }} as measure_central_4,
                measure_location * measure_location * (measure_w - 1e0) as measure_lognormal_variance
            from measure_located
        ),
        measure_moments as (
            select
                *,
                {{
                    measure_slope_by_kind(
                        kind,
                        {
                            "identity": "measure_error * measure_error",
                            "log": "measure_error * measure_error",
                            "logit": "measure_error * measure_error",
                            "lognormal": "measure_lognormal_variance",
                            "logitnormal": "measure_central_2",
                        },
                    )
                }} as measure_variance,
                {{
                    measure_slope_by_kind(
                        kind,
                        {
                            "lognormal": "power(measure_location, 3) * power(measure_w - 1e0, 2) * (measure_w + 2e0)",
                            "logitnormal": "measure_central_3",
                        },
                    )
                }} as measure_cumulant_3,
                {{
                    measure_slope_by_kind(
                        kind,
                        {
                            "lognormal": "power(measure_lognormal_variance, 2) * (power(measure_w, 4) + 2e0 * power(measure_w, 3)"
                            ~ " + 3e0 * power(measure_w, 2) - 6e0)",
                            "logitnormal": "measure_central_4 - 3e0 * power(measure_central_2, 2)",
                        },
                    )
                }}
                as measure_cumulant_4
            from measure_central
        )
    {%- endif -%}
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
    {%- if kind.literal not in ["log", "logit"] -%}
        {%- set location = "measure_y" if kind.literal == "identity" else "measure_location" -%}
        {%- do terms.update(
            {
                "measure_location_mean": "measure_share * " ~ location,
                "measure_location_slope": "measure_share * measure_ridit * " ~ location,
                "measure_variance_0": "measure_share * measure_share * measure_variance",
                "measure_variance_1": "measure_share * measure_share * measure_ridit * measure_variance",
            }
        ) -%}
    {%- endif -%}
    {%- if kind.literal not in ["log", "logit", "identity"] -%}
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
{% macro measure_slope_heads(kind, parameters) -%}
    {% if kind.literal is none -%} max(measure_kind) as measure_kind, {%- endif %}
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
            measure_population / nullif({{ in_order("sum", "measure_population") }} over measure_all_rows, 0e0) as measure_share,
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
            {% for name, term in measure_slope_terms(kind).items() -%} {% call in_order("sum") %}{{ term }}{% endcall %} as {{ name }}, {% endfor -%}
            {{ measure_all("measure_quantile = measure_rank") }} as measure_in_sequence,
            count(measure_y) = count(*) as measure_has_fit,
            count(measure_variance) = count(*) as measure_has_variance,
            {{ measure_slope_heads(kind, parameters) }}
        from measure_placed {{ measure_group_by(group_by) }}
    )
{%- endmacro %}

{#
    Per group, for the kinds without a transform: the mean slope, the means and (co)variances of the fitted ends (for
    Fieller), and the skewness and excess kurtosis of the slope.
#}
{% macro measure_slope_moment_parts(kind) -%}
    {%- if kind.literal not in ["log", "logit"] -%}
        {%- set slope = "measure_location_slope / nullif(measure_spread, 0e0)" -%}
        {%- set cross = "measure_variance_1 / nullif(measure_spread, 0e0)" -%}
        {%- set slope_quarter = "measure_variance_2 / nullif(4e0 * measure_spread * measure_spread, 0e0)" -%},
        {{ slope }} as measure_slope_mean,
        measure_location_mean + {{ slope }} / 2e0 as measure_top_mean,
        measure_location_mean - {{ slope }} / 2e0 as measure_bottom_mean,
        measure_variance_0 + {{ cross }} + {{ slope_quarter }} as measure_top_variance,
        measure_variance_0 - {{ cross }} + {{ slope_quarter }} as measure_bottom_variance,
        measure_variance_0 - {{ slope_quarter }} as measure_ends_covariance
        {%- if kind.literal != "identity" -%}
            ,
            coalesce(
                measure_cumulant_sum_3 / nullif(power(sqrt(greatest(0e0, measure_variance_2)), 3), 0e0), 0e0
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
        {% if kind.literal is none -%} when measure_kind is null then 'unknown value type' {%- endif %}
        when not measure_has_fit
        then 'a value is outside the range of the fit'
        when measure_multiplier is null
        then 'missing multiplier'
    end
{%- endmacro %}

{# The fitted value at one end, "-" the most and "+" the least deprived, for a slope. #}
{% macro measure_slope_end(kind, sign, slope) -%}
    {%- set end = "(measure_mean " ~ sign ~ " (" ~ slope ~ ") / 2e0)" -%}
    {{
        measure_slope_by_kind(
            kind,
            {
                "identity": end,
                "log": "exp(" ~ end ~ ")",
                "logit": measure_logistic(end),
                "lognormal": end,
                "logitnormal": end,
            },
        )
    }}
{%- endmacro %}

{# One limit of the slope index before the multiplier. #}
{% macro measure_slope_limit(kind, sign) -%}
    {%- set slope = "measure_beta " ~ sign ~ " measure_beta_margin" -%}
    {%- set fitted = (
        measure_slope_end({"literal": "log"}, "+", slope)
        ~ " - "
        ~ measure_slope_end({"literal": "log"}, "-", slope)
    ) -%}
    {%- set logits = (
        measure_slope_end({"literal": "logit"}, "+", slope)
        ~ " - "
        ~ measure_slope_end({"literal": "logit"}, "-", slope)
    ) -%}
    {%- set z = "(" ~ ("-" if sign == "-" else "") ~ "measure_z)" -%}
    {%- set cornish_fisher -%}
        measure_slope_mean + measure_beta_margin / nullif(measure_z, 0e0) * (
            {{ z }} + (power({{ z }}, 2) - 1e0) * measure_skewness / 6e0
            + (power({{ z }}, 3) - 3e0 * {{ z }}) * measure_kurtosis / 24e0
            - (2e0 * power({{ z }}, 3) - 5e0 * {{ z }}) * power(measure_skewness, 2) / 36e0
        )
    {%- endset -%}
    {{
        measure_slope_by_kind(
            kind,
            {
                "identity": slope,
                "log": fitted,
                "logit": logits,
                "lognormal": cornish_fisher,
                "logitnormal": cornish_fisher,
            },
        )
    }}
{%- endmacro %}

{# One limit of the ratio of the fitted ends, top over bottom. #}
{% macro measure_relative_limit(kind, sign) -%}
    {%- set slope = "(measure_beta " ~ sign ~ " measure_beta_margin)" -%}
    {%- set fieller = (
        measure_fieller_limit(sign) if kind.literal not in ["log", "logit"] else "cast(null as double)"
    ) -%}
    {{
        measure_slope_by_kind(
            kind,
            {
                "identity": fieller,
                "log": "exp" ~ slope,
                "logit": measure_slope_end({"literal": "logit"}, "+", slope)
                ~ " / nullif("
                ~ measure_slope_end({"literal": "logit"}, "-", slope)
                ~ ", 0e0)",
                "lognormal": fieller,
                "logitnormal": fieller,
            },
        )
    }}
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
            ({{ cross }} {{ sign }} sqrt(greatest(0e0, {{ cross }} * {{ cross }} - {{ top }} * {{ bottom }})))
            / {{ bottom }}
    end
{%- endmacro %}

{# The multiplier applies to the intercept under a transform only, as in OHID's method. #}
{% macro measure_slope_intercept_scale() -%}
    {{
        return(
            {
                "identity": "1e0",
                "log": "abs(measure_multiplier)",
                "logit": "abs(measure_multiplier)",
                "lognormal": "1e0",
                "logitnormal": "1e0",
            }
        )
    }}
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

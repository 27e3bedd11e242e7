{#
    Slope and relative index of inequality of each group, in closed form.

    Inputs
      relation             one row for each group and quantile
      group_by             list of key columns
      quantile             1 (most deprived) to `quantiles` (least deprived), whole numbers
      population           people of the quantile, above 0
      value                the indicator's value: a rate, a proportion as a share (0 to 1), or any other number
      lower, upper         its limits at `limits_confidence` (default 0.95), or
      standard_error       its standard error on the scale of the fit (ln for a rate, logit for a proportion, else plain)
      value_type           other, rate or proportion (a bare word), or a column that holds one of them, the same in a group
      transform            true: fit ln(rate) or logit(proportion), as OHID recommends; false: fit the value itself
      multiplier           of the slope index; negative for an indicator of reverse polarity (inverts the relative index)
      confidence           two-sided share of the limits given back
      quantiles            how many there must be (5 to 100): with one missing there is no index
    Gives, for each group: slope_index and intercept (units of the value times multiplier; the intercept is not
    multiplied without a transform), relative_index (ratio of the fitted ends), their limits, the quantiles and
    population used, and for each of the four why it is NULL: slope_index_reason, relative_index_reason,
    slope_index_limits_reason, relative_index_limits_reason. relative_index_warning: the fitted value at the most
    deprived end is not above 0; publish the slope index only.

    Method: weighted least squares of the value on the ridit with population shares as weights (not standard errors, not
    population squared). With share a, centred ridit r = (population before + half of own)/all - 1/2 and D = sum a r^2:
      beta = sum a r y / D;  ends = f(mean -/+ beta/2);  slope = M (top - bottom);  relative = top / bottom.
    Limits: the distribution of beta when each y is drawn from its own normal distribution, V = sum (a r / D)^2 se^2,
    which OHID's method simulates: exact for a transform and for value_type other (relative index: Fieller). Without a
    transform the draws of a rate are lognormal (closed-form cumulants), those of a proportion logit-normal
    (Gauss-Hermite): Cornish-Fisher, and Fieller on the moments; up to 2% of the width from the simulation, so prefer
    the transform.
    Source: OHID Public Health Technical Guidance, Inequality, SII; Low and Low 2004.

    NULL: a quantile missing or given twice, fewer than 5 or more than 100, a missing or non-positive population, a
    missing value, a value that the transform cannot take (0 events under ln). The limits alone: a group without limits
    or standard error.
#}
{% macro slope_index(
    relation,
    group_by,
    quantile,
    population,
    value,
    lower=none,
    upper=none,
    standard_error=none,
    value_type="other",
    transform=false,
    multiplier=1,
    confidence=0.95,
    quantiles=10,
    limits_confidence=0.95
) -%}
    {%- set kinds = {
        "other": ["identity", "identity"],
        "rate": ["lognormal", "log"],
        "proportion": ["logitnormal", "logit"],
    } -%}
    {%- set columns = dict(
        group_by=group_by,
        quantile=quantile,
        population=population,
        value=value,
        lower=lower,
        upper=upper,
        standard_error=standard_error,
        multiplier=multiplier,
        confidence=confidence,
        quantiles=quantiles,
        limits_confidence=limits_confidence,
    ) -%}
    {%- if value_type in kinds and transform is boolean -%}
        {{ measure_slope_of_kind(kinds[value_type][1 if transform else 0], relation, **columns) }}
    {%- else -%}
        with
            measure_kinds as (
                select
                    *,
                    max({{ measure_slope_kind(kinds, value_type, transform) }}) over (
                        {{ measure_partition(measure_keys(group_by) | map(attribute="expression") | list) }}
                    ) as measure_kind
                from {{ relation }}
            )
        select *
        from ({{ measure_slope_of_kind("mixed", "measure_kinds", **columns) }}) as measure_mixed
    {%- endif -%}
{%- endmacro %}

{# The intercept is in the units of the slope index under a transform, else in those of the value. #}
{% macro measure_slope_intercept_scale(kind) -%}
    {%- if kind == "mixed" -%} case when measure_kind in ('log', 'logit') then abs(measure_multiplier) else 1e0 end
    {%- else -%} {{ "abs(measure_multiplier)" if kind in ["log", "logit"] else "1e0" }}
    {%- endif -%}
{%- endmacro %}

{# SQL that gives the kind of a row, where value_type or transform is a column; unknown for another word. #}
{% macro measure_slope_kind(kinds, value_type, transform) -%}
    case
        {%- for name, (plain, transformed) in kinds.items() %}
            when {{ "'" ~ value_type ~ "'" if value_type in kinds else value_type }} = '{{ name }}'
            then case when {{ measure_boolean(transform) }} then '{{ transformed }}' else '{{ plain }}' end
        {%- endfor %}
        else 'unknown'
    end
{%- endmacro %}

{# The index of rows that are all of one kind, or mixed (slope_index/). #}
{% macro measure_slope_of_kind(
    kind,
    relation,
    group_by,
    quantile,
    population,
    value,
    lower,
    upper,
    standard_error,
    multiplier,
    confidence,
    quantiles,
    limits_confidence
) -%}
    {%- set numbers = {"multiplier": multiplier, "confidence": confidence, "quantiles": quantiles} -%}
    {%- set parameters = {} -%}
    {%- for name, parameter in numbers.items() if parameter is string -%}
        {%- do parameters.update({name: parameter}) -%}
    {%- endfor -%}
    with
        measure_rows as (
            select
                {{ measure_key_columns(group_by) }}
                {{ measure_double(quantile) }} as measure_quantile,
                {{ measure_slope_population(population) }} as measure_population,
                {{ measure_slope_value(value) }} as measure_value,
                {{ measure_slope_input_error(kind, lower, upper, standard_error, limits_confidence) }} as measure_error
                {%- if kind == "mixed" %}, measure_kind {%- endif -%}
                {%- for name, parameter in parameters.items() -%}
                    , {{ measure_double(parameter) }} as measure_{{ name }}
                {%- endfor %}
            from {{ relation }}
        ),
        measure_valued as (
            select *, {{ measure_of_kind(kind, "fit", "measure_value") }} as measure_y from measure_rows
        ),
        {{ measure_of_kind(kind, "moments") }},
        {{ measure_slope_sums(kind, group_by, parameters) }},
        measure_parameters as (
            select
                *,
                {{ "measure_given_multiplier" if "multiplier" in parameters else measure_double(multiplier) }}
                as measure_multiplier,
                {{ normal_quantile("measure_given_confidence" if "confidence" in parameters else confidence) }}
                as measure_z,
                {{ "measure_given_quantiles" if "quantiles" in parameters else measure_double(quantiles) }}
                as measure_quantiles
            from measure_sums
        ),
        measure_fitted as (
            select
                *,
                {{ measure_slope_reason(kind) }} as slope_index_reason,
                measure_slope_sum / nullif(measure_spread, 0e0) as measure_beta,
                measure_z
                * {{ measure_root("measure_variance_2") }}
                / nullif(measure_spread, 0e0) as measure_beta_margin
                {{ measure_slope_moment_parts(kind) }}
            from measure_parameters
        ),
        measure_ends as (
            select
                *,
                {{ measure_of_kind(kind, "end", "-", "measure_beta") }} as measure_bottom,
                {{ measure_of_kind(kind, "end", "+", "measure_beta") }} as measure_top,
                {{ measure_of_kind(kind, "limit", "-") }} as measure_slope_low,
                {{ measure_of_kind(kind, "limit", "+") }} as measure_slope_high,
                {{ measure_of_kind(kind, "relative_limit", "-") }} as measure_relative_low,
                {{ measure_of_kind(kind, "relative_limit", "+") }} as measure_relative_high
            from measure_fitted
        ),
        measure_oriented as (
            select
                *,
                measure_multiplier * (measure_top - measure_bottom) as measure_slope,
                case when measure_multiplier < 0e0 then measure_slope_high else measure_slope_low end
                * measure_multiplier as measure_slope_lower,
                case when measure_multiplier < 0e0 then measure_slope_low else measure_slope_high end
                * measure_multiplier as measure_slope_upper,
                case
                    when measure_multiplier < 0e0
                    then measure_bottom / nullif(measure_top, 0e0)
                    else measure_top / nullif(measure_bottom, 0e0)
                end as measure_relative,
                case
                    when measure_multiplier < 0e0
                    then 1e0 / nullif(measure_relative_high, 0e0)
                    else measure_relative_low
                end as measure_relative_lower,
                case
                    when measure_multiplier < 0e0
                    then 1e0 / nullif(measure_relative_low, 0e0)
                    else measure_relative_high
                end as measure_relative_upper,
                measure_bottom * {{ measure_slope_intercept_scale(kind) }} as measure_intercept
            from measure_ends
        ),
        measure_reasons as (
            select
                *,
                coalesce(
                    slope_index_reason, {{ measure_not_finite_reason(["measure_slope"]) }}
                ) as measure_slope_reason,
                coalesce(
                    slope_index_reason,
                    case when measure_relative is null then 'fitted value at one end is zero' end,
                    {{ measure_not_finite_reason(["measure_relative"]) }}
                ) as measure_relative_reason,
                coalesce(
                    slope_index_reason,
                    case
                        when measure_z is null
                        then 'confidence level not in the lookup'
                        when not measure_has_variance
                        then 'a quantile has no limits'
                    end,
                    {{ measure_not_finite_reason(["measure_slope_lower", "measure_slope_upper"]) }}
                ) as measure_slope_limits_reason
            from measure_oriented
        )
    select
        {{ measure_key_names(group_by) }}
        quantiles_used,
        population,
        case when measure_slope_reason is null then measure_slope end as slope_index,
        case when measure_slope_limits_reason is null then measure_slope_lower end as slope_index_lower,
        case when measure_slope_limits_reason is null then measure_slope_upper end as slope_index_upper,
        case when measure_relative_reason is null then measure_relative end as relative_index,
        case
            when {{ measure_relative_limits_reason() }} is null then measure_relative_lower
        end as relative_index_lower,
        case
            when {{ measure_relative_limits_reason() }} is null then measure_relative_upper
        end as relative_index_upper,
        case when measure_slope_reason is null then measure_intercept end as intercept,
        measure_slope_reason as slope_index_reason,
        measure_slope_limits_reason as slope_index_limits_reason,
        measure_relative_reason as relative_index_reason,
        {{ measure_relative_limits_reason() }} as relative_index_limits_reason,
        case
            when measure_relative_reason is null and (measure_bottom <= 0e0 or measure_top <= 0e0)
            then 'fitted value at one end is not above zero: publish the slope index only'
        end as relative_index_warning
    from measure_reasons
{%- endmacro %}

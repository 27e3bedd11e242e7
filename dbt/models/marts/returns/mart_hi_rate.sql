-- Grain: level x organisation x metric x dimension x group x period, estimated totals
-- of England apart.
-- Question: how long do the groups of a trust wait, and how often do they miss
-- appointments, against the reference group, and how many fewer long waits or missed
-- appointments would there be at its rate? Reference: least deprived decile and
-- quintile, White British, White, 50 to 64 years, male (the largest or least
-- disadvantaged group; it is in reference_group). Rates, limits, ratios and excess
-- come from the rounded counts, and limits hold the error of their rounding (macros
-- limit_of_rounded and returns_gap_limit).
-- Excess is counted in the bad direction of the metric: for waits up to 18 weeks,
-- those beyond.
-- Hundreds of groups are compared in a month, and one in twenty ratios lies outside its
-- limits by chance alone: q_value is by Benjamini and Hochberg over all ratios shown of
-- the level and the month, whatever the metric and the dimension, with the rounding of
-- the counts in the standard error; certainty follows it.
-- Groups that are not known are no groups to be compared. Made again by period.
{{ config(materialized="by_part", part="period_end") }}
{%- set cells = [ref("int_returns__rate_shown"), ref("int_returns__rate_estimate")] %}
{%- set asked = wanted_parts(
    parts_of_rows(
        "period_end", rows=cells + [named_in_parts(cells, ["geo_code"])]
    )
) %}
{%- set geography = ["geo_level", "geo_code", "metric_id", "period_end"] %}
{%- set told = [
    "geo_level",
    "geo_code",
    "icb_code",
    "metric_id",
    "dim_type",
    "dim_value",
    "period_start",
    "period_end",
    "imd_version",
    "numerator",
    "numerator_status",
    "numerator_low",
    "numerator_high",
    "denominator",
    "denominator_status",
    "denominator_low",
    "denominator_high",
    "rate_status",
    "withheld_reason",
    "known_pct",
    "trusts_included",
    "trusts_expected",
    "trusts_left_out",
    "is_revised",
    "is_safe",
    "is_expected",
    "data_origin",
] %}
{%- set unknown_groups = "('Z', '99', 'UNK', 'X')" %}
with
    cells as (
        select
            {{ told | join(", ") }},
            false as is_estimate,
            cast(null as string) as estimate_basis_period
        from {{ ref("int_returns__rate_shown") }}
        where {{ in_parts(asked, "period_end") }}
        union all
        select {{ told | join(", ") }}, true, estimate_basis_period
        from {{ ref("int_returns__rate_estimate") }}
        where {{ in_parts(asked, "period_end") }}
    ),

    directed as (
        select
            cells.*,
            metric.metric_name,
            metric.polarity,
            metric.paired_metric_id,
            metric.paired_note,
            {{ returns_reference_group("cells.dim_type") }} as reference_value,
            case
                metric.polarity
                when 'lower_is_better'
                then numerator
                else denominator - numerator
            end as adverse_count
        from cells
        inner join {{ ref("hi_metric") }} as metric using (metric_id)
    ),

    compared as (
        select
            directed.*,
            reference.numerator as reference_numerator,
            reference.denominator as reference_denominator,
            reference.adverse_count as reference_adverse_count,
            reference.rate_status = 'published' as is_reference_shown,
            directed.rate_status = 'published'
            and coalesce(reference.rate_status = 'published', false)
            and directed.dim_value <> directed.reference_value as is_compared
        from directed
        left join
            directed as reference
            on {% for column in geography + ["dim_type"] %}
                directed.{{ column }} = reference.{{ column }} and
            {% endfor %}
            directed.reference_value = reference.dim_value and not reference.is_estimate
    ),
    {%- set pair = [
        "numerator",
        "denominator",
        "reference_numerator",
        "reference_denominator",
    ] %}
    {%- set adverse = [
        "adverse_count",
        "denominator",
        "reference_adverse_count",
        "reference_denominator",
    ] %}

    rated as (
        select
            {{ returns_organisation_level("compared.geo_level") }}
            as organisation_level,
            compared.geo_code as organisation_code,
            case
                compared.geo_level
                when 'NATIONAL'
                then 'Trusts with a return'
                else organisation.organisation_name
            end as organisation_name,
            {{ returns_current_trust("compared.geo_code", "organisation") }},
            compared.icb_code,
            organisation.icb_name,
            coalesce(compared.is_safe, false) as is_sent_suppressed,
            compared.is_expected,
            compared.metric_id as indicator_id,
            compared.metric_name as indicator_name,
            compared.polarity,
            compared.dim_type as dimension,
            compared.dim_value as group_code,
            compared.period_start,
            compared.period_end,
            'month' as period_type,
            compared.is_estimate,
            compared.numerator,
            compared.numerator_status,
            compared.numerator_low,
            compared.numerator_high,
            compared.denominator,
            compared.denominator_status,
            compared.denominator_low,
            compared.denominator_high,
            {{
                disclosed_value(
                    "compared.rate_status",
                    proportion("numerator", "denominator", 100),
                )
            }} as value,
            compared.rate_status as value_status,
            'percent' as unit,
            {{ returns_rate_limits() }},
            compared.withheld_reason,
            compared.reference_value as reference_group,
            case
                when is_reference_shown
                then
                    {{
                        proportion(
                            "reference_numerator", "reference_denominator", 100
                        )
                    }}
            end as reference_value,
            case
                when is_compared then {{ gap_relative_proportions(*pair) }}
            end as rate_ratio,
            {%- for side in ["lower", "upper"] %}
                case
                    when is_compared
                    then {{ returns_gap_limit(side, pair, is_ratio=true) }}
                end as rate_ratio_ci_{{ side }}_95,
            {%- endfor %}
            case
                when is_compared and compared.dim_value not in {{ unknown_groups }}
                then
                    ln({{ gap_relative_proportions(*pair) }}) / nullif(
                        sqrt(
                            1e0 / numerator
                            - 1e0 / denominator
                            + 1e0 / reference_numerator
                            - 1e0 / reference_denominator
                            + power({{ returns_ratio_rounding(pair) }}, 2)
                        ),
                        0
                    )
            end as rate_ratio_z,
            case
                when is_compared
                then denominator * {{ gap_absolute_proportions(*adverse) }}
            end as excess_count,
            {%- for side in ["lower", "upper"] %}
                case
                    when is_compared
                    then denominator * {{ returns_gap_limit(side, adverse, pair) }}
                end as excess_count_ci_{{ side }}_95,
            {%- endfor %}
            compared.known_pct,
            compared.paired_metric_id as paired_indicator_id,
            compared.paired_note as note,
            cast(compared.trusts_included as integer) as trusts_included,
            compared.trusts_expected,
            compared.trusts_left_out,
            compared.estimate_basis_period,
            case when compared.is_revised then 'r' end as revision_flag,
            compared.imd_version,
            compared.period_end as data_as_of,
            compared.data_origin
        from compared
        left join
            {{ ref("dim_organisation") }} as organisation
            on compared.geo_code = organisation.organisation_code
    ),

    tested as (
        select *, {{ normal_p_value("rate_ratio_z") }} as rate_ratio_p_value from rated
    ),

    controlled as (
        {{
            false_discovery(
                "tested", "rate_ratio_p_value", "organisation_level, period_end"
            )
        }}
    )

select
    {{ all_but(["rate_ratio_z", "rate_ratio_p_value", "q_value"]) }},
    q_value,
    case
        when
            reference_group is null
            or group_code = reference_group
            or group_code in {{ unknown_groups }}
        then null
        else {{ returns_certainty("q_value") }}
    end as certainty
from controlled

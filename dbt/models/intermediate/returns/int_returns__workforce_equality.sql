-- Grain: trust x snapshot x WRES indicator x staff scope x group (or pair of groups),
-- of the returns in use. Question: which shares and relative likelihoods follow from
-- the counts of staff that a trust sent?
-- Indicators 1, 5 to 8 and 9 are shares of people, 2 to 4 relative likelihoods: the
-- ratio of two shares, which has no per cent. Counts of staff are rounded and 1 to 7
-- hidden; shares, ratios and limits (Wilson, Katz) come from the rounded counts, and
-- the limits hold their rounding.
{%- set pair = [
    "compared.numerator",
    "compared.denominator",
    "reference.numerator",
    "reference.denominator",
] %}
with
    submissions as (
        select * from {{ ref("int_returns__in_use") }} where collection_code = 'WR01'
    ),

    counts as (
        {% call kept(
            "dense_rank() over (partition by submissions.org_code, "
            ~ "rows_sent.snapshot_date order by submissions.period_end desc) = 1"
        ) %}
        select
            submissions.org_code,
            submissions.data_origin,
            rows_sent.wres_indicator,
            rows_sent.snapshot_date,
            rows_sent.staff_scope,
            rows_sent.ethnic_group,
            case
                when rows_sent.numerator_status = 'suppressed'
                then 'suppressed'
                else {{ disclosed_count_status("rows_sent.numerator") }}
            end as numerator_status,
            case
                when rows_sent.denominator_status = 'suppressed'
                then 'suppressed'
                else {{ disclosed_count_status("rows_sent.denominator") }}
            end as denominator_status,
            rows_sent.numerator as true_numerator,
            rows_sent.denominator as true_denominator
        from {{ ref("stg_returns__wr01") }} as rows_sent
        inner join submissions on rows_sent.submission_id = submissions.submission_id
        -- of a row with a count that could not be read nothing is known
        where
            'rejected' not in (rows_sent.numerator_status, rows_sent.denominator_status)
        {% endcall %}
    ),

    safe_counts as (
        select
            {{ all_but(["true_numerator", "true_denominator"]) }},
            case
                when numerator_status = 'published'
                then {{ disclosed_count("true_numerator") }}
            end as numerator,
            case
                when denominator_status = 'published'
                then {{ disclosed_count("true_denominator") }}
            end as denominator,
            case
                when numerator_status <> 'published'
                then numerator_status
                when denominator_status <> 'published'
                then denominator_status
                else {{ disclosed_rate_status("true_numerator", "true_denominator") }}
            end as rate_status
        from counts
    ),

    shares as (
        select
            counts.*,
            indicators.indicator_label,
            indicators.measure_kind,
            indicators.unit,
            indicators.polarity,
            indicators.ratio_groups
        from safe_counts as counts
        inner join
            {{ ref("wres_indicator") }} as indicators
            on counts.wres_indicator = indicators.wres_indicator
    ),

    figures as (
        select
            org_code,
            wres_indicator,
            indicator_label,
            snapshot_date,
            staff_scope,
            'share' as measure_kind,
            'proportion' as unit,
            case when measure_kind = 'share' then polarity else 'none' end as polarity,
            ethnic_group as comparison_group,
            cast(null as string) as reference_group,
            numerator,
            numerator_status,
            denominator,
            denominator_status,
            {{ disclosed_value("rate_status", proportion("numerator", "denominator")) }}
            as value,
            {{
                disclosed_value(
                    "rate_status",
                    limit_of_rounded("lower", "numerator", "denominator"),
                )
            }} as ci_lower_95,
            {{
                disclosed_value(
                    "rate_status",
                    limit_of_rounded("upper", "numerator", "denominator"),
                )
            }} as ci_upper_95,
            rate_status as value_status,
            data_origin
        from shares
        union all
        select
            compared.org_code,
            compared.wres_indicator,
            compared.indicator_label,
            compared.snapshot_date,
            compared.staff_scope,
            compared.measure_kind,
            compared.unit,
            compared.polarity,
            compared.ethnic_group,
            reference.ethnic_group,
            cast(null as bigint),
            'not_applicable',
            cast(null as bigint),
            'not_applicable',
            {{
                disclosed_value(
                    disclosed_pair_status(
                        "compared.rate_status", "reference.rate_status"
                    ),
                    gap_relative_proportions(*pair),
                )
            }},
            {{
                disclosed_value(
                    disclosed_pair_status(
                        "compared.rate_status", "reference.rate_status"
                    ),
                    returns_gap_limit("lower", pair, is_ratio=true),
                )
            }},
            {{
                disclosed_value(
                    disclosed_pair_status(
                        "compared.rate_status", "reference.rate_status"
                    ),
                    returns_gap_limit("upper", pair, is_ratio=true),
                )
            }},
            {{ disclosed_pair_status("compared.rate_status", "reference.rate_status") }},
            compared.data_origin
        from shares as compared
        inner join
            shares as reference
            on compared.org_code = reference.org_code
            and compared.wres_indicator = reference.wres_indicator
            and compared.snapshot_date = reference.snapshot_date
            and compared.staff_scope = reference.staff_scope
            and compared.measure_kind = 'relative_likelihood'
            and compared.ratio_groups
            = compared.ethnic_group || '_TO_' || reference.ethnic_group
    )

select
    'WRES' as standard,
    org_code as organisation_code,
    cast(wres_indicator as integer) as indicator_no,
    'all' as indicator_part,
    indicator_label as indicator_name,
    snapshot_date,
    staff_scope,
    measure_kind,
    unit,
    polarity,
    comparison_group,
    reference_group,
    numerator,
    numerator_status,
    denominator,
    denominator_status,
    value,
    ci_lower_95,
    ci_upper_95,
    value_status,
    case
        when value_status = 'suppressed'
        then 'fewer than 8 people in the numerator or its complement'
        when value_status <> 'published'
        then 'a count is missing or there is nobody to divide by'
    end as value_status_reason,
    'WR01' as source_id,
    data_origin
from figures

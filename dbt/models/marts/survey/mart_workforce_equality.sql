-- Grain: trust x snapshot x indicator x staff scope x group (or pair of groups).
-- Question: do staff of Black and minority ethnic groups fare as White staff do?
-- Indicators 1, 5 to 8 and 9 are shares of people. Indicators 2 to 4 are relative
-- likelihoods: the ratio of two shares, which has no per cent (a trust's page was seen
-- to print one as 17.16%); type_check says where a ratio lies so far from 1 that the
-- numbers behind it should be read again. Counts of staff are rounded and 1 to 7
-- hidden; shares, ratios and limits (Wilson, Katz) come from the rounded counts, and
-- the limits hold their rounding.
-- Beside them stand the figures that NHS England publishes (source_id nhse_wres,
-- nhse_wdes; England too), as published, without counts and limits: the two are never
-- added together.
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
    figures.org_code as organisation_code,
    trusts.organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    cast(figures.wres_indicator as integer) as indicator_no,
    'all' as indicator_part,
    figures.indicator_label as indicator_name,
    figures.snapshot_date,
    figures.staff_scope,
    figures.measure_kind,
    figures.unit,
    figures.polarity,
    figures.comparison_group,
    figures.reference_group,
    case
        when figures.unit = 'ratio'
        then
            figures.comparison_group
            || ' compared with '
            || figures.reference_group
            || ': above 1 is against BME'
    end as ratio_direction,
    figures.numerator,
    figures.numerator_status,
    figures.denominator,
    figures.denominator_status,
    figures.value,
    figures.ci_lower_95,
    figures.ci_upper_95,
    figures.value_status,
    case
        when figures.value_status = 'suppressed'
        then 'fewer than 8 people in the numerator or its complement'
        when figures.value_status <> 'published'
        then 'a count is missing or there is nobody to divide by'
    end as value_status_reason,
    case
        when figures.value is null
        then 'not_checked'
        when figures.unit = 'ratio' and (figures.value > 10 or figures.value < 0.1)
        then 'ratio_out_of_range'
        when figures.unit = 'proportion' and figures.value not between 0 and 1
        then 'share_out_of_range'
        else 'ok'
    end as type_check,
    'WR01' as source_id,
    figures.snapshot_date as data_as_of,
    figures.data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from figures
left join
    {{ ref("dim_trust") }} as trusts on figures.org_code = trusts.organisation_code
union all
select
    published.standard,
    published.organisation_code,
    case
        when published.organisation_code = 'ENG'
        then 'England'
        else trusts.organisation_name
    end as organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    cast(regexp_extract(published.indicator, '^[0-9]+', 0) as integer) as indicator_no,
    coalesce(
        nullif(regexp_extract(published.indicator, '[a-z]$', 0), ''), 'all'
    ) as indicator_part,
    coalesce(
        labels.indicator_label, part.indicator_name, indicator.indicator_name
    ) as indicator_name,
    cast(published.data_year || '-03-31' as date) as snapshot_date,
    case
        when published.part = 'all'
        then case when indicator.unit = 'difference' then 'BOARD' else 'ALL' end
        else upper(replace(published.part, ' ', '_'))
    end as staff_scope,
    case
        when published.unit = 'ratio'
        then 'relative_likelihood'
        when published.unit = 'percentage_points'
        then 'difference'
        when published.unit = 'score'
        then 'score'
        else 'share'
    end as measure_kind,
    case
        published.unit
        when 'ratio'
        then 'ratio'
        when 'percentage_points'
        then 'difference'
        when 'score'
        then 'score'
        else 'proportion'
    end as unit,
    case
        when published.unit = 'ratio'
        then 'closer_to_1'
        else coalesce(part.polarity, indicator.polarity, 'none')
    end as polarity,
    case
        when published.staff_group <> 'ratio'
        then upper(published.staff_group)
        when published.standard = 'WDES'
        then case when published.indicator = '3' then 'DISABLED' else 'NON_DISABLED' end
        else split_part(labels.ratio_groups, '_TO_', 1)
    end as comparison_group,
    case
        when published.staff_group <> 'ratio'
        then null
        when published.standard = 'WDES'
        then case when published.indicator = '3' then 'NON_DISABLED' else 'DISABLED' end
        else split_part(labels.ratio_groups, '_TO_', 2)
    end as reference_group,
    case
        when published.unit = 'ratio'
        then
            comparison_group
            || ' compared with '
            || reference_group
            || ': above 1 is against '
            || case published.standard when 'WRES' then 'BME' else 'DISABLED' end
    end as ratio_direction,
    cast(null as bigint) as numerator,
    'not_applicable' as numerator_status,
    cast(null as bigint) as denominator,
    'not_applicable' as denominator_status,
    case
        when published.unit in ('percent', 'percentage_points')
        then published.value / 100
        else published.value
    end as value,
    cast(null as double) as ci_lower_95,
    cast(null as double) as ci_upper_95,
    published.value_status,
    case
        when published.value_status = 'suppressed'
        then 'hidden by the publisher'
        when published.value_status <> 'published'
        then 'not given by the publisher'
    end as value_status_reason,
    case
        when published.value is null
        then 'not_checked'
        when
            published.unit = 'ratio' and (published.value > 10 or published.value < 0.1)
        then 'ratio_out_of_range'
        when published.unit = 'percent' and published.value not between 0 and 100
        then 'share_out_of_range'
        else 'ok'
    end as type_check,
    published.source_id,
    cast(published.data_year || '-03-31' as date) as data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from
    (
        select 'WRES' as standard, 'nhse_wres' as source_id, *
        from {{ ref("stg_nhse_wres__trust") }}
        union all
        select 'WDES', 'nhse_wdes', *
        from {{ ref("stg_nhse_wdes__trust") }}
    ) as published
left join
    {{ ref("wres_indicator") }} as labels
    on published.standard = 'WRES'
    and published.indicator = cast(labels.wres_indicator as string)
left join
    {{ ref("dim_indicator") }} as indicator
    on published.standard || '-' || regexp_extract(published.indicator, '^[0-9]+', 0)
    = indicator.indicator_id
-- a metric of two parts with opposite directions has an indicator for each (WDES 4)
left join
    {{ ref("dim_indicator") }} as part
    on published.standard || '-' || published.indicator = part.indicator_id
left join
    {{ ref("dim_trust") }} as trusts
    on published.organisation_code = trusts.organisation_code

-- Grain: trust x year of assessment x outcome, domain or total. Question: what did the
-- trust score under EDS 2022, and does its total add up?
-- Outcomes of domain 1 are scored for several services: the middle score counts. Domain
-- and total are sums of outcomes, and are there only when every outcome is. The band
-- follows the edges of the guidance; eds_band knows another edition, and where that
-- gives another band is_band_disputed is true. is_mismatch: the total that the trust
-- states on its page (eds_stated_total) or gave as the control total of the return
-- (rule E01, which also warns of a disputed band) is not that of its outcomes.
with
    submissions as (
        select * from {{ ref("int_returns__in_use") }} where collection_code = 'ED01'
    ),

    services as (
        {% call kept(
            "dense_rank() over (partition by submissions.org_code, "
            ~ "scores.assessment_year order by submissions.period_end desc) = 1"
        ) %}
        select
            submissions.org_code,
            submissions.data_origin,
            submissions.period_end,
            array_contains(
                split(submissions.warned_rules, ','), 'E01'
            ) as is_warned,
            scores.assessment_year,
            scores.outcome_code,
            scores.score,
            scores.published_url,
            scores.published_date
        from {{ ref("stg_returns__ed01") }} as scores
        inner join submissions on scores.submission_id = submissions.submission_id
        {% endcall %}
    ),

    assessments as (
        select
            org_code,
            assessment_year,
            max(published_url) as published_url,
            max(published_date) as published_date,
            coalesce(bool_or(is_warned), false) as is_warned,
            max(period_end) as data_as_of,
            min(data_origin) as data_origin
        from services
        group by org_code, assessment_year
    ),

    outcome_scores as (
        select
            org_code,
            assessment_year,
            outcome_code,
            count(score) as services_assessed,
            percentile_disc(0.5) within group (order by score) as score
        from services
        group by org_code, assessment_year, outcome_code
    ),

    outcomes as (
        select
            assessments.*,
            outcomes.outcome_code,
            outcomes.domain_no,
            outcomes.domain_label,
            outcomes.services_expected,
            coalesce(scores.services_assessed, 0) as services_assessed,
            scores.score
        from assessments
        cross join {{ ref("eds_outcome") }} as outcomes
        left join
            outcome_scores as scores
            on assessments.org_code = scores.org_code
            and assessments.assessment_year = scores.assessment_year
            and outcomes.outcome_code = scores.outcome_code
    ),

    summed as (
        select
            org_code,
            assessment_year,
            published_url,
            published_date,
            is_warned,
            data_as_of,
            data_origin,
            case
                when grouping(outcome_code) = 0
                then 'outcome'
                when grouping(domain_no) = 0
                then 'domain'
                else 'total'
            end as score_kind,
            outcome_code,
            domain_no,
            max(domain_label) as domain_label,
            sum(services_expected) as services_expected,
            sum(services_assessed) as services_assessed,
            count(*) as outcomes_asked,
            count(score) as outcomes_scored,
            case when count(score) = count(*) then sum(score) end as score
        from outcomes
        group by
            grouping sets (
                (
                    org_code,
                    assessment_year,
                    published_url,
                    published_date,
                    is_warned,
                    data_as_of,
                    data_origin,
                    domain_no,
                    outcome_code
                ),
                (
                    org_code,
                    assessment_year,
                    published_url,
                    published_date,
                    is_warned,
                    data_as_of,
                    data_origin,
                    domain_no
                ),
                (
                    org_code,
                    assessment_year,
                    published_url,
                    published_date,
                    is_warned,
                    data_as_of,
                    data_origin
                )
            )
    )

select
    summed.org_code as organisation_code,
    trusts.organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    summed.assessment_year as financial_year,
    summed.score_kind,
    case
        summed.score_kind
        when 'outcome'
        then summed.outcome_code
        when 'domain'
        then 'DOMAIN_' || summed.domain_no
        else 'TOTAL'
    end as domain_code,
    case
        summed.score_kind
        when 'outcome'
        then codes.label
        when 'domain'
        then summed.domain_label
        else 'All 11 outcomes'
    end as domain_label,
    cast(summed.score as integer) as score,
    cast(3 * summed.outcomes_asked as integer) as score_possible,
    case when summed.score is null then 'missing' else 'published' end as value_status,
    case
        when summed.score is null
        then
            summed.outcomes_scored
            || ' of '
            || summed.outcomes_asked
            || ' outcomes are scored'
        when
            summed.score_kind = 'outcome'
            and summed.services_assessed <> summed.services_expected
        then
            summed.services_assessed
            || ' of '
            || summed.services_expected
            || ' services are assessed'
    end as value_status_reason,
    bands.rating,
    bands.rating <> other_bands.rating as is_band_disputed,
    stated.stated_total,
    stated.stated_band,
    case
        when summed.score_kind = 'total' and summed.score is not null
        then
            coalesce(
                stated.stated_total <> summed.score
                or stated.stated_band <> bands.rating,
                false
            )
            or (summed.is_warned and bands.rating = other_bands.rating)
    end as is_mismatch,
    summed.published_url,
    summed.published_date,
    summed.published_date
    > make_date(cast(left(summed.assessment_year, 4) as integer) + 1, 2, 28) as is_late,
    summed.data_as_of,
    summed.data_origin
from summed
left join {{ ref("dim_trust") }} as trusts on summed.org_code = trusts.organisation_code
left join
    {{ ref("return_code") }} as codes
    on codes.list_code = 'eds_outcome'
    and summed.outcome_code = codes.code
left join
    {{ ref("eds_band") }} as bands
    on bands.band_edition = 'guidance'
    and summed.score_kind = 'total'
    and summed.score between bands.total_from and bands.total_to
left join
    {{ ref("eds_band") }} as other_bands
    on other_bands.band_edition = 'trust_page'
    and summed.score_kind = 'total'
    and summed.score between other_bands.total_from and other_bands.total_to
left join
    {{ ref("eds_stated_total") }} as stated
    on summed.org_code = stated.org_code
    and summed.assessment_year = stated.assessment_year
    and summed.score_kind = 'total'

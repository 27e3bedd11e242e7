-- Grain: accepted waiting list (WL01) and publication (RTT, WLMDS) from whose total for
-- the trust and month it is further away than rule W05 allows. Question: which?
-- Asked in every build, of what is published then: a verdict that intake kept would
-- hang on the day on which the file came.
with
    published as (
        select
            organisation_code as org_code,
            period_end,
            case
                indicator_id
                when 'rtt_waiting'
                then 'rtt_tolerance'
                else 'wlmds_tolerance'
            end as parameter,
            numerator as total
        from {{ ref("fct_indicator_value") }}
        where
            indicator_id in ('rtt_waiting', 'wlmds_waiting')
            and treatment_function_code = 'all'
            and dimension = 'all'
            and geography_basis = 'as_reported'
            and value_status = 'published'
            and numerator is not null
    ),

    -- a trust's own tolerance stands before that of all
    compared as (
        select
            submissions.submission_id,
            published.parameter,
            published.total,
            coalesce(sent.pathways, 0) as pathways,
            coalesce(
                max(thresholds.value) filter (where thresholds.org_code <> 'ALL'),
                max(thresholds.value)
            ) as tolerance
        from {{ ref("int_returns__ranked") }} as submissions
        inner join published using (org_code, period_end)
        inner join
            {{ ref("rule_thresholds") }} as thresholds
            on published.parameter = thresholds.parameter
            and thresholds.rule_id = 'W05'
            and thresholds.org_code in ('ALL', submissions.org_code)
            and submissions.period_end >= thresholds.valid_from
            and submissions.period_end
            <= coalesce(thresholds.valid_to, date '9999-12-31')
        left join
            {{ ref("int_returns__sent") }} as sent
            on submissions.submission_id = sent.submission_id
        where
            submissions.collection_code = 'WL01'
            and submissions.verdict in ('accepted', 'accepted_with_warnings')
            and not submissions.nil_return
        group by all
    )

select submission_id, parameter, pathways, total, tolerance
from compared
where abs(pathways - total) > total * tolerance

-- Grain: trust x measure. Question: how many priorities has the trust open, how many
-- of them can be measured, are they paid for longer than a year, and is breadth itself
-- a problem?
-- Rating and self-assessment are next to the numbers; an association, not a cause.
with
    listed as (select *, status <> 'CLOSED' as is_open from {{ ref("mart_action") }}),

    actions as (
        select
            organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            trust_type,
            count(*) filter (where is_open) as open_priorities,
            count(*) filter (
                where is_open and indicator_id is not null
            ) as open_with_metric,
            count(*) filter (where is_open and funding_type <> 'NONE') as open_funded,
            count(*) filter (
                where is_open and funding_type = 'RECURRENT'
            ) as open_recurrent,
            count(*) filter (where is_open and item_type = 'PILOT') as open_pilots,
            count(*) filter (
                where item_type = 'PLAN' and published_url is not null
            ) as published_plans,
            count(distinct group_code) filter (where is_open) as target_groups,
            count(*) filter (where status = 'CLOSED') as closed,
            max(data_as_of) as data_as_of,
            min(data_origin) as data_origin
        from listed
        group by organisation_code, organisation_name, icb_code, icb_name, trust_type
    ),

    maturity as (
        select
            organisation_code,
            max(rating) filter (where domain_code = 'OVERALL') as rating,
            max(score_pct) filter (where domain_code = 'SELF_ASSESSMENT') as score_pct
        from {{ ref("mart_maturity") }}
        group by organisation_code
    ),

    {%- set measures = {
        "open_priorities": ["items", "open_priorities"],
        "open_with_metric": ["items", "open_with_metric"],
        "share_with_metric": [
            "share",
            proportion("open_with_metric", "open_priorities"),
        ],
        "open_funded": ["items", "open_funded"],
        "open_recurrent": ["items", "open_recurrent"],
        "share_recurrent": [
            "share",
            proportion("open_recurrent", "open_priorities"),
        ],
        "open_pilots": ["items", "open_pilots"],
        "published_plans": ["items", "published_plans"],
        "target_groups": ["groups", "target_groups"],
        "closed": ["items", "closed"],
    } %}
    measured as (
        {%- for measure, (unit, value) in measures.items() %}
            select
                *,
                '{{ measure }}' as measure,
                '{{ unit }}' as unit,
                cast({{ value }} as double) as value
            from actions {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    measured.organisation_code,
    measured.organisation_name,
    measured.icb_code,
    measured.icb_name,
    measured.trust_type,
    measured.measure,
    measured.unit,
    measured.value,
    maturity.rating,
    maturity.score_pct,
    measured.data_as_of,
    measured.data_origin
from measured
left join maturity on measured.organisation_code = maturity.organisation_code

-- Grain: trust x action, plan, programme or pilot, as in its newest list. Question:
-- what does the trust do, for whom, paid by what, and can it be measured?
-- PLAN rows with an address are the register of published plans. The list holds codes
-- and addresses only, no free text.
with
    submissions as (
        {% call kept(
            "row_number() over (partition by org_code order by period_end desc, "
            ~ "submission_id) = 1"
        ) %}
        select *
        from {{ ref("int_returns__in_use") }}
        where collection_code = 'AP01'
        {% endcall %}
    )

select
    submissions.org_code as organisation_code,
    trusts.organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    items.item_id,
    items.item_type,
    items.programme_code,
    items.approach_code,
    items.target_group_code as group_code,
    items.scope_level,
    items.treatment_function_code,
    items.metric_id as indicator_id,
    items.baseline,
    items.target,
    items.target_date,
    items.status,
    items.funding_type,
    items.published_url,
    submissions.period_end as data_as_of,
    submissions.data_origin
from {{ ref("stg_returns__ap01") }} as items
inner join submissions on items.submission_id = submissions.submission_id
left join
    {{ ref("dim_trust") }} as trusts on submissions.org_code = trusts.organisation_code

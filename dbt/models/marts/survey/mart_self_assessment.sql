-- Grain: trust x year x item. Question: how far has the trust come on each of the 25
-- items of the self-assessment?
-- An item that is NA or was left out is missing, never 0. What is in the reference
-- to the evidence is free text and stays restricted: here only whether there is one.
with
    submissions as (
        {% call kept(
            "row_number() over (partition by org_code, year(period_end) order "
            ~ "by period_end desc, submission_id) = 1"
        ) %}
        select *, cast(year(period_end) as string) as wave
        from {{ ref("int_returns__in_use") }}
        where collection_code = 'SA01'
        {% endcall %}
    )

select
    submissions.org_code as organisation_code,
    trusts.organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    submissions.wave,
    items.item_no,
    items.domain_code,
    items.domain_label,
    items.item_label,
    items.guide_reference,
    answers.score,
    case when answers.score is null then 'missing' else 'published' end as value_status,
    case
        when answers.item_no is null
        then 'the item is not in the return'
        when answers.score is null
        then 'not answered (NA)'
    end as value_status_reason,
    coalesce(answers.evidence_ref, '') <> '' as has_evidence,
    submissions.period_end as data_as_of,
    submissions.data_origin
from submissions
inner join
    {{ ref("self_assessment_item") }} as items
    on items.first_wave <= year(submissions.period_end)
left join
    {{ ref("stg_returns__sa01") }} as answers
    on submissions.submission_id = answers.submission_id
    and items.item_no = answers.item_no
left join
    {{ ref("dim_trust") }} as trusts on submissions.org_code = trusts.organisation_code

-- Grain: answer in free text that its author lets be quoted. Question: what do trusts
-- say in their own words?
-- Restricted, and read by nothing that is published: no mart holds free text, because
-- words can name a person whatever the consent. NONE or no consent is not here.
-- ROLE_TYPE gives the role and the type of trust only; FULL the trust too.
select
    answers.wave,
    answers.question_code,
    answers.option_code,
    answers.respondent_role,
    trusts.trust_type,
    case when answers.quote_consent = 'FULL' then submissions.org_code end as org_code,
    answers.response_text,
    answers.quote_consent,
    submissions.data_origin
from {{ ref("stg_returns__sv01") }} as answers
inner join
    {{ ref("int_returns__in_use") }} as submissions
    on answers.submission_id = submissions.submission_id
left join
    {{ ref("dim_trust") }} as trusts on submissions.org_code = trusts.organisation_code
where
    answers.quote_consent in ('ROLE_TYPE', 'FULL') and answers.response_text is not null

-- Grain: trust x wave x option that any wave of ours has offered. Question: what does
-- this trust report?
-- One answer for each trust: its respondents are taken together by the recorded rule,
-- and how single respondents answered is not here. An option that was not offered in
-- the wave, or that nobody answered, is NULL with its status, never false.
with
    -- the newest wording of a question or option labels all its waves
    questions as (
        {{ newest_wording("survey_question", "question_label", ["question_code"]) }}
    ),

    options as (
        {{
            newest_wording(
                "survey_option", "option_label", ["question_code", "option_code"]
            )
        }}
    )

select
    answers.org_code as organisation_code,
    trusts.organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    answers.wave,
    answers.question_code,
    questions.question_label,
    answers.option_code,
    options.option_label,
    answers.selected,
    answers.value_status,
    answers.value_status_reason,
    answers.respondents,
    answers.collapse_rule,
    answers.period_end as data_as_of,
    answers.data_origin
from {{ ref("int_returns__survey_answer") }} as answers
left join
    {{ ref("dim_trust") }} as trusts on answers.org_code = trusts.organisation_code
left join questions on answers.question_code = questions.question_code
left join
    options
    on answers.question_code = options.question_code
    and answers.option_code = options.option_code

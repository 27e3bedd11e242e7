-- Grain: trust x wave x option that any wave of ours has offered. Question: what does
-- the trust say, its respondents taken together by the rule recorded for the question?
-- Restricted: answers of single respondents end here. A respondent is not a trust: the
-- rule is read from survey_question_rule (the newest that began by the wave). The lead
-- respondent of a question is the first, among those who answered it, of executive
-- lead, chief executive, deputy, director, strategy, public health, chair and others.
-- not_collected: the option was not offered in that wave. missing: offered and not
-- answered by anybody (NA). Neither is a "no".
{%- set lead_order = [
    "EXEC_LEAD",
    "CEO",
    "DEPUTY_CEO",
    "DIRECTOR",
    "STRATEGY",
    "PH_CONSULTANT",
    "CHAIR",
] %}
with
    submissions as (
        select submission_id, org_code, period_end, data_origin
        from {{ ref("int_returns__in_use") }}
        where collection_code = 'SV01'
    ),

    replies as (
        -- two periods that carry the same wave: the newer one speaks
        {% call kept(
            "dense_rank() over (partition by submissions.org_code, answers.wave "
            ~ "order by submissions.period_end desc) = 1"
        ) %}
        select
            submissions.org_code,
            submissions.period_end,
            submissions.data_origin,
            answers.wave,
            answers.respondent_seq,
            case
                answers.respondent_role
                {%- for role in lead_order %}
                    when '{{ role }}' then {{ loop.index }}
                {%- endfor %}
                else 99
            end as lead_order,
            answers.question_code,
            answers.option_code,
            answers.selected
        from {{ ref("stg_returns__sv01") }} as answers
        inner join submissions on answers.submission_id = submissions.submission_id
        {% endcall %}
    ),

    trust_waves as (
        select
            org_code,
            wave,
            cast(wave as integer) as wave_year,
            max(period_end) as period_end,
            min(data_origin) as data_origin
        from replies
        group by org_code, wave
    ),

    leads as (
        {% call kept(
            "row_number() over (partition by org_code, wave, question_code "
            ~ "order by lead_order, respondent_seq, option_code) = 1"
        ) %}
        select org_code, wave, question_code, respondent_seq
        from replies
        where selected in ('Y', 'N')
        {% endcall %}
    ),

    counted as (
        select
            replies.org_code,
            replies.wave,
            replies.question_code,
            replies.option_code,
            count(*) filter (where replies.selected in ('Y', 'N')) as respondents,
            count(*) filter (where replies.selected = 'Y') as yes,
            coalesce(
                bool_or(replies.selected = 'Y') filter (
                    where replies.respondent_seq = leads.respondent_seq
                ),
                false
            ) as lead_says_yes
        from replies
        left join
            leads
            on replies.org_code = leads.org_code
            and replies.wave = leads.wave
            and replies.question_code = leads.question_code
        group by
            replies.org_code, replies.wave, replies.question_code, replies.option_code
    ),

    -- an option may be in the seed more than once, with a wave range for each
    -- wording
    offered as (
        select distinct waves.wave_year, options.question_code, options.option_code
        from (select distinct wave_year from trust_waves) as waves
        inner join
            {{ ref("survey_option") }} as options
            on waves.wave_year
            between options.wave_from and coalesce(options.wave_to, 9999)
    ),

    ever_offered as (select distinct question_code, option_code from offered),

    ruled as (
        {% call kept(
            "row_number() over (partition by trust_waves.org_code, "
            ~ "trust_waves.wave, ever_offered.question_code, "
            ~ "ever_offered.option_code order by rules.valid_from_wave desc) = 1"
        ) %}
        select
            trust_waves.*,
            ever_offered.question_code,
            ever_offered.option_code,
            offered.option_code is not null as is_offered,
            rules.collapse_rule,
            rules.minimum_base
        from trust_waves
        cross join ever_offered
        inner join
            {{ ref("survey_question_rule") }} as rules
            on ever_offered.question_code = rules.question_code
            and rules.valid_from_wave <= trust_waves.wave_year
        left join
            offered
            on trust_waves.wave_year = offered.wave_year
            and ever_offered.question_code = offered.question_code
            and ever_offered.option_code = offered.option_code
        {% endcall %}
    )

select
    ruled.org_code,
    ruled.wave,
    ruled.question_code,
    ruled.option_code,
    ruled.collapse_rule,
    ruled.minimum_base,
    ruled.period_end,
    ruled.data_origin,
    cast(
        case when ruled.is_offered then coalesce(counted.respondents, 0) end as integer
    ) as respondents,
    case
        when not ruled.is_offered
        then 'not_collected'
        when coalesce(counted.respondents, 0) = 0
        then 'missing'
        else 'published'
    end as value_status,
    case
        when not ruled.is_offered
        then 'not asked in the wave of ' || ruled.wave
        when coalesce(counted.respondents, 0) = 0
        then 'asked and not answered'
    end as value_status_reason,
    case
        when not ruled.is_offered or coalesce(counted.respondents, 0) = 0
        then null
        when ruled.collapse_rule = 'any_respondent'
        then counted.yes > 0
        when ruled.collapse_rule = 'majority'
        then
            2 * counted.yes > counted.respondents
            or (2 * counted.yes = counted.respondents and counted.lead_says_yes)
        when ruled.collapse_rule = 'lead_respondent'
        then counted.lead_says_yes
        else {{ stops("'unknown collapse rule ' || ruled.collapse_rule") }}
    end as selected
from ruled
left join
    counted
    on ruled.org_code = counted.org_code
    and ruled.wave = counted.wave
    and ruled.question_code = counted.question_code
    and ruled.option_code = counted.option_code

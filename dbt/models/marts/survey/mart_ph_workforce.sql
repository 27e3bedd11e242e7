-- Grain: trust x role x measure, newest snapshot of each trust. Question: who works
-- in public health and on inequalities, what is funded, and how far has recruiting
-- come?
-- Staff are counted as people: 1 to 7 are hidden, others rounded to the nearest 5, and
-- WTE of fewer than 8 people, or of fewer than 8 WTE, is hidden with them. employs_role
-- says no more than a 0 that is shown beside it: whether there is anybody. A stage that
-- is an earlier one than in the snapshot before is marked.
{%- set stages = [
    "NONE",
    "CONSIDERING",
    "JD_DRAFTED",
    "JD_APPROVED",
    "ADVERTISED",
    "APPOINTED",
    "IN_POST",
] %}
with
    submissions as (
        select * from {{ ref("int_returns__in_use") }} where collection_code = 'WF01'
    ),

    posts as (
        -- a role of which a headcount could not be read is not known
        {% call kept(
            "dense_rank() over (partition by submissions.org_code, "
            ~ "posts.snapshot_date order by submissions.period_end desc) = 1 and "
            ~ "not bool_or(posts.headcount_status = 'rejected') over (partition "
            ~ "by submissions.submission_id, posts.snapshot_date, "
            ~ "posts.role_code)"
        ) %}
        select
            submissions.org_code,
            submissions.data_origin,
            {{ all_but(["org_code", "submission_id", "row_number", "data_origin"], of="posts") }},
            posts.headcount_status = 'suppressed' as is_hidden,
            case
                posts.recruitment_stage
                {%- for stage in stages %}
                    when '{{ stage }}' then {{ loop.index }}
                {%- endfor %}
            end as stage_order
        from {{ ref("stg_returns__wf01") }} as posts
        inner join submissions on posts.submission_id = submissions.submission_id
        {% endcall %}
    ),

    roles as (
        select
            org_code,
            snapshot_date,
            role_code,
            min(data_origin) as data_origin,
            -- a count hidden by the sender is 1 to 7: with another one beside it the
            -- sum is not known
            case when not bool_or(is_hidden) then sum(headcount) end as headcount,
            bool_or(is_hidden) as is_hidden,
            {{ in_order("sum", "wte") }} as wte,
            {{ in_order("sum", "funded_establishment_wte") }} as funded_wte,
            bool_or(coalesce(headcount, 0) > 0 or is_hidden or wte > 0) as employs_role,
            max(stage_order) as stage_order,
            {{ listed_text("employment_model", ",", distinct=true) }}
            as employment_models,
            {{ listed_text("funding_type", ",", distinct=true) }} as funding_types,
            max(training_placement) as training_placement
        from posts
        group by org_code, snapshot_date, role_code
    ),

    beside_earlier as (
        select
            *,
            lag(stage_order) over earlier as previous_stage_order,
            max(snapshot_date) over (partition by org_code) as newest_snapshot_date
        from roles
        window earlier as (partition by org_code, role_code order by snapshot_date)
    ),

    newest as (
        select
            *,
            case
                when is_hidden
                then 'suppressed'
                else {{ disclosed_count_status("headcount") }}
            end as headcount_status
        from beside_earlier
        where snapshot_date = newest_snapshot_date
    ),

    disclosed as (
        select
            *,
            case
                when headcount_status <> 'published'
                then headcount_status
                else {{ disclosed_count_status("round(wte)") }}
            end as wte_status,
            {{ disclosed_count_status("round(funded_wte)") }} as funded_wte_status
        from newest
    ),

    {%- set measures = {
        "headcount": ["people", "headcount"],
        "wte": ["WTE", "wte"],
        "funded_establishment_wte": ["WTE", "funded_wte"],
    } %}
    measured as (
        {%- for measure, (unit, counted) in measures.items() %}
            select
                *,
                '{{ measure }}' as measure,
                '{{ unit }}' as unit,
                {{ counted }}_status as value_status,
                case
                    when {{ counted }}_status = 'published'
                    then cast({{ disclosed_count("round(" ~ counted ~ ")") }} as double)
                end as value
            from disclosed {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    measured.org_code as organisation_code,
    trusts.organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    measured.snapshot_date,
    measured.role_code,
    codes.label as role_label,
    measured.measure,
    measured.value,
    measured.unit,
    measured.value_status,
    measured.employs_role,
    measured.employment_models,
    measured.funding_types as funding_type,
    case
        measured.stage_order
        {%- for stage in stages %}
            when {{ loop.index }} then '{{ stage }}'
        {%- endfor %}
    end as recruitment_stage,
    measured.stage_order < measured.previous_stage_order as stage_moved_backwards,
    measured.training_placement,
    measured.snapshot_date as data_as_of,
    measured.data_origin
from measured
left join
    {{ ref("dim_trust") }} as trusts on measured.org_code = trusts.organisation_code
left join
    {{ ref("return_code") }} as codes
    on codes.list_code = 'workforce_role'
    and measured.role_code = codes.code

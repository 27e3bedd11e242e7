-- Grain: submission in use (WL01, OP01) x grouping set x outcome. Question: to what do
-- its rows add up, by a second way (no join to groups, no window)?
-- True counts: restricted. The facts are held against these totals every night
-- (returns_facts_have_their_control_totals), whichever engine built them. Made again by
-- submission: its file, and how it is in use. The test read all months that are kept
-- before, 21 million rows each.
{{
    config(
        materialized="by_part" if target.type == "duckdb" else "table",
        part="submission_id",
    )
}}
{%- set asked = wanted_parts(parts_of_returns_in_use(["WL01", "OP01"])) %}
{%- set collections = {
    "WL01": ["pathway_count", "wait_band", "'ALL'", "rtt_part = '2'"],
    "OP01": [
        "appointment_count",
        "attended_or_did_not_attend_code",
        "first_attendance_code",
        "true",
    ],
} %}
{%- for collection, (count, outcome, kind, condition) in collections.items() %}
    {%- set stage = returns_of_parts(collection, asked) %}
    select
        '{{ collection }}' as collection_code,
        rows.submission_id,
        rows.grouping_set,
        rows.{{ outcome }} as outcome,
        sum(
            {{
                disclosed_low(
                    "rows." ~ count,
                    "rows." ~ count ~ "_status",
                    "in_use.disclosure_profile = 'SAFE'",
                )
            }}
        ) as total,
        max(
            case when rows.{{ count }}_status = 'rejected' then 1 else 0 end
        ) as is_unreadable
    from {{ stage }} as rows
    inner join
        {{ ref("int_returns__in_use") }} as in_use
        on rows.submission_id = in_use.submission_id
    inner join
        (
            select
                submission_id,
                max(
                    case when treatment_function_code = 'ALL' then 1 else 0 end
                ) as functions,
                max(case when {{ kind }} = 'ALL' then 1 else 0 end) as kinds
            from {{ stage }}
            where {{ condition }}
            group by submission_id
        ) as whole
        on rows.submission_id = whole.submission_id
    where
        {{ condition }}
        and (rows.treatment_function_code = 'ALL' or whole.functions = 0)
        and ({{ kind }} = 'ALL' or whole.kinds = 0)
    group by
        rows.submission_id,
        rows.grouping_set,
        rows.{{ outcome }}
        {{ "union all" if not loop.last }}
{%- endfor %}

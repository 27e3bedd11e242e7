-- Grain: submission with rows of WL01, OP01 or UC01. Question: how many rows did it
-- send, and how many pathways wait in all (WL01)?
-- The control totals of what is made of these rows: restricted. Made again by
-- submission: its file.
{{
    config(
        materialized="by_part" if target.type == "duckdb" else "table",
        part="submission_id",
    )
}}
{%- set asked = wanted_parts(parts_of_returns(["WL01", "OP01", "UC01"])) %}
{% for collection in ["wl01", "op01", "uc01"] %}
    {%- set pathways = "pathway_count" if collection == "wl01" else "null" %}
    {%- set whole = (
        "grouping_set = 'G0' and rtt_part = '2'"
        if collection == "wl01"
        else "false"
    ) %}
    select
        submission_id,
        '{{ collection | upper }}' as collection_code,
        count(*) as row_count,
        cast(sum(case when {{ whole }} then {{ pathways }} end) as bigint) as pathways
    from {{ returns_of_parts(collection, asked) }}
    group by submission_id {{ "union all" if not loop.last }}
{% endfor %}

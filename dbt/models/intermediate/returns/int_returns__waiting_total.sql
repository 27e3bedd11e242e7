-- Grain: waiting list (WL01) that intake has accepted. Question: how many pathways has
-- it in all? Made again by submission: its file.
{{ config(materialized="by_part", part="submission_id") }}
{%- set asked = wanted_parts(parts_of_returns(["WL01"])) %}
select submission_id, sum(pathway_count) as pathways
from {{ ref("stg_returns__wl01") }}
where grouping_set = 'G0' and rtt_part = '2' and {{ in_parts(asked, "submission_id") }}
group by submission_id

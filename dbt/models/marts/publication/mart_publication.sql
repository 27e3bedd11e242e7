-- Grain: published table. Question: can today's table be trusted: what did the gate
-- say of it, from which inputs and which code was it made, and under which licence may
-- it be used?
-- dbt cannot know what the gate will say: the columns that are NULL here are filled
-- when the candidate is sealed (dagster_project/release/publication.py), after the last
-- check and before the file has its name.
select
    cast(mart_name as string) as mart_name,
    cast(disclosure_policy as string) as disclosure_policy,
    cast(null as date) as period_end,
    cast(null as bigint) as row_count,
    cast(null as string) as gate_status,
    cast(null as string) as failed_checks,
    cast(null as string) as warned_checks,
    cast(null as string) as git_commit,
    cast(null as string) as inputs_sha256,
    cast(licence as string) as licence,
    cast(null as timestamp) as published_at,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from
    (
        values
            {%- for mart, policy, licence in (
                published_tables() or [["none", "none", "none"]]
            ) %}
                (
                    '{{ mart }}', '{{ policy }}', '{{ licence }}'
                ) {{- "," if not loop.last }}
            {%- endfor %}
    ) as listed(mart_name, disclosure_policy, licence)

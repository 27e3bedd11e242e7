{#
    WL01 from records of open pathways: one judged row for each record, with its place in every list, why it does not count (`reason`,
    NULL where it does), and what was found on it. Nothing in it names a person: keys are hashes, dates are bands.

    Inputs: records (dagster_project/extract/layouts/wlmds_open.yml says which columns), parameters (one row: census_date,
    provider_codes, has_list_type, has_treatment_function), and what extract_placed asks for.
    Rules: part 2 is ORTT and IRTT, part 2A is IRTT; without list type 2A is a decision to admit by the census. Weeks waited are whole
    days from clock start to census, cut by the days of the seed wait_band; a start that is missing or after the census is WUNK.
#}
{% macro extract_wlmds_open_judged() -%}
    with
        prepared as (
            select
                records.* exclude (list_type),
                parameters.*,
                upper(records.list_type) as list_type,
                parameters.census_date as on_day,
                case
                    when records.clock_start <= parameters.census_date then parameters.census_date - records.clock_start
                end as days_waited,
                case
                    when records.pathway_identifier is not null and records.pathway_issuer is not null
                    then 'pathway ' || upper(records.pathway_issuer) || ' ' || records.pathway_identifier
                    when records.referral_identifier is not null
                    then 'referral ' || coalesce(upper(records.provider), '') || ' ' || records.referral_identifier
                end as pathway
            from records
            cross join parameters
        ),
        {{ extract_placed("prepared") }}
    select
        {{ extract_key("pathway") }},
        pathway is null as has_no_key,
        created_at,
        {{
            extract_reason(
                {
                    "census": "census_day <> census_date",
                    "not_rtt": "has_list_type and list_type in ('ONON', 'INON')",
                    "planned": "admission_method = '13'",
                    "closed": "clock_end <= census_date",
                    "stopped": "rtt_status in ('30', '31', '32', '33', '34', '35', '36', '90', '91', '92', '98')",
                }
            )
        }},
        coalesce(case when has_list_type then list_type = 'IRTT' else decision_to_admit <= census_date end, false) as is_2a,
        cast(days_waited as integer) as days_waited,
        {{ extract_person_columns() }},
        cast(waits.sort_order as utinyint) as wait_band,
        has_list_type and (list_type is null or list_type not in ('ORTT', 'IRTT', 'ONON', 'INON')) as unlisted_list_type,
        coalesce(
            rtt_status not in ('10', '11', '12', '20', '21', '30', '31', '32', '33', '34', '35', '36', '90', '91', '92', '98', '99'),
            false
        ) as unlisted_rtt_status,
        census_day is null as census_missing,
        clock_start is null as clock_start_missing,
        coalesce(clock_start > census_date, false) as clock_start_after_census,
        coalesce(clock_end < clock_start, false) as clock_end_before_start,
        coalesce(has_list_type and list_type = 'IRTT' and decision_to_admit is null, false) as decision_missing,
        coalesce(has_list_type and list_type = 'ORTT' and decision_to_admit <= census_date, false) as decision_unexpected,
        columns('^unread_')
    from placed
    left join
        (
            select unnest(generate_series(days_from, coalesce(days_to, days_from))) as day, sort_order
            from wait_band
            where is_known
            union all
            select null as day, sort_order
            from wait_band
            where not is_known
        ) as waits
        on waits.day is not distinct from
        case when placed.days_waited is not null then least(placed.days_waited, (select max(days_from) from wait_band)) end
{%- endmacro %}

{#
    The rows of `judged` (rowid) that are older versions of a pathway: the later creation stands, of equal ones an open row before a
    closed one, then the longest wait.
#}
{% macro extract_wlmds_open_duplicates() -%}
    {{
        extract_older_versions(
            ["provider", "census", "not_rtt", "planned"],
            [
                "created_at desc nulls last",
                "reason is null desc",
                "days_waited desc nulls last",
                "is_2a desc",
            ]
            + extract_groups(),
        )
    }}
{%- endmacro %}

{# How many pathways are in each cell of the full cross. Columns: the places of the lists, and n (BIGINT). #}
{% macro extract_wlmds_open_cells() -%}
    with
        counted as (
            select is_2a, wait_band, {{ extract_groups() | join(", ") }}, count(*) as n
            from judged
            where {{ extract_counts() }}
            group by all
        ),
        parts as (
            select '2' as rtt_part, * exclude (is_2a) from counted
            union all
            select '2A' as rtt_part, * exclude (is_2a) from counted where is_2a and (select has_part_2a from parameters)
        )
    select
        parts.rtt_part,
        waits.code as wait_band,
        {{ extract_codes_of_groups("parts") }},
        sum(n) as n
    from parts
    join wait_band as waits on waits.sort_order = parts.wait_band
    {{ extract_joins_of_groups("parts") }}
    group by all
{%- endmacro %}

{# The rows of the return WL01, in the order of its columns. #}
{% macro extract_wl01_rows() -%}
    with
        outcome as (
            select parts.code as rtt_part, wait_band.code as wait_band
            from wait_band, return_code as parts
            where parts.list_code = 'rtt_part' and (parts.code = '2' or (select has_part_2a from parameters))
        ),
        cell as (
            select * from cells
            union all by name
            select * replace ('ALL' as treatment_function_code) from cells where treatment_function_code <> 'ALL'
        ),
        {{ extract_grouping_sets("cell", ["rtt_part", "wait_band"]) }}
    select
        parameters.org_code,
        parameters.period_end as census_date,
        rtt_part,
        treatment_function_code,
        grouping_set,
        ethnic_category,
        imd_decile,
        age_band,
        person_stated_gender_code,
        wait_band,
        {{ extract_shown("n") }} as pathway_count
    from grouped
    cross join parameters
    order by all
{%- endmacro %}

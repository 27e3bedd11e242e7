{#
    WL01 from records of open pathways. `coarse` is one row for each record; those that are alike in everything that decides are judged
    together: their place in every list, why they do not count (`reason`, NULL where they do), and what was found on them. Nothing
    names a person: keys are hashes, dates are bands.

    Inputs: records (dagster_project/extract/layouts/wlmds_open.yml says which columns), parameters (one row: census_date,
    provider_codes, has_list_type, has_treatment_function), and what extract_placed and extract_listed ask for.
    Rules: part 2 is ORTT and IRTT, part 2A is IRTT; without list type 2A is a decision to admit by the census. Weeks waited are whole
    days from clock start to census, cut by the days of the seed wait_band; a start that is missing or after the census is WUNK.
#}
{% macro extract_wlmds_open_coarse() -%}
    with
        prepared as (
            select
                records.*,
                parameters.census_date,
                born.age_band,
                coalesce(records.clock_start < records.birth_date, false) as clock_start_before_birth,
                case
                    when records.clock_start < longest.first_start
                    then longest.first_start
                    when records.clock_start <= parameters.census_date
                    then records.clock_start
                    else date '9999-12-31'
                end as start_in_bands,
                records.pathway_identifier is not null and records.pathway_issuer is not null as is_pathway,
                case
                    when records.pathway_identifier is not null and records.pathway_issuer is not null
                    then records.pathway_identifier
                    else records.referral_identifier
                end as identifier
            from records
            cross join parameters
            cross join
                (
                    select
                        {{ days_later("parameters.census_date", "cast(-max(wait_band.days_from) as integer)") }}
                        as first_start
                    from wait_band
                    cross join parameters
                    group by parameters.census_date
                ) as longest
            left join ({{ extract_age_band_by_birth("census_date") }}) as born on born.birth_date = records.birth_date
        ),
        {{ extract_placed("prepared") }}
    select
        {{
            extract_key(
                "(case when is_pathway then 'pathway ' || upper(pathway_issuer) else 'referral ' || coalesce(upper(provider), '') end || ' ' || identifier)",
                part="identifier",
            )
        }},
        created_at,
        case
            when placed.clock_start <= census_date then {{ days_between("placed.clock_start", "census_date") }} else -1
        end as days_waited,
        identifier is null as has_no_key,
        provider,
        list_type,
        rtt_status,
        admission_method,
        treatment_function_code,
        ethnic_text,
        gender_text,
        age_band,
        birth_date_missing,
        age_out_of_range,
        imd_decile,
        area_reason,
        cast(waits.wait_band as tinyint) as wait_band,
        census_day <> census_date as is_of_other_day,
        placed.clock_start is null as clock_start_missing,
        placed.clock_start > census_date as clock_starts_later,
        clock_end <= census_date as has_ended,
        clock_end < placed.clock_start as ends_before_start,
        clock_start_before_birth,
        coalesce(decision_to_admit < placed.clock_start, false) as decision_before_start,
        decision_to_admit <= census_date as is_decided,
        decision_to_admit is null as decision_missing,
        unread
    from placed
    join ({{ extract_wait_band_by_start("census_date") }}) as waits on waits.clock_start = placed.start_in_bands
{%- endmacro %}

{#
    The wait band of each clock start on a day that is the same for all: from that day back to the first of the band without an upper
    bound, in which every earlier start is too; 9999-12-31 stands for a start that is not known. Columns: clock_start, wait_band (sort_order
    of the seed).
#}
{% macro extract_wait_band_by_start(day) -%}
    select {{ days_later(day, "cast(-bands.days as integer)") }} as clock_start, bands.wait_band
    from
        (
            select {{ each_number("days_from", "coalesce(days_to, days_from)") }} as days, sort_order as wait_band
            from wait_band
            where is_known
        ) as bands
    cross join parameters
    union all
    select date '9999-12-31' as clock_start, sort_order as wait_band
    from wait_band
    where not is_known
{%- endmacro %}

{# What is said of records of open pathways that are alike: columns over `listed` and parameters. #}
{% macro extract_wlmds_open_columns() -%}
    has_no_key,
    {{
        extract_reason(
            {
                "empty": "clock_start_missing and birth_date_missing and area_reason = 'no_area' and (has_no_key or has_no_group)",
                "census": "is_of_other_day",
                "not_rtt": "has_list_type and upper(list_type) in ('ONON', 'INON')",
                "planned": "admission_method = '13'",
                "closed": "has_ended",
                "stopped": "rtt_status in ('30', '31', '32', '33', '34', '35', '36', '90', '91', '92', '98')",
            }
        )
    }},
    coalesce(case when has_list_type then upper(list_type) = 'IRTT' else is_decided end, false) as is_2a,
    {{ extract_person_columns() }},
    wait_band,
    has_list_type and coalesce(upper(list_type) not in ('ORTT', 'IRTT', 'ONON', 'INON'), true) as unlisted_list_type,
    coalesce(
        rtt_status
        not in ('10', '11', '12', '20', '21', '30', '31', '32', '33', '34', '35', '36', '90', '91', '92', '98', '99'),
        false
    ) as unlisted_rtt_status,
    is_of_other_day is null as census_missing,
    clock_start_missing,
    coalesce(clock_starts_later, false) as clock_start_after_census,
    coalesce(ends_before_start, false) as clock_end_before_start,
    clock_start_before_birth,
    decision_before_start,
    coalesce(has_list_type and upper(list_type) = 'IRTT' and decision_missing, false) as decision_missing,
    coalesce(has_list_type and upper(list_type) = 'ORTT' and is_decided, false) as decision_unexpected,
    unread
{%- endmacro %}

{# Columns of a record of open pathways that decide: those of which many have the same. #}
{% macro extract_wlmds_open_alike() -%}
    {{
        return(
            [
                "has_no_key",
                "provider",
                "list_type",
                "rtt_status",
                "admission_method",
                "treatment_function_code",
                "ethnic_text",
                "gender_text",
                "age_band",
                "birth_date_missing",
                "age_out_of_range",
                "imd_decile",
                "area_reason",
                "wait_band",
                "is_of_other_day",
                "clock_start_missing",
                "clock_starts_later",
                "has_ended",
                "ends_before_start",
                "clock_start_before_birth",
                "decision_before_start",
                "is_decided",
                "decision_missing",
                "unread",
            ]
        )
    }}
{%- endmacro %}

{# Of which each record has its own: when the extract was made, and how many days were waited. #}
{% macro extract_wlmds_open_own() -%} {{ return(["created_at", "days_waited"]) }} {%- endmacro %}

{% macro extract_wlmds_open_grouped() -%}
    {{
        extract_grouped_records(
            extract_wlmds_open_coarse(), extract_wlmds_open_alike(), may_repeat="is_of_other_day is not true"
        )
    }}
{%- endmacro %}

{% macro extract_wlmds_open_judged() -%} {{ extract_judged_groups(extract_wlmds_open_columns()) }} {%- endmacro %}

{# Older versions of a pathway: the later creation stands, of equal ones an open row before a closed one, then the longest wait. #}
{% macro extract_wlmds_open_duplicates() -%}
    {{
        extract_older_records(
            extract_wlmds_open_coarse(),
            extract_wlmds_open_columns(),
            extract_wlmds_open_own(),
            ["provider", "empty", "census", "not_rtt", "planned"],
            [
                "created_at desc nulls last",
                "reason is null desc",
                "days_waited desc",
                "is_2a desc",
            ]
            + extract_groups_in_order(),
        )
    }}
{%- endmacro %}

{# How many pathways are in each cell of the full cross. Columns: the places of the lists, and n (BIGINT). #}
{% macro extract_wlmds_open_cells() -%}
    with
        counted as (
            select is_2a, wait_band, {{ extract_groups() | join(", ") }}, sum(n) as n
            from tally
            where {{ extract_counts() }}
            group by all
        ),
        parts as (
            select '2' as rtt_part, wait_band, {{ extract_groups() | join(", ") }}, n
            from counted
            union all
            select '2A' as rtt_part, wait_band, {{ extract_groups() | join(", ") }}, n
            from counted
            where is_2a and (select has_part_2a from parameters)
        )
    select parts.rtt_part, waits.code as wait_band, {{ extract_codes_of_groups("parts") }}, sum(n) as n
    from parts
    join wait_band as waits on waits.sort_order = parts.wait_band {{ extract_joins_of_groups("parts") }}
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
        {{ extract_grouping_sets("cells", ["rtt_part", "wait_band"]) }}
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

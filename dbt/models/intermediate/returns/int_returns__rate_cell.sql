-- Grain: submission in use (WL01, OP01) x metric x dimension x group (x quintile, for
-- ethnicity within deprivation).
-- Question: what are numerator and denominator of each metric in each group of each
-- trust? True counts: restricted.
-- A trust that sends the full cross only (G9) has its groups summed from it.
-- Functions and kinds of attendance are summed where the trust sends no ALL. A count
-- that the trust suppressed (SAFE) is 1 to 7, one that it rounded is off by 2 at most:
-- low and high carry that, and it is never taken for 0. A grouping set in which a
-- count could not be read (status rejected) is left out whole: its sums are not known,
-- and the other groups would give the hidden part away against the total.
-- Ethnic groups of five are those of the census of 2021, made here from the categories
-- (Chinese, R, in ASIAN). Grouping set G5 comes ready-made, and the template asked for
-- the groups of 2001 (R in OTHER) before. Which of the two a file holds is read off the
-- file: its OTHER of G5 is category S (2021) or R and S together (2001), whichever is
-- nearer, so that a rounded or slightly uneven file is decided too. Those of 2001, and
-- those that cannot be compared because the file has no G1, keep a name of their own
-- (ASIAN_2001, OTHER_2001): WHITE, MIXED, BLACK and UNK are the same people in both.
-- The share of pathways whose clock start is not known is no metric of returns. NHS
-- England publishes it of every trust and group (WLMDS: unknown_clock_start_share of
-- mart_waiting_list), and rule W04 tells the sender where it is above 1%. Beside the
-- list it would disclose: the list less the known ones is the hidden count (12 and 6,
-- shown as 10 and [c] of 20, leave 6 or 7), withholding it for that reason says the
-- same, and in a list below 700 so does W04.
-- Made again by submission: its file, and how it is in use.
{{
    config(
        materialized="by_part" if target.type == "duckdb" else "table",
        part="submission_id",
    )
}}
{%- set asked = wanted_parts(parts_of_returns_in_use(["WL01", "OP01"])) %}
{%- set groups = [
    "ethnic_category",
    "imd_decile",
    "age_band",
    "person_stated_gender_code",
] %}
{%- set collections = {
    "WL01": ["pathway_count", "wait_band", "'ALL'", "rtt_part = '2'"],
    "OP01": [
        "appointment_count",
        "attended_or_did_not_attend_code",
        "first_attendance_code",
        "true",
    ],
} %}
with
    in_use as (
        select *
        from {{ ref("int_returns__in_use") }}
        where
            collection_code in ('WL01', 'OP01')
            and {{ in_parts(asked, "submission_id") }}
    ),

    -- What each metric counts is in the seed, where the disclosure attack reads it
    -- too. Pathways without a known clock start are in no metric.
    outcomes as (
        select
            collection_code,
            outcome,
            metric_id,
            array_contains(split(numerator_codes, ' '), outcome) as is_counted
        from
            (
                select *, {{ each_of("denominator_codes", " ") }} as outcome
                from {{ ref("hi_metric") }}
            ) as divided
    ),

    {%- for collection, (count, outcome, kind, condition) in collections.items() %}
        {%- set stage = returns_of_parts(collection, asked) %}
        shape_{{ collection | lower }} as (
            select
                in_use.submission_id,
                in_use.disclosure_profile = 'SAFE' as is_safe,
                file.has_all_functions,
                file.has_all_kinds,
                file.grouping_sets
            from in_use
            inner join
                (
                    select
                        submission_id,
                        bool_or(treatment_function_code = 'ALL') as has_all_functions,
                        bool_or({{ kind }} = 'ALL') as has_all_kinds,
                        {{ listed_text("grouping_set", " ", distinct=true) }}
                        as grouping_sets
                    from {{ stage }}
                    where {{ condition }}
                    group by submission_id
                ) as file using (submission_id)
        ),

        -- Whether a row counts is asked in the join (its codes are never blank: C08):
        -- as a condition after it, 8.9 million rows were joined, eleven columns wide,
        -- of which 68,040 stayed (four times the processor time, six times the memory).
        sent_{{ collection | lower }} as (
            select
                rows.submission_id,
                rows.grouping_set,
                shape.grouping_sets,
                {%- for group in groups %} rows.{{ group }},{% endfor %}
                rows.{{ outcome }} as outcome,
                {{
                    disclosed_low(
                        "rows." ~ count,
                        "rows." ~ count ~ "_status",
                        "shape.is_safe",
                    )
                }} as count_low,
                {{
                    disclosed_high(
                        "rows." ~ count,
                        "rows." ~ count ~ "_status",
                        "shape.is_safe",
                    )
                }} as count_high,
                not bool_or(rows.{{ count }}_status = 'rejected') over (
                    partition by rows.submission_id, rows.grouping_set
                ) as is_whole
            from {{ stage }} as rows
            inner join
                shape_{{ collection | lower }} as shape
                on rows.submission_id = shape.submission_id
                and (rows.treatment_function_code = 'ALL') = shape.has_all_functions
                and ({{ kind }} = 'ALL') = shape.has_all_kinds
            where {{ condition }}
        ),
    {%- endfor %}

    sent as (
        select 'WL01' as collection_code, *
        from sent_wl01
        union all
        select 'OP01' as collection_code, *
        from sent_op01
    ),

    counted as (
        select
            sent.submission_id,
            sent.grouping_set,
            max(sent.grouping_sets) as grouping_sets,
            {%- for group in groups %} sent.{{ group }},{% endfor %}
            outcomes.metric_id,
            {%- for side in ["low", "high"] %}
                coalesce(
                    sum(sent.count_{{ side }}) filter (where outcomes.is_counted), 0
                ) as numerator_{{ side }},
                sum(sent.count_{{ side }}) as denominator_{{ side }}
                {{- "," if not loop.last }}
            {%- endfor %}
        from sent
        inner join
            outcomes
            on sent.collection_code = outcomes.collection_code
            and sent.outcome = outcomes.outcome
        where sent.is_whole
        group by
            sent.submission_id,
            sent.grouping_set,
            {%- for group in groups %} sent.{{ group }},{% endfor %}
            outcomes.metric_id
    ),

    fives as (
        select code, group5 from {{ ref("ethnic_category") }} where level = 'category'
    ),

    {{ returns_census_groupings() }},

    -- Each dimension: the grouping set that brings it, its group, and the column that
    -- the quintile comes from.
    dimensioned as (
        {%- for dimension, (grouping_set, group, fifth) in {
            "ALL": ["G0", "'ALL'", "null"],
            "ETHNIC_CATEGORY": ["G1", "ethnic_category", "null"],
            "ETHNIC5": ["G1", "fives.group5", "null"],
            "IMD_DECILE": ["G2", "imd_decile", "null"],
            "IMD_QUINTILE": ["G2", returns_fifth("imd_decile"), "null"],
            "AGE": ["G3", "age_band", "null"],
            "SEX": ["G4", "person_stated_gender_code", "null"],
            "ETHNIC5_IMD_QUINTILE": [
                "G5",
                "coalesce(fives.group5, ethnic_category || case when not groupings.is_of_2021 and moved.group5 is not null then '_2001' else '' end)",
                "case when grouping_set = 'G5' then substr(imd_decile, 2) else "
                ~ returns_fifth("imd_decile")
                ~ " end",
            ],
        }.items() %}
            select
                counted.submission_id,
                counted.metric_id,
                '{{ dimension }}' as dim_type,
                {{ group }} as dim_value,
                cast({{ fifth }} as string) as imd_quintile,
                numerator_low,
                numerator_high,
                denominator_low,
                denominator_high
            from counted
            left join fives on counted.ethnic_category = fives.code
            left join moved on counted.ethnic_category = moved.group5
            left join groupings on counted.submission_id = groupings.submission_id
            where
                grouping_set = '{{ grouping_set }}'
                or (
                    grouping_set = 'G9'
                    and not array_contains(
                        split(grouping_sets, ' '), '{{ grouping_set }}'
                    )
                )
                {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    in_use.collection_code,
    in_use.org_code,
    in_use.period_start,
    in_use.period_end,
    dimensioned.submission_id,
    in_use.imd_version,
    in_use.is_revised,
    in_use.disclosure_profile = 'SAFE' as is_safe,
    in_use.data_origin,
    dimensioned.metric_id,
    dimensioned.dim_type,
    dimensioned.dim_value,
    dimensioned.imd_quintile,
    {%- for side in ["low", "high"] %}
        sum(numerator_{{ side }}) as numerator_{{ side }},
        sum(denominator_{{ side }}) as denominator_{{ side }}
        {{- "," if not loop.last }}
    {%- endfor %}
from dimensioned
inner join in_use using (submission_id)
group by all

-- Grain: as fct_indicator_value, outpatient indicators. Question: who attends, how
-- often for each resident, and who misses appointments?
-- Attendances by group are of England and count the patient's own deprivation and
-- ethnicity. Missed appointments are not published by either, only by organisation
-- and by age.
-- Other providers (1,176 of 1,182 are sites of independent providers, with 3 % of the
-- appointments of 2020-21) are shown where at least half of their months are
-- published; of the others nearly every cell is an asterisk.
{%- set of_groups = {
    "op_attendances_per_1000": ["attendances", "population"],
    "op_first_attendances_per_1000": [
        "attended_first + attended_first_tele",
        "population",
    ],
    "op_tele_share": [
        "attended_first_tele + attended_subsequent_tele",
        "attendances - attended_kind_unknown",
    ],
    "op_attendances": ["attendances", "cast(null as double)"],
} %}
with
    groups as (
        select counted.*, residents.population
        from {{ ref("int_outpatients_group") }} as counted
        left join
            {{ ref("int_outpatients_population") }} as residents
            on counted.dimension = residents.dimension
            and counted.group_code = residents.group_code
    ),

    yearly as (
        {%- for indicator, parts in of_groups.items() %}
            select
                '{{ indicator }}' as indicator_id,
                period_start,
                dimension,
                group_code,
                {{ parts[0] }} as numerator,
                {{ parts[1] }} as denominator,
                '{{ parts[1] }}' = 'population'
                and population is null as has_no_population,
                snapshot_sha256
            from groups
            {%- if parts[1] == "population" %}
                -- The census is not available by the 16 categories of 2001. England as
                -- a whole has no rate: one attendance in five has no ethnic group, so
                -- that every group would seem to attend less than England does.
                where dimension not in ('ethnic_group', 'all')
            {%- endif %}
            union all
        {%- endfor %}
        select
            'op_attendances',
            period_start,
            dimension,
            group_code,
            attendances,
            cast(null as double),
            false,
            snapshot_sha256
        from {{ ref("int_outpatients_age_sex") }}
    ),

    organisations as (
        {% call kept(
            "organisation_level <> 'other_provider' or avg(case when "
            ~ "value_status = 'published' then 1 else 0 end) over (partition by "
            ~ "indicator_id, organisation_code) >= 0.5"
        ) %}
        select *
        from {{ ref("int_outpatients_did_not_attend") }}
        {% endcall %}
    ),

    figures as (
        select
            indicator_id,
            'ENG' as organisation_code,
            'england' as organisation_level,
            'all' as treatment_function_code,
            period_start,
            cast(
                period_start + interval '1 year' - interval '1 day' as date
            ) as period_end,
            'year' as period_type,
            dimension,
            group_code,
            numerator,
            denominator,
            cast(null as double) as numerator_low,
            cast(null as double) as numerator_high,
            case
                when has_no_population then 'not_available' else 'published'
            end as value_status,
            case
                when
                    has_no_population
                    and group_code in ('unknown', 'not_stated', 'not_known')
                then 'there is no population of people whose group is not recorded'
                when has_no_population
                then 'no population of this group is available'
            end as value_status_reason,
            cast(0 as integer) as organisations_missing,
            case
                when dimension in ('imd_decile', 'imd_quintile', 'core20')
                then '2019_assumed'
            end as imd_version,
            'nhsd_hes_outpatient' as source_id,
            snapshot_sha256
        from yearly
        union all
        select
            indicator_id,
            organisation_code,
            organisation_level,
            'all',
            period_start,
            period_end,
            'month',
            'all',
            'all',
            numerator,
            denominator,
            numerator_low,
            numerator_high,
            value_status,
            value_status_reason,
            0,
            null,
            'nhsd_hes_monthly',
            snapshot_sha256
        from organisations
        union all
        select
            'op_did_not_attend_by_age',
            'ENG',
            'england',
            'all',
            period_start,
            period_end,
            'month',
            dimension,
            group_code,
            numerator,
            denominator,
            null,
            null,
            'published',
            null,
            0,
            null,
            'nhsd_hes_monthly',
            snapshot_sha256
        from {{ ref("int_outpatients_did_not_attend_age") }}
    ),

    figures_twice as ({{ on_both_geographies("figures") }})

select *
from figures_twice

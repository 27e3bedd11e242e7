-- Grain: source x period x organisation. Question: who was expected in a period and
-- has no row?
-- Expected is who sent in one of the three periods before and in one of the three
-- after, under its own code or that of its successor; a trust or sub-ICB location also
-- where the periods after are not there yet; in RTT every trust of a WLMDS release
-- within a year, which is of the same waiting lists; in the physical health checks
-- every sub-ICB location that ODS lists as open on the last day. In the 47 months of
-- A&E that were read August 2022 has four (two trusts, two other providers) and
-- eight months have one; RTT of January 2026 has one trust (RHQ).
{%- set around = 3 %}
with
    reporters as (select * from {{ ref("int_data_quality_reporter") }}),

    periods as (
        select distinct source_id, period_end, place, periods_held from reporters
    ),

    -- by its own code a trust that merged later is missed even where its successor sent
    followed as (
        select *, 'own' as code_kind, organisation_code as followed_code
        from reporters
        union all
        select *, 'successor', current_code
        from reporters
        where current_code is not null
    ),

    sent_around as (
        select
            periods.source_id,
            periods.period_end,
            followed.code_kind,
            followed.followed_code,
            {{
                value_at_last(
                    "followed.current_code",
                    ["followed.place", "followed.organisation_code"],
                )
            }} as current_code,
            max(followed.organisation_level) as organisation_level,
            {{
                value_at_last(
                    "followed.icb_code",
                    ["followed.place", "followed.organisation_code"],
                )
            }} as icb_code,
            {{
                value_at_last(
                    "followed.region_code",
                    ["followed.place", "followed.organisation_code"],
                )
            }} as region_code
        from periods
        inner join
            followed
            on periods.source_id = followed.source_id
            and abs(followed.place - periods.place) <= {{ around }}
        group by
            periods.source_id,
            periods.period_end,
            periods.place,
            periods.periods_held,
            followed.code_kind,
            followed.followed_code
        having
            not bool_or(followed.place = periods.place)
            and bool_or(followed.place < periods.place)
            and (
                bool_or(followed.place > periods.place)
                or (
                    followed.code_kind = 'successor'
                    and periods.place > periods.periods_held - {{ around }}
                    and max(followed.organisation_level) in ('trust', 'sub_icb')
                )
            )
    ),

    on_the_same_lists as (
        select
            periods.source_id,
            periods.period_end,
            reporters.current_code,
            max(reporters.organisation_level) as organisation_level,
            {{
                value_at_last(
                    "reporters.icb_code",
                    ["reporters.period_end", "reporters.organisation_code"],
                )
            }} as icb_code,
            {{
                value_at_last(
                    "reporters.region_code",
                    ["reporters.period_end", "reporters.organisation_code"],
                )
            }} as region_code
        from periods
        inner join
            reporters
            on periods.source_id = 'nhse_rtt'
            and reporters.source_id = 'nhse_wlmds'
            and abs({{ days_between("reporters.period_end", "periods.period_end") }})
            <= 366
        left join
            reporters as present
            on periods.source_id = present.source_id
            and periods.period_end = present.period_end
            and reporters.current_code = present.current_code
        where present.current_code is null and reporters.current_code is not null
        group by periods.source_id, periods.period_end, reporters.current_code
    ),

    -- in each of the 22 quarters that were read, who answered was exactly this
    -- list
    on_the_list_of_ods as (
        select
            periods.source_id,
            periods.period_end,
            listed.organisation_code,
            {{ current_code("listed.organisation_code", "mapped") }} as current_code,
            listed.organisation_kind as organisation_level,
            listed.icb_code,
            listed.region_code
        from periods
        inner join
            {{ ref("stg_ods_organisation__sub_icb") }} as listed
            on periods.source_id = 'nhse_smi'
            and listed.organisation_kind = 'sub_icb'
            and listed.opened_on <= periods.period_end
            and coalesce(listed.closed_on, periods.period_end) >= periods.period_end
        left join
            {{ ref("int_organisation_current") }} as mapped
            on listed.organisation_code = mapped.organisation_code
        left join
            reporters as present
            on periods.source_id = present.source_id
            and periods.period_end = present.period_end
            and listed.organisation_code = present.organisation_code
        where present.organisation_code is null
    ),

    found as (
        {%- for relation, kind, followed in [
            ("sent_around", "code_kind", "followed_code"),
            ("on_the_same_lists", "'list'", "current_code"),
            ("on_the_list_of_ods", "'list'", "organisation_code"),
        ] %}
            select
                source_id,
                period_end,
                {{ kind }} as code_kind,
                {{ followed }} as followed_code,
                current_code,
                organisation_level,
                icb_code,
                region_code
            from {{ relation }} {{ "union all" if not loop.last }}
        {%- endfor %}
    )

    -- once, under its own code where that is known to be missing
    {% call kept(
        "row_number() over (partition by source_id, period_end, "
        ~ "followed_code order by code_kind) = 1 and (code_kind <> "
        ~ "'successor' or not bool_or(code_kind <> 'successor') over "
        ~ "(partition by source_id, period_end, coalesce(current_code, "
        ~ "followed_code)))"
    ) %}
select
    source_id,
    period_end,
    followed_code as organisation_code,
    organisation_level,
    icb_code,
    region_code
from found
    {% endcall %}

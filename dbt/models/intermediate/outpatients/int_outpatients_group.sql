-- Grain: year x dimension x group. Question: how many attendances did each group
-- have, by deprivation and by ethnicity?
-- 2023-24 comes as one CSV, 2024-25 as two workbooks of the same shape; where a year
-- has both, the CSV is used. Deciles are rolled up to quintiles and to Core20 (the two
-- most deprived deciles), ethnic categories to five groups. Deprivation that is not
-- known, not stated (Z) and not known (99) stay separate groups. Every dimension adds
-- up to the same total.
{%- set measures = [
    "attendances",
    "attended_first",
    "attended_first_tele",
    "attended_subsequent",
    "attended_subsequent_tele",
    "attended_kind_unknown",
] %}
with
    editions as (
        {%- for entity in [
            "ethnicity_deprivation",
            "deprivation_workbook",
            "ethnicity_workbook",
        ] %}
            select
                period_start,
                dimension,
                group_code,
                {{ measures | join(", ") }},
                snapshot_sha256,
                {{ loop.index }} as edition
            from
                {{ ref("stg_nhsd_hes_outpatient__" ~ entity) }}
                {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    preferred as (
        {% call kept(
            "edition = min(edition) over (partition by period_start, dimension)"
        ) %}
        select *
        from editions
        {% endcall %}
    ),

    -- The groups of the waiting list know no group "unknown" of deprivation, because
    -- the WLMDS leaves those people out.
    memberships as (
        select
            case
                metric when 'imd' then 'imd_decile' else 'ethnic_group'
            end as own_dimension,
            category_code,
            dimension,
            group_code
        from {{ ref("waiting_list_groups") }}
        where metric in ('imd', 'ethnicity')
        union all
        select 'imd_decile', 'unknown', dimension, 'unknown'
        from
            (values ('imd_decile'), ('imd_quintile'), ('core20')) as dimensions(
                dimension
            )
        union all
        select 'imd_decile', category_code, 'all', 'all'
        from
            (
                values
                    ('1'),
                    ('2'),
                    ('3'),
                    ('4'),
                    ('5'),
                    ('6'),
                    ('7'),
                    ('8'),
                    ('9'),
                    ('10'),
                    ('unknown')
            ) as deciles(category_code)
    )

select
    preferred.period_start,
    memberships.dimension,
    memberships.group_code,
    {%- for measure in measures %}
        cast(sum(preferred.{{ measure }}) as double) as {{ measure }},
    {%- endfor %}
    max(preferred.snapshot_sha256) as snapshot_sha256
from preferred
inner join
    memberships
    on preferred.dimension = memberships.own_dimension
    and preferred.group_code = memberships.category_code
group by preferred.period_start, memberships.dimension, memberships.group_code

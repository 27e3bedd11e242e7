{#
    The CTE trusts of int_returns__rate_level: the cells of each trust with what is known of its recording, and whether they are in
    sums.

    Inputs: counts, the names of the counts; asked, the periods, as wanted_parts gives them. Reads the CTE detail, the periods of which fine breakdowns are kept.
#}
{% macro returns_trust_cells(counts, asked) -%}
    trusts as (
        select
            cells.collection_code,
            cells.org_code,
            coalesce(organisation.current_icb_code, organisation.icb_code) as icb_code,
            cells.metric_id,
            cells.dim_type || case
                when cells.dim_type like '%IMD%' and cells.imd_version <> '{{ var("returns_imd_version", "IMD2025") }}'
                then '_' || right(cells.imd_version, 4)
                else ''
            end as dim_type,
            cells.dim_value,
            cells.imd_quintile,
            cells.period_start,
            cells.period_end,
            case when cells.dim_type like '%IMD%' then cells.imd_version end as imd_version,
            {%- for count in counts %} cells.{{ count }}_low, cells.{{ count }}_high, {% endfor %}
            recording.people,
            recording.people_known,
            case
                when cells.dim_type = 'ETHNIC5_IMD_QUINTILE'
                then
                    coalesce(
                        recording.withheld_reason,
                        deprivation.withheld_reason,
                        case
                            when cells.dim_value like '%2001'
                            then 'five ethnic groups of 2001 (Chinese in OTHER): not comparable with those of 2021'
                        end
                    )
                else recording.withheld_reason
            end as withheld_reason,
            cells.is_revised,
            cells.is_safe,
            expected.org_code is not null as is_expected,
            -- In sums: the field is recorded well enough, and the groups are true
            -- counts (the middles of bounds do not add up to the middle of the total).
            recording.withheld_reason is null and (cells.dim_type = 'ALL' or not cells.is_safe) as is_in_sums,
            cells.data_origin
        from {{ ref("int_returns__rate_cell") }} as cells
        left join {{ ref("dim_organisation") }} as organisation on cells.org_code = organisation.organisation_code
        left join
            {{ ref("stg_returns__expected") }} as expected
            on cells.collection_code = expected.collection_code
            and cells.org_code = expected.org_code
            and cells.period_end = expected.period_end
        left join
            {{ ref("int_returns__recording") }} as recording
            on cells.submission_id = recording.submission_id
            and recording.field_name = case
                when cells.dim_type like 'ETHNIC%'
                then 'ETHNIC_CATEGORY'
                when cells.dim_type like 'IMD%'
                then 'IMD_DECILE'
                else cells.dim_type
            end
        left join
            {{ ref("int_returns__recording") }} as deprivation
            on cells.submission_id = deprivation.submission_id
            and deprivation.field_name = 'IMD_DECILE'
        where
            {{ in_parts(asked, "cells.period_end") }}
            and (
                cells.dim_type in ('ALL', 'ETHNIC5', 'IMD_QUINTILE')
                or exists (
                    select 1
                    from detail
                    where detail.collection_code = cells.collection_code and detail.period_end = cells.period_end
                )
            )
    )
{%- endmacro %}

-- Grain: organisation (trusts and England) x year x indicator of the WRES or metric of
-- the WDES x staff scope x group (or pair of groups). Question: which shares, ratios
-- and scores does NHS England publish about the equality of staff?
-- As published, without counts and limits; per cents become shares. A metric of two
-- parts with opposite directions has an indicator for each (WDES 4).
with
    published as (
        select 'WRES' as standard, 'nhse_wres' as source_id, *
        from {{ ref("stg_nhse_wres__trust") }}
        union all
        select 'WDES', 'nhse_wdes', *
        from {{ ref("stg_nhse_wdes__trust") }}
    )

select
    published.standard,
    published.organisation_code,
    cast(regexp_extract(published.indicator, '^[0-9]+', 0) as integer) as indicator_no,
    coalesce(
        nullif(regexp_extract(published.indicator, '[a-z]$', 0), ''), 'all'
    ) as indicator_part,
    coalesce(
        labels.indicator_label, part.indicator_name, indicator.indicator_name
    ) as indicator_name,
    cast(published.data_year || '-03-31' as date) as snapshot_date,
    case
        when published.part = 'all'
        then case when indicator.unit = 'difference' then 'BOARD' else 'ALL' end
        else upper(replace(published.part, ' ', '_'))
    end as staff_scope,
    case
        when published.unit = 'ratio'
        then 'relative_likelihood'
        when published.unit = 'percentage_points'
        then 'difference'
        when published.unit = 'score'
        then 'score'
        else 'share'
    end as measure_kind,
    case
        published.unit
        when 'ratio'
        then 'ratio'
        when 'percentage_points'
        then 'difference'
        when 'score'
        then 'score'
        else 'proportion'
    end as unit,
    case
        when published.unit = 'ratio'
        then 'closer_to_1'
        else coalesce(part.polarity, indicator.polarity, 'none')
    end as polarity,
    case
        when published.staff_group <> 'ratio'
        then upper(published.staff_group)
        when published.standard = 'WDES'
        then case when published.indicator = '3' then 'DISABLED' else 'NON_DISABLED' end
        else split_part(labels.ratio_groups, '_TO_', 1)
    end as comparison_group,
    case
        when published.staff_group <> 'ratio'
        then null
        when published.standard = 'WDES'
        then case when published.indicator = '3' then 'NON_DISABLED' else 'DISABLED' end
        else split_part(labels.ratio_groups, '_TO_', 2)
    end as reference_group,
    cast(null as bigint) as numerator,
    'not_applicable' as numerator_status,
    cast(null as bigint) as denominator,
    'not_applicable' as denominator_status,
    case
        when published.unit in ('percent', 'percentage_points')
        then published.value / 100
        else published.value
    end as value,
    cast(null as double) as ci_lower_95,
    cast(null as double) as ci_upper_95,
    published.value_status,
    case
        when published.value_status = 'suppressed'
        then 'hidden by the publisher'
        when published.value_status <> 'published'
        then 'not given by the publisher'
    end as value_status_reason,
    published.source_id
from published
left join
    {{ ref("wres_indicator") }} as labels
    on published.standard = 'WRES'
    and published.indicator = cast(labels.wres_indicator as string)
left join
    {{ ref("dim_indicator") }} as indicator
    on published.standard || '-' || regexp_extract(published.indicator, '^[0-9]+', 0)
    = indicator.indicator_id
left join
    {{ ref("dim_indicator") }} as part
    on published.standard || '-' || published.indicator = part.indicator_id

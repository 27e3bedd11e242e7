-- Grain: submission in use (WL01, OP01) x field. Question: for how many is the field
-- known, and is that enough to show figures by it? Not stated (Z) and not known (99)
-- are counted apart. True counts:
-- restricted.
-- Withheld: more than the agreed share unknown (rules W06, W07; a trust's own
-- exemption is a row of the seed rule_thresholds), or ethnicity not known for 5 in 100
-- more than in the return before.
with
    cells as (
        select
            *,
            (denominator_low + denominator_high) / 2e0 as people,
            case
                dim_type
                when 'ETHNIC_CATEGORY'
                then {{ ethnicity_status("dim_value") }}
                when 'IMD_DECILE'
                then case when dim_value = '99' then 'not_known' else 'known' end
                when 'AGE'
                then case when dim_value = 'UNK' then 'not_known' else 'known' end
                when 'SEX'
                then case when dim_value = 'X' then 'not_known' else 'known' end
            end as recorded
        from {{ ref("int_returns__rate_cell") }}
        -- One metric for each collection: those whose denominator is everybody with a
        -- known outcome.
        where
            metric_id in ('WL_LE18_PCT', 'OP_PATCANC_PCT')
            and dim_type in ('ETHNIC_CATEGORY', 'IMD_DECILE', 'AGE', 'SEX')
    ),

    counted as (
        select
            collection_code,
            org_code,
            period_start,
            period_end,
            submission_id,
            data_origin,
            dim_type as field_name,
            {{ in_order("sum", "people") }} as people,
            coalesce(
                {{ in_order("sum", "people") }} filter (where recorded = 'known'), 0
            ) as people_known,
            coalesce(
                {{ in_order("sum", "people") }} filter (where recorded = 'not_stated'),
                0
            ) as people_not_stated,
            coalesce(
                {{ in_order("sum", "people") }} filter (where recorded = 'not_known'), 0
            ) as people_not_known
        from cells
        group by all
    ),

    shares as (
        select
            *,
            1 - people_known / nullif(people, 0) as unknown_share,
            lag(1 - people_known / nullif(people, 0)) over (
                partition by collection_code, org_code, field_name order by period_end
            ) as previous_unknown_share
        from counted
    ),

    limits as (
        select
            shares.*,
            {%- for parameter in ["unknown_share", "unknown_rise"] %}
                (
                    -- the trust's own before the one of all
                    select
                        coalesce(
                            max(value) filter (where org_code <> 'ALL'), max(value)
                        )
                    from {{ ref("rule_thresholds") }} as thresholds
                    where
                        thresholds.rule_id = case
                            shares.field_name
                            when 'ETHNIC_CATEGORY'
                            then 'W06'
                            else 'W07'
                        end
                        and thresholds.parameter = '{{ parameter }}'
                        and thresholds.org_code in ('ALL', shares.org_code)
                        and shares.period_end >= thresholds.valid_from
                        and shares.period_end
                        <= coalesce(thresholds.valid_to, date '9999-12-31')
                ) as {{ parameter }}_limit {{- "," if not loop.last }}
            {%- endfor %}
        from shares
    )

select
    *,
    case
        when field_name not in ('ETHNIC_CATEGORY', 'IMD_DECILE')
        then null
        when unknown_share > unknown_share_limit
        then
            'W0' || case
                field_name
                when 'ETHNIC_CATEGORY'
                then '6: ethnic category'
                else '7: decile'
            end
            || ' not known for more than '
            || cast(round(100 * unknown_share_limit) as integer)
            || '%'
        when unknown_share - previous_unknown_share > unknown_rise_limit
        then
            'W06: recording of ethnic category fell by more than '
            || cast(round(100 * unknown_rise_limit) as integer)
            || ' points'
    end as withheld_reason
from limits

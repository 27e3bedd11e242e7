-- Grain: indicator x organisation x month x dimension x group, measures of MSDS.
-- Question: who gets continuity of carer, who is born too early, who smokes at booking
-- and at delivery?
-- A provider's rate is taken only where the publisher's data quality result is Pass;
-- breakdowns have no result of their own and follow their measure. The value is the
-- rate that the file prints, which is made from the counts before rounding (10 of 135
-- stand beside 60 preterm births in 1,000, from 8 of 134). Counts are rounded to 5 and
-- serve for its limits only: the low and high columns hold what the rounding allows.
{%- set measures = {
    "MAT-01": ["COC_receiving_ongoing", "all", "IMD"],
    "MAT-02": ["COC_receiving_ongoing", "all", "Ethnicity"],
    "MAT-03": ["COC_by_28weeks", "all", "IMD", "Ethnicity"],
    "MAT-04": ["CQIMPreterm", "all"],
    "MAT-05": ["CQIMSmokingDelivery", "all"],
    "maternity_smoking_at_booking": ["CQIMSmokingBooking", "all"],
} %}
with
    -- COC_by_28weeks_IMD_02: measure, kind of breakdown, group
    measures as (
        select
            {% call all_with(["organisation_level"], of="figure") %}
                {{ maternity_level("figure.organisation_level") }} as organisation_level
            {% endcall %},
            {%- for part, place in {"base": 1, "breakdown": 3, "part": 4}.items() %}
                regexp_extract(
                    indicator, '^(.*?)(_(IMD|Ethnicity)_(.*))?$', {{ place }}
                ) as {{ part }}{{ "," if not loop.last }}
            {%- endfor %}
        from {{ ref("stg_nhse_msds__measures") }} as figure
    ),

    judged as (
        select
            *,
            coalesce(nullif(breakdown, ''), 'all') as kind,
            case
                when breakdown = 'IMD'
                then
                    coalesce(
                        cast(
                            try_cast(
                                regexp_extract(part, '^([0-9]+)', 1) as integer
                            ) as string
                        ),
                        'unknown'
                    )
                when breakdown = 'Ethnicity'
                then
                    case
                        part
                        when 'White'
                        then 'white'
                        when 'BAME'
                        then 'minority'
                        when 'Other'
                        then 'other'
                        else 'unknown'
                    end
                else 'all'
            end as group_code,
            max(result) over (
                partition by period_start, organisation_level, organisation_code, base
            ) as measure_result
        from measures
    )

{%- for indicator_id, parts in measures.items() %}
    select
        '{{ indicator_id }}' as indicator_id,
        organisation_level,
        organisation_code,
        period_start,
        'nhse_msds' as source_id,
        snapshot_sha256,
        case
            kind
            when 'IMD'
            then 'imd_decile'
            when 'Ethnicity'
            then 'ethnic_group_msds'
            else 'all'
        end as dimension,
        group_code,
        -- beside a denominator of 0 the file prints a rate of 0
        case
            when denominator > 0
            then rate {%- if indicator_id == "MAT-04" %} * 1000 {%- endif %} / rate_per
        end as published_value,
        numerator,
        denominator,
        numerator_low,
        numerator_high,
        denominator_low,
        denominator_high,
        case
            when
                organisation_level = 'trust'
                and coalesce(measure_result, 'fail') <> 'pass'
            then
                case
                    when rate_status = 'not_collected'
                    then 'not_collected'
                    else 'not_available'
                end
            when rate_status = 'low_data_quality'
            then 'not_available'
            else rate_status
        end as value_status
    from judged
    where
        organisation_level is not null
        and base = '{{ parts[0] }}'
        and kind
        in ('{{ parts[1:] | join("', '") }}') {{ "union all" if not loop.last }}
{%- endfor %}

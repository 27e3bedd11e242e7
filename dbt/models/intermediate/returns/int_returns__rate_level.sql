-- Grain: level x organisation x metric x dimension x group (x quintile) x period.
-- Question: what are the true counts of each trust, of the trusts of each ICB, and of
-- all of them? Restricted.
-- A trust whose recording fails its threshold is in no sum by that field, one that
-- suppresses before it sends in no sum by any, one of which no return is expected in
-- none at all (a closed trust would be counted beside its successor). Deciles of
-- another edition than `returns_imd_version` are a dimension of their own
-- (IMD_QUINTILE_2019): never added, never joined into one series.
-- Fine breakdowns are kept for the newest periods; a trend needs quintiles and groups
-- of five. Made again by period: its cells, what is known and expected of its
-- submissions, and whether it is one of the newest.
{{ config(materialized="by_part", part="period_end") }}
{%- set newest %}
    {% call kept(
        "dense_rank() over (partition by collection_code order by period_end desc) <= "
        ~ var("returns_detail_periods", 3)
    ) %}
    select collection_code, period_end
    from {{ ref("int_returns__coverage") }}
    {% endcall %}
{% endset %}
{%- set asked = wanted_parts(
    parts_of_rows(
        "period_end",
        rows=[
            ref("int_returns__rate_cell"),
            ref("int_returns__recording"),
            ref("int_returns__coverage"),
            ref("stg_returns__expected"),
            "(" ~ newest ~ ")",
            named_in_parts([ref("int_returns__rate_cell")], ["org_code"]),
        ],
    )
) %}
{%- set counts = ["numerator", "denominator"] %}
with
    detail as ({{ newest }}),

    {{ returns_trust_cells(counts, asked) }},

    levels as (
        select 'TRUST' as geo_level, org_code as geo_code, *
        from trusts
        union all
        select 'ICB', icb_code, *
        from trusts
        where
            is_expected
            and icb_code is not null
            and dim_type in ('ALL', 'ETHNIC5', 'IMD_QUINTILE')
        union all
        select 'NATIONAL', 'ENG', *
        from trusts
        where
            is_expected
            and dim_type not like 'ETHNIC5_IMD%'
            and coalesce(imd_version, '{{ var("returns_imd_version", "IMD2025") }}')
            = '{{ var("returns_imd_version", "IMD2025") }}'
    ),

    summed as (
        select
            geo_level,
            geo_code,
            case when geo_level <> 'NATIONAL' then icb_code end as icb_code,
            collection_code,
            metric_id,
            dim_type,
            dim_value,
            imd_quintile,
            period_start,
            period_end,
            max(imd_version) as imd_version,
            {%- for count in counts %}
                {%- for side in ["low", "high"] %}
                    sum({{ count }}_{{ side }}) filter (
                        where geo_level = 'TRUST' or is_in_sums
                    ) as {{ count }}_{{ side }},
                {%- endfor %}
            {%- endfor %}
            {{ in_order("sum", "people") }} filter (
                where geo_level = 'TRUST' or is_in_sums
            ) as people,
            {{ in_order("sum", "people_known") }} filter (
                where geo_level = 'TRUST' or is_in_sums
            ) as people_known,
            max(withheld_reason) filter (where geo_level = 'TRUST') as withheld_reason,
            count(*) filter (
                where geo_level = 'TRUST' or is_in_sums
            ) as trusts_included,
            {{
                listed_text(
                    "org_code", where="geo_level <> 'TRUST' and not is_in_sums"
                )
            }} as withheld_trusts,
            bool_or(is_revised) as is_revised,
            bool_or(is_safe) filter (where geo_level = 'TRUST') as is_safe,
            bool_and(is_expected) as is_expected,
            max(data_origin) as data_origin
        from levels
        group by all
    )

select
    {{
        all_but(
            [
                "numerator_low",
                "numerator_high",
                "denominator_low",
                "denominator_high",
                "people",
                "people_known",
            ],
            of="summed",
        )
    }},
    {%- for count in counts %}
        -- The middle of the bounds: the true count itself unless a trust suppressed
        -- or rounded before it sent.
        cast(
            floor(({{ count }}_low + {{ count }}_high) / 2.0) as bigint
        ) as {{ count }}_count,
        -- Further apart than a tenth of their middle, in whole numbers: Spark rounds
        -- what it compares with a number of 38 digits, and 4 is not above 3.5 then.
        20 * ({{ count }}_high - {{ count }}_low)
        > {{ count }}_low + {{ count }}_high as is_{{ count }}_unsure,
        case
            when geo_level = 'TRUST' and {{ count }}_low < {{ count }}_high
            then cast({{ count }}_low as bigint)
        end as {{ count }}_low,
        case
            when geo_level = 'TRUST' and {{ count }}_low < {{ count }}_high
            then cast({{ count }}_high as bigint)
        end as {{ count }}_high,
    {%- endfor %}
    -- Whole per cent of at least 2,000 people, of whom half a per cent is 10: no count
    -- of 1 to 7 can be read off.
    case
        when people >= 2000 then cast(round(100 * people_known / people) as integer)
    end as known_pct,
    case geo_level when 'NATIONAL' then coverage.trusts_expected end as trusts_expected,
    case
        when geo_level = 'NATIONAL'
        then concat_ws(', ', coverage.missing_trusts, withheld_trusts)
    end as trusts_left_out
from summed
left join
    {{ ref("int_returns__coverage") }} as coverage using (collection_code, period_end)

-- Grain: source x quality measure x field x waiting band x organisation x period.
-- Question: how far can the figures of an organisation and period be trusted, and what
-- is not in them?
-- Limits are of shares of pathways, Wilson's with the rounding of their cells.
with
    shares as (
        {%- for model in [
            "int_data_quality_recording",
            "int_data_quality_suppression",
            "int_data_quality_coverage",
        ] %}
            select
                quality_measure,
                field_name,
                waiting_band,
                organisation_code,
                organisation_level,
                period_start,
                period_end,
                period_type,
                numerator,
                denominator,
                value_status,
                value_status_reason,
                source_id,
                {{ "rounding_error" if loop.first else "cast(null as double)" }}
                as rounding_error
            from {{ ref(model) }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    published as (
        select
            shares.quality_measure,
            shares.field_name,
            shares.waiting_band,
            shares.organisation_code,
            organisation.organisation_name,
            {{ icb_columns("organisation") }},
            shares.organisation_level,
            shares.period_start,
            shares.period_end,
            shares.period_type,
            shares.numerator,
            shares.denominator,
            {{ proportion("numerator", "denominator") }} as value,
            {{
                share_limit_with_rounding(
                    "lower", "numerator", "denominator", "rounding_error"
                )
            }} as ci_lower_95,
            {{
                share_limit_with_rounding(
                    "upper", "numerator", "denominator", "rounding_error"
                )
            }} as ci_upper_95,
            case
                when shares.value_status = 'published' and shares.denominator = 0
                then 'not_applicable'
                else shares.value_status
            end as value_status,
            case
                when shares.value_status = 'published' and shares.denominator = 0
                then 'zero denominator'
                else shares.value_status_reason
            end as value_status_reason,
            shares.source_id,
            shares.period_end as data_as_of,
            '{{ env_var("HIW_ORIGIN") }}' as data_origin
        from shares
        left join
            {{ ref("dim_organisation") }} as organisation
            on shares.organisation_code = organisation.organisation_code
    ),

    returned as (
        select
            recording.*,
            organisation.organisation_name,
            {{ icb_columns("organisation") }},
            recording.people >= 2000 as is_shown
        from {{ ref("int_returns__recording") }} as recording
        left join
            {{ ref("dim_organisation") }} as organisation
            on recording.org_code = organisation.organisation_code
    ),

    -- Not stated (Z) and not known (99) are never added up: they mean different things.
    together as (
        select
            quality_measure,
            field_name,
            waiting_band,
            organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            organisation_level,
            period_start,
            period_end,
            period_type,
            numerator,
            denominator,
            value,
            ci_lower_95,
            ci_upper_95,
            value_status,
            value_status_reason,
            source_id,
            data_as_of,
            data_origin,
            upper(source_id) as dataset_code,
            case when quality_measure = 'known_share' then 100 * value end as known_pct,
            cast(null as integer) as not_stated_pct,
            cast(null as integer) as not_known_pct,
            cast(null as string) as withheld_reason
        from published
        union all
        select
            'known_share_of_return' as quality_measure,
            field_name,
            'all' as waiting_band,
            org_code as organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            'trust' as organisation_level,
            period_start,
            period_end,
            'month' as period_type,
            cast(null as double) as numerator,
            cast(null as double) as denominator,
            case when is_shown then round(people_known / people, 2) end as value,
            cast(null as double) as ci_lower_95,
            cast(null as double) as ci_upper_95,
            case when is_shown then 'published' else 'suppressed' end as value_status,
            case
                when not is_shown then 'fewer than 2,000 people'
            end as value_status_reason,
            'return_' || lower(collection_code) as source_id,
            period_end as data_as_of,
            data_origin,
            collection_code as dataset_code,
            case when is_shown then round(100 * people_known / people) end as known_pct,
            case
                when is_shown
                then cast(round(100 * people_not_stated / people) as integer)
            end as not_stated_pct,
            case
                when is_shown
                then cast(round(100 * people_not_known / people) as integer)
            end as not_known_pct,
            withheld_reason
        from returned
    )

select
    quality_measure as measure,
    field_name,
    waiting_band,
    organisation_code,
    organisation_name,
    icb_code,
    icb_name,
    organisation_level,
    period_start,
    period_end,
    period_type,
    numerator,
    denominator,
    value,
    {{
        previous_figure(
            "together",
            [
                "source_id",
                "quality_measure",
                "field_name",
                "waiting_band",
                "organisation_level",
                "organisation_code",
                "period_type",
            ],
        )
    }},
    ci_lower_95,
    ci_upper_95,
    value_status,
    value_status_reason,
    dataset_code as collection_code,
    known_pct,
    not_stated_pct,
    not_known_pct,
    withheld_reason,
    source_id,
    data_as_of,
    data_origin
from together

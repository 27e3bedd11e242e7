-- Grain: source x quality measure x field x waiting band x organisation x period.
-- Question: how far can the figures of an organisation and period be trusted, and what
-- is not in them?
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
                {{ loop.first }} as is_share_of_pathways
            from {{ ref(model) }} {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    shares.quality_measure,
    shares.field_name,
    shares.waiting_band,
    shares.organisation_code,
    organisation.organisation_name,
    shares.organisation_level,
    shares.period_start,
    shares.period_end,
    shares.period_type,
    shares.numerator,
    shares.denominator,
    {{ proportion("numerator", "denominator") }} as value,
    case
        when is_share_of_pathways then {{ wilson_lower("numerator", "denominator") }}
    end as ci_lower_95,
    case
        when is_share_of_pathways then {{ wilson_upper("numerator", "denominator") }}
    end as ci_upper_95,
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
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from shares
left join
    {{ ref("dim_organisation") }} as organisation
    on shares.organisation_code = organisation.organisation_code

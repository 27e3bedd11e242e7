-- A word of the facts that models/marts/_conventions.md does not know, with its column.
-- One query for all of them.
{%- set words = {
    "organisation_level": [
        "england",
        "england_sector",
        "region",
        "icb",
        "sub_icb",
        "trust",
        "other_provider",
    ],
    "period_type": ["month", "quarter", "year", "snapshot"],
    "geography_basis": ["as_reported", "current"],
    "standardisation": [
        "crude",
        "age_standardised",
        "indirectly_age_standardised",
        "case_mix_adjusted",
        "not_confirmed",
    ],
    "value_status": [
        "published",
        "bounded",
        "suppressed",
        "not_collected",
        "not_applicable",
        "missing",
        "not_available",
    ],
    "data_origin": ["published", "return", "synthetic"],
} %}
{%- for model in ["fct_indicator_value", "fct_inequality_measure"] %}
    {%- set outer_loop = loop %}
    {%- for column, allowed in words.items() %}
        select distinct
            '{{ model }}' as table_name,
            '{{ column }}' as column_name,
            {{ column }} as word
        from {{ ref(model) }}
        where
            {{ column }} is null or {{ column }} not in ('{{ allowed | join("', '") }}')
            {{ "union all" if not (loop.last and outer_loop.last) }}
    {%- endfor %}
{%- endfor %}

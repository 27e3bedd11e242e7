-- Grain: indicator x part of its entry. Question: how far was each part checked, on
-- which day and against which document?
-- Everything comes from dbt/indicators/<indicator_id>.yml.
{%- set parts = ["definition", "denominator", "target", "levels"] %}
{%- for part in parts %}
    select
        indicator_id,
        '{{ part }}' as part,
        {{ part }}_verification as verification,
        cast({{ part }}_verified_on as date) as verified_on,
        {{ part }}_verified_against as verified_against,
        '{{ env_var("HIW_ORIGIN") }}' as data_origin
    from {{ source("meta", "indicators") }} {{ "union all" if not loop.last }}
{%- endfor %}

-- Grain: indicator. Question: what is counted, over what, why, in which unit, where
-- does it truly exist, and who answers for it?
-- Everything comes from dbt/indicators/<indicator_id>.yml
-- (dagster_project/contracts/indicator.py), but for its place in the Statement on
-- information, which is in a seed that a human can replace. By what and for which
-- levels it is published is in dim_indicator_breakdown, how far each part was
-- checked in dim_indicator_verification, targets are in dim_indicator_target.
with
    statement_places as (
        select
            indicator_id,
            {{ listed_text("domain", "; ", distinct=true) }} as statement_domain,
            {{ listed_text("statement_version", "; ", distinct=true) }}
            as statement_version
        from {{ ref("statement_indicators") }}
        where indicator_id <> 'none'
        group by indicator_id
    )

select
    catalogue.indicator_id,
    catalogue.indicator_name,
    catalogue.definition,
    catalogue.why_it_matters as why,
    catalogue.numerator as numerator_definition,
    catalogue.denominator as denominator_definition,
    catalogue.unit,
    catalogue.polarity,
    catalogue.target_statement,
    catalogue.target_source,
    catalogue.core20plus5_element,
    catalogue.available_level,
    catalogue.source_id,
    catalogue.method,
    catalogue.breaks_in_series,
    catalogue.caveats,
    catalogue.author,
    catalogue.checked_by,
    cast(catalogue.next_review as date) as next_review,
    catalogue.catalogue_id,
    catalogue.core20plus5_programme,
    catalogue.core20plus5_area,
    catalogue.population as population_covered,
    statement_places.statement_domain,
    statement_places.statement_version,
    catalogue.published_elsewhere,
    catalogue.not_public,
    catalogue.held_in,
    catalogue.held_as,
    catalogue.crude_indicator as crude_indicator_id,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin
from {{ source("meta", "indicators") }} as catalogue
left join statement_places on catalogue.indicator_id = statement_places.indicator_id

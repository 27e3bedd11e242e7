-- Grain: figure of everybody (indicator x organisation x period x standardisation)
-- whose indicator has a target for its level. Question: does the organisation meet the
-- target that was in force in the figure's own period, or has it lapsed, or is it not
-- yet due? Current geography. Whoever asks for today's standing takes the newest
-- period.
select
    figure.indicator_id,
    indicator.indicator_name,
    figure.organisation_code,
    organisation.organisation_name,
    {{ icb_columns("organisation") }},
    figure.organisation_level,
    figure.period_start,
    figure.period_end,
    figure.period_type,
    figure.standardisation,
    indicator.unit,
    indicator.polarity,
    figure.value,
    figure.previous_value,
    figure.previous_period_end,
    figure.ci_lower_95,
    figure.ci_upper_95,
    figure.value_status,
    figure.value_status_reason,
    target.target,
    target.target_due,
    {{ target_reading("figure.value", "figure.period_end", "indicator.polarity") }}
    as target_reading,
    target.target_statement,
    target.target_source,
    figure.source_id,
    figure.snapshot_sha256,
    figure.data_as_of,
    figure.data_origin
from {{ ref("fct_indicator_value") }} as figure
inner join
    {{ ref("dim_indicator") }} as indicator
    on figure.indicator_id = indicator.indicator_id
    {{ join_target("figure") }}
left join
    {{ ref("dim_organisation") }} as organisation
    on figure.organisation_code = organisation.organisation_code
where
    figure.dimension = 'all'
    and figure.treatment_function_code = 'all'
    and figure.geography_basis = 'current'
    and exists (
        select 1
        from {{ ref("dim_indicator_target") }} as aimed
        where
            aimed.indicator_id = figure.indicator_id
            and aimed.organisation_level = figure.organisation_level
    )

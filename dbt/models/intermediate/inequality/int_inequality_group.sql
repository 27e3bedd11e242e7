-- Grain: family (indicator x organisation x treatment function x period x geography
-- basis x standardisation x dimension) x known group. Question: which groups does a
-- measure of inequality rest on, with which weights, and which of them are not there?
-- Every group that dim_group knows has a row, so that a missing decile is seen; unknown
-- groups (not stated, not known) are a matter of data quality and have none. Excess is
-- counted in adverse events: those counted where fewer is better, those not counted
-- where a higher share is better; without a direction the events themselves. Where the
-- publisher prints a rate beside rounded counts, the events are that rate of the
-- denominator, so that every measure rests on the figure that is shown. Limits of
-- values of counts are widened by the error of rounding where the source rounds
-- (int_inequality_rounding); those of printed rates, and of counts with bounds of their
-- own, hold it already.
{%- set key = [
    "indicator_id",
    "organisation_code",
    "treatment_function_code",
    "period_start",
    "period_end",
    "geography_basis",
    "standardisation",
    "dimension",
] %}
{%- set at_most_all -%}
    case
        when figures.numerator_SIDE > figures.denominator
        then figures.denominator
        else figures.numerator_SIDE
    end
{%- endset %}
{%- set shared = [
    "organisation_level",
    "period_type",
    "unit",
    "polarity",
    "multiplier",
    "imd_version",
    "geography_vintage",
    "source_id",
    "snapshot_sha256",
    "data_as_of",
    "data_origin",
] %}
with
    figures as (
        select
            {{ all_but(["numerator"], of="figure") }},
            indicator.unit,
            indicator.polarity,
            cast(
                case
                    when indicator.unit like 'rate_per_%'
                    then replace(indicator.unit, 'rate_per_', '')
                    else '1'
                end as double
            ) as multiplier,
            case
                when figure.value_basis = 'printed'
                then figure.value / multiplier * figure.denominator
                else figure.numerator
            end as numerator
        from {{ ref("fct_indicator_value") }} as figure
        inner join
            {{ ref("dim_indicator") }} as indicator
            on figure.indicator_id = indicator.indicator_id
        where
            indicator.unit <> 'count'
            and figure.dimension in ('{{ inequality_dimensions() | join("', '") }}')
            -- rates whose people are never published (MHSDS) have no weights: no
            -- measure over all groups, and no row
            and figure.indicator_id in (
                select indicator_id
                from {{ ref("fct_indicator_value") }}
                where denominator is not null
            )
    ),

    families as (
        select
            row_number() over (order by {{ key | join(", ") }}) as family_id,
            {{ key | join(", ") }},
            {%- for column in shared %}
                max({{ column }}) as {{ column }}{{ "," if not loop.last }}
            {%- endfor %}
        from figures
        group by {{ key | join(", ") }}
    )

select
    families.*,
    groups.group_code,
    groups.group_order,
    groups.is_reference,
    families.dimension in ('imd_decile', 'imd_quintile', 'core20') as is_ordered,
    figures.numerator,
    figures.denominator,
    case
        when families.polarity = 'higher_is_better' and families.unit = 'proportion'
        then figures.denominator - figures.numerator
        else figures.numerator
    end as adverse_events,
    -- what a hidden count can be: a whole between the bounds of its cells
    {%- for side, other in {"low": "high", "high": "low"}.items() %}
        case
            when families.unit = 'proportion' and families.polarity = 'higher_is_better'
            then figures.denominator - {{ at_most_all | replace("SIDE", other) }}
            when families.unit = 'proportion'
            then {{ at_most_all | replace("SIDE", side) }}
            else figures.numerator_{{ side }}
        end as adverse_events_{{ side }},
    {%- endfor %}
    coalesce(
        figures.value_status = 'bounded' and figures.denominator > 0, false
    ) as is_bounded,
    -- a direction of adverse events is known: a higher rate that is better has none
    families.polarity = 'lower_is_better'
    or (
        families.polarity = 'higher_is_better' and families.unit = 'proportion'
    ) as has_direction,
    figures.value,
    {%- set error = rounding_error(
        "figures.numerator",
        "figures.denominator",
        "rounding.is_rounded and figures.standardisation = 'crude' and figures.value_basis= 'counts'",
        rounding_cells("figures.dimension", "figures.group_code"),
    ) %}
    {%- for limit in ["ci_lower_95", "ci_upper_95"] %}
        {{
            limit_with_rounding(
                "figures.value",
                "figures." ~ limit,
                error,
                "families.unit = 'proportion'",
                "figures.numerator",
                "figures.denominator",
            )
        }} as {{ limit }},
    {%- endfor %}
    coalesce(rounding.is_rounded, false) as is_rounded,
    -- a measure over all groups has no bounds of its own: a hidden group hides it
    case
        coalesce(figures.value_status, 'missing')
        when 'bounded'
        then 'suppressed'
        else coalesce(figures.value_status, 'missing')
    end as value_status,
    case
        when figures.value_status is null
        then 'no figure'
        else figures.value_status_reason
    end as value_status_reason,
    -- an ethnic group without people takes no part; a decile without people is a gap in
    -- the order
    families.dimension in ('imd_decile', 'imd_quintile', 'core20')
    or coalesce(figures.value_status, 'missing') <> 'not_applicable' as is_used
from families
inner join {{ ref("dim_group") }} as groups on families.dimension = groups.dimension
left join
    figures on groups.group_code = figures.group_code
    {%- for column in key %}
        and families.{{ column }} = figures.{{ column }}
    {%- endfor %}
left join
    {{ ref("int_inequality_rounding") }} as rounding
    on families.source_id = rounding.source_id
    and families.organisation_level = rounding.organisation_level
where not groups.is_unknown

{#
    The commonest question of an ICB, for the published file alone: how does group A stand against group B in each of our trusts, with limits?
    One row for an organisation of the ICB (its trusts and itself), newest period of each, current geography, all specialties. The gaps are
    those of fct_inequality_measure, limits and bounds with them: nothing is worked out anew.
    The two tables are looked up when the macro is used (query_table), because DuckDB would otherwise want them when it is made.
#}
{% macro gap_in_icb() -%}
    select
        gaps.organisation_code,
        places.organisation_name,
        gaps.organisation_level,
        gaps.period_end,
        gaps.dimension,
        gaps.standardisation,
        gaps.comparison_value,
        gaps.reference_value,
        gaps.value as gap,
        gaps.ci_lower_95,
        gaps.ci_upper_95,
        gaps.value_low,
        gaps.value_high,
        gaps.certainty,
        gaps.value_status,
        gaps.value_status_reason
    from query_table(gaps_table) as gaps
    inner join query_table(organisations_table) as places on gaps.organisation_code = places.organisation_code
    where
        coalesce(places.current_icb_code, places.icb_code) = icb_wanted
        and gaps.organisation_level in ('icb', 'trust')
        and gaps.indicator_id = indicator_wanted
        and gaps.comparison_group = first_group
        and gaps.reference_group = second_group
        and gaps.measure = measure_wanted
        and gaps.geography_basis = 'current'
        and gaps.treatment_function_code = 'all'
    qualify
        gaps.period_end
        = max(gaps.period_end) over (partition by gaps.organisation_code, gaps.dimension, gaps.standardisation)
    order by gaps.organisation_level, gaps.organisation_code
{%- endmacro %}

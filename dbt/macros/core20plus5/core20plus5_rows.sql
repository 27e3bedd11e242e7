{#-
The rows of mart_core20plus5_adults and mart_core20plus5_children: one for each figure of an organisation and period, with the Core20 value, the rest,
the whole, each PLUS group and the measures of inequality beside it. Values come from fct_indicator_value and measures from
fct_inequality_measure; nothing is worked out here but the reading of them.
-#}
{%- macro core20plus5_rows(programme) -%}
    {%- set ethnic_groupings = "('ethnic_group_5', 'ethnic_group_5_2001', 'ethnic_group_msds')" -%}
    {%- set plus_groups = ["white", "mixed", "asian", "black", "other", "minority"] -%}
    {%- set key = [
        "indicator_id",
        "organisation_code",
        "period_start",
        "period_end",
        "standardisation",
    ] -%}
    with
        figures as (
            select
                figure.{{ key | join(", figure.") }},
                max(figure.organisation_level) as organisation_level,
                max(figure.period_type) as period_type,
                {%- for column in [
                    "numerator",
                    "denominator",
                    "value",
                    "ci_lower_95",
                    "ci_upper_95",
                    "value_status",
                    "value_status_reason",
                ] %}
                    max(figure.{{ column }}) filter (where figure.dimension = 'all') as all_{{ column }},
                {%- endfor %}
                {%- for group in ["core20", "rest"] %}
                    {%- for column in [
                        "numerator",
                        "denominator",
                        "value",
                        "ci_lower_95",
                        "ci_upper_95",
                        "value_status",
                        "value_status_reason",
                    ] %}
                        max(figure.{{ column }}) filter (
                            where figure.dimension = 'core20' and figure.group_code = '{{ group }}'
                        ) as {{ group }}_{{ column }},
                    {%- endfor %}
                {%- endfor %}
                {%- for group in plus_groups %}
                    max(figure.value) filter (
                        where figure.dimension in {{ ethnic_groupings }} and figure.group_code = '{{ group }}'
                    ) as {{ group }}_value,
                {%- endfor %}
                max(figure.dimension) filter (where figure.dimension in {{ ethnic_groupings }}) as ethnic_grouping,
                max(figure.imd_version) as imd_version,
                count(distinct figure.imd_version) as imd_versions,
                min(figure.source_id) as source_id,
                max(figure.data_as_of) as data_as_of,
                max(figure.data_origin) as data_origin
            from {{ ref("fct_indicator_value") }} as figure
            inner join {{ ref("dim_indicator") }} as indicator on figure.indicator_id = indicator.indicator_id
            where
                indicator.core20plus5_programme = '{{ programme }}'
                and figure.geography_basis = 'current'
                and figure.treatment_function_code = 'all'
            group by figure.{{ key | join(", figure.") }}
        ),

        measures as (
            select
                {{ key | join(", ") }},
                {%- for measure, name in [
                    ("absolute_gap", "gap"),
                    ("relative_gap", "ratio"),
                ] %}
                    {%- for column in ["value", "ci_lower_95", "ci_upper_95"] %}
                        max({{ column }}) filter (
                            where dimension = 'core20' and measure = '{{ measure }}' and comparison_group = 'core20'
                        ) as core20_{{ name }}_{{ column }},
                    {%- endfor %}
                {%- endfor %}
                {%- for column in ["certainty", "q_value"] %}
                    max({{ column }}) filter (
                        where dimension = 'core20' and measure = 'absolute_gap' and comparison_group = 'core20'
                    ) as core20_gap_{{ column }},
                {%- endfor %}
                max(coalesce(value_status_reason, value_status)) filter (
                    where dimension = 'core20' and measure = 'absolute_gap' and value is null
                ) as core20_gap_reason,
                -- deciles before quintiles: a line through ten points knows more
                {%- for column in ["value", "ci_lower_95", "ci_upper_95"] %}
                    coalesce(
                        max({{ column }}) filter (where measure = 'slope_index' and dimension = 'imd_decile'),
                        max({{ column }}) filter (where measure = 'slope_index' and dimension = 'imd_quintile')
                    ) as slope_index_{{ column }},
                {%- endfor %}
                max(coalesce(value_status_reason, value_status)) filter (
                    where measure = 'slope_index' and value is null
                ) as slope_index_reason,
                {%- for group in plus_groups if group != "white" %}
                    {%- for column in ["value", "ci_lower_95", "ci_upper_95"] %}
                        max({{ column }}) filter (
                            where
                                measure = 'absolute_gap'
                                and comparison_group = '{{ group }}'
                                and reference_group = 'white'
                        ) as {{ group }}_gap_{{ column }},
                    {%- endfor %}
                {%- endfor %}
                count(*) as measures_found
            from {{ ref("fct_inequality_measure") }}
            where
                geography_basis = 'current'
                and treatment_function_code = 'all'
                and measure in ('absolute_gap', 'relative_gap', 'slope_index')
            group by {{ key | join(", ") }}
        )

    select
        indicator.core20plus5_area,
        indicator.core20plus5_element,
        figures.indicator_id,
        indicator.indicator_name,
        figures.organisation_code,
        organisation.organisation_name,
        {{ icb_columns("organisation") }},
        figures.organisation_level,
        {{ level_label("figures.organisation_level", "figures.source_id") }} as level_label,
        figures.period_start,
        figures.period_end,
        figures.period_type,
        figures.standardisation,
        indicator.unit,
        indicator.polarity,
        figures.all_numerator,
        figures.all_denominator,
        figures.all_value,
        figures.all_ci_lower_95,
        figures.all_ci_upper_95,
        coalesce(figures.all_value_status, 'not_available') as all_value_status,
        case
            when figures.all_value_status is null
            then 'the source gives groups only'
            else figures.all_value_status_reason
        end as all_value_status_reason,
        {%- for group in ["core20", "rest"] %}
            figures.{{ group }}_numerator,
            figures.{{ group }}_denominator,
            figures.{{ group }}_value,
            figures.{{ group }}_ci_lower_95,
            figures.{{ group }}_ci_upper_95,
            coalesce(figures.{{ group }}_value_status, 'not_available') as {{ group }}_value_status,
            case
                when figures.{{ group }}_value_status is null
                then coalesce(by_deprivation.note, 'not by deprivation here')
                else figures.{{ group }}_value_status_reason
            end as {{ group }}_value_status_reason,
        {%- endfor %}
        {%- for name in ["gap", "ratio"] %}
            measures.core20_{{ name }}_value as core20_{{ name }},
            measures.core20_{{ name }}_ci_lower_95,
            measures.core20_{{ name }}_ci_upper_95,
        {%- endfor %}
        measures.core20_gap_q_value,
        measures.core20_gap_reason,
        {{
            gap_reading(
                "measures.core20_gap_value",
                "measures.core20_gap_certainty",
                "indicator.polarity",
            )
        }} as core20_gap_reading,
        measures.slope_index_value as slope_index,
        measures.slope_index_ci_lower_95,
        measures.slope_index_ci_upper_95,
        case
            when measures.slope_index_value is null
            then coalesce(measures.slope_index_reason, 'no deciles or quintiles of deprivation')
        end as slope_index_reason,
        figures.ethnic_grouping,
        {%- for group in plus_groups %} figures.{{ group }}_value, {%- endfor %}
        {%- for group in plus_groups if group != "white" %}
            measures.{{ group }}_gap_value as {{ group }}_gap,
            measures.{{ group }}_gap_ci_lower_95,
            measures.{{ group }}_gap_ci_upper_95,
        {%- endfor %}
        trend.trend,
        trend.trend_rating,
        case
            when trend.trend is null
            then 'a trend stands beside the newest period of a yearly or monthly series'
            else trend.trend_reason
        end as trend_reason,
        target.target,
        target.target_source,
        target.target_due,
        figures.all_value - target.target as distance_to_target,
        {{
            target_reading(
                "figures.all_value",
                "figures.period_end",
                "indicator.polarity",
            )
        }} as target_reading,
        target.target_statement,
        figures.imd_version,
        figures.imd_versions,
        indicator.caveats,
        figures.source_id,
        figures.data_as_of,
        figures.data_origin
    from figures
    inner join {{ ref("dim_indicator") }} as indicator on figures.indicator_id = indicator.indicator_id
    left join
        {{ ref("dim_indicator_breakdown") }} as by_deprivation
        on figures.indicator_id = by_deprivation.indicator_id
        and by_deprivation.breakdown = 'deprivation'
    left join
        measures
        on {% for column in key %}
            figures.{{ column }} = measures.{{ column }} {{ "and" if not loop.last }}
        {% endfor %}
    left join
        {{ ref("mart_trend") }} as trend
        on trend.measure = 'value'
        and trend.dimension = 'all'
        and figures.indicator_id = trend.indicator_id
        and figures.standardisation = trend.standardisation
        and figures.organisation_code = trend.organisation_code
        and figures.period_end = trend.last_period_end
    left join
        {{ ref("dim_organisation") }} as organisation on figures.organisation_code = organisation.organisation_code
        {{ join_target("figures") }}
{%- endmacro -%}

{#-
What a level is called for a reader. Local maternity systems come as the ICBs that they follow. Waits and A&E of an ICB are those of the
providers in its area, wherever their patients live; its residents who are treated elsewhere are not in them.
-#}
{%- macro level_label(level, source_id) -%}
    case
        {{ level }}
        when 'england'
        then 'England'
        when 'england_sector'
        then 'Sector of England'
        when 'region'
        then 'NHS England region'
        when 'icb'
        then
            case
                when {{ source_id }} = 'nhse_msds'
                then 'Local maternity system (ICB)'
                when {{ source_id }} in ('nhse_rtt', 'nhse_wlmds', 'nhse_ae')
                then 'Providers in the ICB'
                else 'ICB'
            end
        when 'sub_icb'
        then 'Sub-ICB location'
        when 'trust'
        then 'NHS trust'
        else 'Other provider'
    end
{%- endmacro -%}

{#-
A gap of Core20 minus the rest in words: worse and better only where the direction that is good is known and the certainty of
fct_inequality_measure says a clear difference (q value over all gaps of the level). A hidden count leaves the gap not known.
-#}
{%- macro gap_reading(value, certainty, polarity) -%}
    case
        when {{ value }} is null
        then 'not_known'
        when {{ certainty }} is null
        then 'no_interval'
        when {{ certainty }} <> 'clear difference'
        then 'no_clear_difference'
        when {{ polarity }} = 'none'
        then case when {{ value }} > 0 then 'higher' else 'lower' end
        when ({{ polarity }} = 'higher_is_better') = ({{ value }} > 0)
        then 'better'
        else 'worse'
    end
{%- endmacro -%}

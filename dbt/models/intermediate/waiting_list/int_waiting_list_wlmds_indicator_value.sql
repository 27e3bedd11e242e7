-- Grain: as fct_indicator_value, WLMDS indicators. Question: which share of each group
-- waits how long? Denominator: the metric's own Total band, unknown clock starts
-- included (they are 0.1 % of it); that is what gives the 3.1 % and 2.7 % over 52 weeks
-- of England's most and least deprived tenth on 29 June 2025. Sectors: England is all
-- sectors; regions, ICBs and trusts are published for NHS acute providers only.
{%- set indicators = {
    "waiting": "total",
    "within_18_weeks": "weeks_00_18",
    "over_52_weeks": "weeks_over_52",
} %}
with
    groups as (
        select
            figure.*,
            coalesce(absent.organisations, 0) as organisations_missing,
            absent.reason as absent_reason
        from {{ ref("int_waiting_list_wlmds_group") }} as figure
        left join
            {{ ref("int_data_quality_missing_from_sum") }} as absent
            on absent.source_id = 'nhse_wlmds'
            and figure.period_end = absent.period_end
            and figure.organisation_code = absent.organisation_code
        where
            figure.sector = case
                when figure.organisation_code = 'ENG' then 'ENGLAND' else 'NHS ACUTE'
            end
    ),

    figures as (
        {%- for indicator, band in indicators.items() %}
            {%- set suppressed = (
                band ~ "_suppressed_cells"
                if band == "total"
                else "total_suppressed_cells + " ~ band ~ "_suppressed_cells"
            ) %}
            select
                'wlmds_{{ indicator }}' as indicator_id,
                organisation_code,
                organisation_level,
                treatment_function_code,
                period_end as period_start,
                period_end,
                'snapshot' as period_type,
                dimension,
                group_code,
                {{ band }} as numerator,
                {{ "cast(null as double)" if band == "total" else "total" }}
                as denominator,
                case when {{ band }} is null then {{ band }}_low end as numerator_low,
                case when {{ band }} is null then {{ band }}_high end as numerator_high,
                case
                    when {{ suppressed }} = 0 then 'published' else 'suppressed'
                end as value_status,
                nullif(
                    concat_ws(
                        '; ',
                        case
                            when {{ suppressed }} > 0
                            then
                                {{ suppressed }}
                                || ' of the cells in it hidden by the publisher (1 to 7 pathways each)'
                        end,
                        absent_reason
                    ),
                    ''
                ) as value_status_reason,
                organisations_missing,
                case
                    when dimension in ('imd_decile', 'imd_quintile', 'core20')
                    then '2019_assumed'
                end as imd_version,
                'nhse_wlmds' as source_id,
                snapshot_sha256
            from groups {{ "union all" if not loop.last }}
        {%- endfor %}
    ) {{ on_both_geographies("figures") }}

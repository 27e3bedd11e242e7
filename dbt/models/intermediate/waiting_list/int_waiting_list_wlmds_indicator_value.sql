-- Grain: as fct_indicator_value, WLMDS indicators. Question: which share of each group
-- waits how long? Denominator: the metric's own pathways with a known clock start, as
-- in RTT and in the returns. Those without one (0.1 % of England's) are next to it in
-- mart_waiting_list, and are in the count of all who wait, the publisher's Total.
-- England's most and least deprived decile have 3.1 % and 2.7 % over 52 weeks on 29
-- June 2025. Sectors: England is all sectors, and each sector of it is an organisation
-- of its own; regions, ICBs and trusts are published for NHS acute providers only.
{%- set indicators = {
    "waiting": "total",
    "within_18_weeks": "weeks_00_18",
    "over_52_weeks": "weeks_over_52",
} %}
with
    placed as (
        select
            {% call all_with(["organisation_code", "organisation_level"]) %}
                {{ wlmds_organisation() }} as organisation_code,
                {{ wlmds_level() }} as organisation_level
            {% endcall %}
        from {{ ref("int_waiting_list_wlmds_group") }}
    ),

    groups as (
        select
            placed.*,
            coalesce(absent.organisations, 0) as organisations_missing,
            absent.reason as absent_reason
        from placed
        left join
            {{ ref("int_data_quality_missing_from_sum") }} as absent
            on absent.source_id = 'nhse_wlmds'
            and placed.period_end = absent.period_end
            and absent.organisation_code = case
                -- the trusts that are expected are all of this sector
                when placed.organisation_code = 'ENG_NHS_ACUTE'
                then 'ENG'
                else placed.organisation_code
            end
    ),

    figures as (
        {%- for indicator, band in indicators.items() %}
            {%- set suppressed = (
                band ~ "_suppressed_cells"
                if band == "total"
                else "known_suppressed_cells + " ~ band ~ "_suppressed_cells"
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
                {% if band == "total" -%} cast(null as double)
                {%- else -%}
                    -- of a share that is hidden: the middle of what is possible, at
                    -- most 3 pathways a cell off, as the weight of the group
                    case
                        when known is not null
                        then known
                        when total is not null
                        then (known_low + known_high) / 2
                    end
                {%- endif %} as denominator,
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

-- Grain: indicator x day x measure. Question: how much of England's Core20 gap in
-- waits comes
-- from who is treated where? England of all sectors is next to trusts that are NHS
-- acute providers only; the two differ because people of the most deprived quintile are
-- treated less often in the independent sector, where waits are shorter.
-- Kitagawa 1955 (components of a difference between two rates): with shares w and
-- values p of the sectors, the gap is the sum of mean(w) x gap of p (within) and of
-- mean(p) x gap of w (mix). Exact, and the same whichever group is named first. A
-- hidden count in one sector leaves all parts unknown.
with
    figures as (
        select
            figure.*,
            lower(substr(figure.organisation_code, 5)) as sector,
            figure.denominator / {{ in_order("sum", "figure.denominator") }} over (
                partition by figure.indicator_id, figure.period_end, figure.group_code
            ) as share
        from {{ ref("fct_indicator_value") }} as figure
        where
            figure.source_id = 'nhse_wlmds'
            and figure.organisation_level = 'england_sector'
            and figure.dimension = 'core20'
            and figure.group_code in ('core20', 'rest')
            and figure.treatment_function_code = 'all'
            and figure.geography_basis = 'current'
            and figure.indicator_id <> 'wlmds_waiting'
    ),

    sectors as (
        select
            indicator_id,
            period_start,
            period_end,
            sector,
            {%- for group in ["core20", "rest"] %}
                {%- for column in ["value", "share", "value_status"] %}
                    max({{ column }}) filter (
                        where group_code = '{{ group }}'
                    ) as {{ group }}_{{ column }},
                {%- endfor %}
            {%- endfor %}
            max(data_as_of) as data_as_of
        from figures
        group by indicator_id, period_start, period_end, sector
    ),

    parts as (
        select
            indicator_id,
            period_start,
            period_end,
            count(*) filter (
                where core20_value is null or rest_value is null
            ) as sectors_hidden,
            {% call in_order("sum") %}
                (core20_share + rest_share) / 2 * (core20_value - rest_value)
            {% endcall %} as within,
            {% call in_order("sum") %}
                (core20_value + rest_value) / 2 * (core20_share - rest_share)
            {% endcall %} as mix,
            {%- for sector in ["nhs_acute", "independent_sector"] %}
                max(core20_value - rest_value) filter (
                    where sector = '{{ sector }}'
                ) as {{ sector }}_gap,
            {%- endfor %}
            {%- for group in ["core20", "rest"] %}
                max({{ group }}_share) filter (
                    where sector = 'independent_sector'
                ) as {{ group }}_independent_share,
            {%- endfor %}
            max(data_as_of) as data_as_of
        from sectors
        group by indicator_id, period_start, period_end
    ),

    {%- set measures = {
        "england_gap": "case when sectors_hidden = 0 then within + mix end",
        "gap_within_sectors": "case when sectors_hidden = 0 then within end",
        "gap_from_sector_mix": "case when sectors_hidden = 0 then mix end",
        "nhs_acute_gap": "nhs_acute_gap",
        "independent_sector_gap": "independent_sector_gap",
        "core20_independent_share": "core20_independent_share",
        "rest_independent_share": "rest_independent_share",
    } %}
    measured as (
        {%- for measure, value in measures.items() %}
            select *, '{{ measure }}' as measure, {{ value }} as value
            from parts {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    measured.indicator_id,
    indicator.indicator_name,
    measured.measure,
    indicator.unit,
    indicator.polarity,
    measured.period_start,
    measured.period_end,
    measured.value,
    case when value is null then 'suppressed' else 'published' end as value_status,
    case
        when value is null
        then sectors_hidden || ' sectors have a figure hidden by the publisher'
    end as value_status_reason,
    'nhse_wlmds' as source_id,
    measured.data_as_of,
    '{{ env_var("HIW_ORIGIN") }}' as data_origin,
    '{{ env_var("HIW_RELEASE_ID", "unreleased") }}' as release_id
from measured
inner join
    {{ ref("dim_indicator") }} as indicator
    on measured.indicator_id = indicator.indicator_id

{#
    The CTEs wholes and groups of int_inequality_gap: every group of a set, and the whole under the code whole.

    Input: key, the columns of a set of groups. Reads the CTEs figures (one row for each group) and families (one row for each
    set, with the sums of its groups).
#}
{% macro groups_beside_whole(key) -%}
    -- The whole is the source's own figure for everybody where it has one (HES), else
    -- the sum of all groups, the unknown ones too.
    wholes as (
        select
            {%- for column in key %} families.{{ column }}, {%- endfor %}
            families.unit,
            {{ rate_multiplier("unit") }} as multiplier,
            everybody.indicator_id is not null as is_of_everybody,
            coalesce(everybody.numerator, families.numerator) as numerator,
            coalesce(everybody.denominator, families.denominator) as denominator,
            coalesce(everybody.value_basis, 'counts') as value_basis,
            everybody.value,
            everybody.ci_lower_95,
            everybody.ci_upper_95,
            families.numerator_low,
            families.numerator_high,
            case
                when everybody.indicator_id is not null
                then null
                when families.standardisation <> 'crude'
                then 'not_available'
                else families.status_of_part
            end as status_of_part
        from families
        left join
            {{ ref("fct_indicator_value") }} as everybody
            on everybody.dimension = 'all'
            and everybody.value_status = 'published'
            {%- for column in key if column != "dimension" %}
                and families.{{ column }} = everybody.{{ column }}
            {%- endfor %}
    ),

    groups as (
        select
            {{ key | join(", ") }},
            group_code,
            numerator,
            denominator,
            value,
            value_low,
            value_high,
            ci_lower_95,
            ci_upper_95,
            value_basis,
            value_status,
            value_status_reason,
            {{ rounding_cells("dimension", "group_code") }} as cells
        from figures
        union all
        select
            {{ key | join(", ") }},
            'whole',
            numerator,
            denominator,
            case
                when status_of_part is not null
                then null
                when is_of_everybody
                then value
                else {{ value_by_unit("numerator", "denominator") }}
            end,
            {%- for side in ["low", "high"] %}
                case
                    when status_of_part <> 'bounded' or status_of_part is null
                    then null
                    else {{ value_by_unit("numerator_" ~ side, "denominator") }}
                end,
            {%- endfor %}
            {%- for side in ["lower", "upper"] %}
                case
                    when is_of_everybody
                    then ci_{{ side }}_95
                    else {{ limit_by_unit(side, "numerator", "denominator") }}
                end,
            {%- endfor %}
            value_basis,
            coalesce(status_of_part, 'published'),
            case when status_of_part is not null then 'a part of the whole is ' || status_of_part end,
            case when is_of_everybody then 1 else {{ rounding_cells("dimension", "'whole'") }} end
        from wholes
    )
{%- endmacro %}

{# 100000 of rate_per_100000; 1 for every other unit. #}
{% macro rate_multiplier(unit) -%}
    cast(case when {{ unit }} like 'rate_per_%' then replace({{ unit }}, 'rate_per_', '') else '1' end as double)
{%- endmacro %}

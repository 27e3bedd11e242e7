{#
    The figures of a relation (a CTE's name) twice: as reported, and on the organisations of var('current_geography_date').

    Inputs: figures with the columns of int_<subject>_indicator_value (models/marts/_conventions.md) except geography_basis
    and geography_vintage; published: whether they have standardisation, published_value, published_lower, published_upper too;
    rounded: whether they have denominator_low and denominator_high, what the rounding of the denominator allows.
    Method: numerators and denominators of organisations with the same single successor are summed; a sum with a part that is
    not known is not known, and its bounds are the sums of the parts' bounds. An organisation that was split has no current
    row, and those that took it over are not_available for the periods in which it still reported, because their share of it
    is not known. mart_data_quality lists both. A figure that the publisher worked out (published) cannot be summed: it stands
    on current geography only for an organisation that is today what it was; where its counts are next to it, they are summed, and
    the limits hold what their rounding allows.
#}
{% macro on_both_geographies(figures, published=false, rounded=false) %}
    {%- set keys = [
        "indicator_id",
        "treatment_function_code",
        "period_start",
        "period_end",
        "period_type",
        "dimension",
        "group_code",
    ] + (["standardisation"] if published else []) -%}
    {%- set people = {
        true: "denominator_low, denominator_high",
        false: "cast(null as double) as denominator_low, cast(null as double) as denominator_high",
    } -%}
    select
        organisation_code,
        organisation_level,
        {% for key in keys %} {{ key }}, {% endfor %}
        'as_reported' as geography_basis,
        {% if published %} published_value, published_lower, published_upper, {{ people[rounded] }}, {% endif %}
        numerator,
        denominator,
        numerator_low,
        numerator_high,
        value_status,
        value_status_reason,
        organisations_missing,
        imd_version,
        'organisations_' || cast(period_end as string) as geography_vintage,
        source_id,
        snapshot_sha256
    from {{ figures }}

    union all

    select
        organisation_code,
        organisation_level,
        {% for key in keys %} {{ key }}, {% endfor %}
        'current' as geography_basis,
        {% if published %}
            case when is_itself then published_value end as published_value,
            case when is_itself then published_lower end as published_lower,
            case when is_itself then published_upper end as published_upper,
            {{ people[rounded] }},
        {% endif %}
        case when parts_unknown = 0 and split_reason is null then numerator end as numerator,
        case when denominators_unknown = 0 and split_reason is null then denominator end as denominator,
        case
            when parts_unbounded = 0 and (parts_unknown > 0 or parts_exact = 0) and split_reason is null
            then numerator_low
        end as numerator_low,
        case
            when parts_unbounded = 0 and (parts_unknown > 0 or parts_exact = 0) and split_reason is null
            then numerator_high
        end as numerator_high,
        {% set reasons = "split_reason" %}
        {% if published %}
            {% set reasons -%}
                coalesce(split_reason, case
                    when not is_itself and published_value is not null and numerator is null
                    then 'worked out by the publisher for an organisation that has changed since' end)
            {%- endset %}
        {% endif %}
        case when {{ reasons }} is null then value_status else 'not_available' end as value_status,
        coalesce({{ reasons }}, value_status_reason) as value_status_reason,
        organisations_missing,
        imd_version,
        'organisations_{{ var("current_geography_date") }}' as geography_vintage,
        source_id,
        snapshot_sha256
    from
        (
            select
                mapped.current_code as organisation_code,
                coalesce(max(successor.organisation_level), max(mapped.organisation_level)) as organisation_level,
                {% for key in keys %} mapped.{{ key }}, {% endfor %}
                {% if published %}
                    count(*) = 1 and max(mapped.organisation_code) = mapped.current_code as is_itself,
                    max(mapped.published_value) as published_value,
                    max(mapped.published_lower) as published_lower,
                    max(mapped.published_upper) as published_upper,
                    {% if rounded %}
                        {{ sum_of_all("mapped.denominator_low") }} as denominator_low,
                        {{ sum_of_all("mapped.denominator_high") }} as denominator_high,
                    {% endif %}
                {% endif %}
                {{ in_order("sum", "mapped.numerator") }} as numerator,
                {{ in_order("sum", "mapped.denominator") }} as denominator,
                count(*) filter (where mapped.numerator is null) as parts_unknown,
                -- a count has no denominator, so only a part that is not published
                -- makes the sum of denominators unknown
                count(*) filter (
                    where mapped.denominator is null and mapped.value_status <> 'published'
                ) as denominators_unknown,
                count(*) filter (where mapped.numerator is null and mapped.numerator_low is null) as parts_unbounded,
                -- counts that the publisher rounds have bounds beside them
                count(*) filter (where mapped.numerator_low is null) as parts_exact,
                {{ in_order("sum", "coalesce(mapped.numerator_low, mapped.numerator)") }} as numerator_low,
                {{ in_order("sum", "coalesce(mapped.numerator_high, mapped.numerator)") }} as numerator_high,
                -- alphabetical order of the statuses happens not to matter: any part
                -- that is not published decides
                coalesce(
                    max(mapped.value_status) filter (where mapped.value_status <> 'published'), 'published'
                ) as value_status,
                max(mapped.value_status_reason) as value_status_reason,
                cast(sum(mapped.organisations_missing) as integer) as organisations_missing,
                max(mapped.imd_version) as imd_version,
                max(mapped.source_id) as source_id,
                max(mapped.snapshot_sha256) as snapshot_sha256,
                max(splits.split_reason) as split_reason
            from
                (
                    select figures.*, {{ current_code("figures.organisation_code", "successions") }} as current_code
                    from {{ figures }} as figures
                    left join
                        {{ ref("int_organisation_current") }} as successions
                        on figures.organisation_code = successions.organisation_code
                ) as mapped
            left join {{ ref("dim_organisation") }} as successor on mapped.current_code = successor.organisation_code
            left join
                (
                    select distinct
                        figures.indicator_id,
                        figures.period_end,
                        successions.successor_codes,
                        successions.mapping_reason as split_reason
                    from {{ figures }} as figures
                    inner join
                        {{ ref("int_organisation_current") }} as successions
                        on figures.organisation_code = successions.organisation_code
                    where successions.mapping_status = 'split'
                ) as splits
                on mapped.indicator_id = splits.indicator_id
                and mapped.period_end = splits.period_end
                and ',' || splits.successor_codes || ',' like '%,' || mapped.current_code || ',%'
            where mapped.current_code is not null
            group by mapped.current_code {% for key in keys %}, mapped.{{ key }} {% endfor %}
        ) as current_figures
{% endmacro %}

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
    the limits hold what their rounding allows. Only figures of organisations that merged are summed: sums in order of size lie in memory as
    a whole, and those of 60 months of RTT took more than 1 GB.
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
    {#- of a figure, and the aggregate of those that one organisation of today answers for -#}
    {%- set columns = [
        ("organisation_level", "coalesce(successor.organisation_level, mapped.organisation_level)", "max"),
        ("numerator", "mapped.numerator", "in_order"),
        ("denominator", "mapped.denominator", "in_order"),
        ("parts_unknown", "case when mapped.numerator is null then 1 else 0 end", "sum"),
        (
            "denominators_unknown",
            "case when mapped.denominator is null and mapped.value_status <> 'published' then 1 else 0 end",
            "sum",
        ),
        (
            "parts_unbounded",
            "case when mapped.numerator is null and mapped.numerator_low is null then 1 else 0 end",
            "sum",
        ),
        ("parts_exact", "case when mapped.numerator_low is null then 1 else 0 end", "sum"),
        ("numerator_low", "coalesce(mapped.numerator_low, mapped.numerator)", "in_order"),
        ("numerator_high", "coalesce(mapped.numerator_high, mapped.numerator)", "in_order"),
        ("unpublished_status", "nullif(mapped.value_status, 'published')", "max"),
        ("value_status_reason", "mapped.value_status_reason", "max"),
        ("organisations_missing", "mapped.organisations_missing", "sum"),
        ("imd_version", "mapped.imd_version", "max"),
        ("source_id", "mapped.source_id", "max"),
        ("snapshot_sha256", "mapped.snapshot_sha256", "max"),
        ("split_reason", "splits.split_reason", "max"),
    ] -%}
    {%- if published -%}
        {%- do columns.append(("is_itself", "mapped.organisation_code = mapped.current_code", "min")) -%}
        {%- for name in ["published_value", "published_lower", "published_upper"] -%}
            {%- do columns.append((name, "mapped." ~ name, "max")) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if published and rounded -%}
        {%- for name in ["denominator_low", "denominator_high"] -%}
            {%- do columns.append((name, "mapped." ~ name, "sum_of_all")) -%}
        {%- endfor -%}
    {%- endif -%}
    {#- nobody else's figures are among its own -#}
    {%- set alone = "mapped.organisation_code = mapped.current_code and mapped.merged_code is null and splits.split_reason is null" -%}
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
        case
            when {{ reasons }} is null then coalesce(unpublished_status, 'published') else 'not_available'
        end as value_status,
        coalesce({{ reasons }}, value_status_reason) as value_status_reason,
        cast(organisations_missing as integer) as organisations_missing,
        imd_version,
        'organisations_{{ var("current_geography_date") }}' as geography_vintage,
        source_id,
        snapshot_sha256
    from
        (
            {% for is_alone in [true, false] %}
                select
                    mapped.current_code as organisation_code,
                    {% for key in keys %} mapped.{{ key }}, {% endfor %}
                    {% for name, of_one, aggregate in columns %}
                        {% if is_alone %} {{ of_one }}
                        {% elif aggregate == "in_order" %} {{ in_order("sum", of_one) }}
                        {% elif aggregate == "sum_of_all" %} {{ sum_of_all(of_one) }}
                        {% else %} {{ aggregate }} ({{ of_one }})
                        {% endif %} as {{ name }} {{- "," if not loop.last }}
                    {% endfor %}
                from
                    (
                        select
                            figures.*,
                            {{ current_code("figures.organisation_code", "successions") }} as current_code,
                            merged.current_organisation_code as merged_code
                        from {{ figures }} as figures
                        left join
                            {{ ref("int_organisation_current") }} as successions
                            on figures.organisation_code = successions.organisation_code
                        left join
                            (
                                select distinct current_organisation_code
                                from {{ ref("int_organisation_current") }}
                                where organisation_code <> current_organisation_code
                            ) as merged
                            on figures.organisation_code = merged.current_organisation_code
                    ) as mapped
                left join
                    {{ ref("dim_organisation") }} as successor on mapped.current_code = successor.organisation_code
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
                {% if is_alone %}
                    where {{ alone }}
                    union all
                {% else %}
                    where mapped.current_code is not null and not ({{ alone }})
                    group by mapped.current_code {% for key in keys %}, mapped.{{ key }} {% endfor %}
                {% endif %}
            {% endfor %}
        ) as current_figures
{% endmacro %}

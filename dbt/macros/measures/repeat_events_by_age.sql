{#
    Age bands of events that are not independent (one person, several attendances), ready for the directly standardised
    rate.

    Inputs: relation with one row for each group, age band and number of events per person; group_by key columns;
    age_band; frequency (events per person, 1, 2, ...); persons (people with that many events); population and
    standard_population of the band, the same on each of its rows.
    Gives, for each group and age band: age_band, event_count (sum f persons), event_variance (sum f^2 persons),
    population, standard_population. Where the rows of a band differ in population, the population is NULL, so that no
    rate comes of it.
    Source: OHID Public Health Technical Guidance, Standardisation, DSRs (non-independent events).
#}
{% macro repeat_events_by_age(relation, group_by, age_band, frequency, persons, population, standard_population) -%}
    select
        {{ measure_key_columns(group_by) }}
        {{ age_band }} as age_band,
        {% call in_order("sum") %}{{ measure_double(frequency) }} * {{ measure_double(persons) }}{% endcall %}
        as event_count,
        {% call in_order("sum") %}{{ measure_double(frequency) }} * {{ measure_double(frequency) }} * {{ measure_double(persons) }}{% endcall %}
        as event_variance,
        case
            when min({{ measure_double(population) }}) = max({{ measure_double(population) }})
            then max({{ measure_double(population) }})
        end as population,
        case
            when min({{ measure_double(standard_population) }}) = max({{ measure_double(standard_population) }})
            then max({{ measure_double(standard_population) }})
        end as standard_population
    from {{ relation }}
    group by {% for key in measure_keys(group_by) -%} {{ key.expression }}, {% endfor -%} {{ age_band }}
{%- endmacro %}

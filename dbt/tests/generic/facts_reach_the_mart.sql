-- Published facts that the mart's question covers and that are not in it, or are in
-- it with another value. A mart declares which facts it covers: `facts` (a table of
-- facts), `condition` (on `fact`, and on `indicator`, its row of dim_indicator), `keys`
-- (column of the facts: column of the mart), `value` (the column that shows the value),
-- `indicators` (a model whose indicator_id lists those covered; a seed would make it a
-- test of seeds, which no nightly run runs), `newest_of` (columns within which the
-- newest period alone is covered). A join that loses a source fails.
{% test facts_reach_the_mart(
    model,
    facts,
    condition,
    keys,
    value="value",
    indicators=none,
    newest_of=none
) %}
    with
        considered as (
            {%- set found -%}
            select fact.*
            from {{ facts }} as fact
            inner join
                {{ ref("dim_indicator") }} as indicator
                on fact.indicator_id = indicator.indicator_id
            where
                ({{ condition }})
                {%- if indicators %}
                    and fact.indicator_id in (select indicator_id from {{ indicators }})
                {%- endif %}
            {%- endset -%}
            {%- if newest_of %}
                {% call kept(
                    "row_number() over (partition by " ~ newest_of
                    | join(", ")
                    ~ " order by fact.period_end desc, fact.period_start) = 1"
                ) %} {{ found }} {% endcall %}
            {%- else %} {{ found }}
            {%- endif %}
        )

    select considered.source_id, considered.{{ keys | join(", considered.") }}
    from considered
    left join
        {{ model }} as shown
        on {% for of_fact, of_mart in keys.items() %}
            considered.{{ of_fact }} = shown.{{ of_mart }} {{ "and" if not loop.last }}
        {% endfor %}
    where
        considered.value_status = 'published'
        and (
            shown.{{ value }} is null
            or abs(shown.{{ value }} - considered.value) > 1e-9
        )
{% endtest %}

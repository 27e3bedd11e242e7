{#
    The CTEs stand_ins and estimates of int_returns__rate_level: the estimated total of England, in which the newest return of the
    last twelve months stands in for each missing trust.

    Input: counts, the names of the counts. Reads the CTEs trusts and summed.
#}
{% macro returns_estimates(counts) -%}
    -- Who is missing from England in a period, with the newest return that can stand
    -- in.
    stand_ins as (
        {% call kept(
            "row_number() over (partition by expected.period_end, "
            ~ "trusts.metric_id, trusts.org_code order by trusts.period_end desc) "
            ~ "= 1"
        ) %}
        select
            expected.period_end as missing_period_end,
            trusts.metric_id,
            trusts.org_code,
            trusts.period_end as basis_period_end,
            {%- for count in counts %}
                trusts.{{ count }}_low,
                trusts.{{ count }}_high {{- "," if not loop.last }}
            {%- endfor %}
        from {{ ref("stg_returns__expected") }} as expected
        inner join
            trusts
            on expected.collection_code = trusts.collection_code
            and expected.org_code = trusts.org_code
            and trusts.period_end < expected.period_end
            and trusts.period_end >= expected.period_end - interval 12 month
        where
            trusts.dim_type = 'ALL'
            and not exists (
                select 1
                from {{ ref("int_returns__in_use") }} as in_use
                where
                    in_use.collection_code = expected.collection_code
                    and in_use.org_code = expected.org_code
                    and in_use.period_end = expected.period_end
            )
        {% endcall %}
    ),

    estimates as (
        select
            {% call all_with(
                [
                    "numerator_low",
                    "numerator_high",
                    "denominator_low",
                    "denominator_high",
                    "trusts_included",
                ],
                of="summed"
            ) %}
                {%- for count in counts %}
                    {%- for side in ["low", "high"] %}
                        summed.{{ count }}_{{ side }}
                        + added.{{ count }}_{{ side }} as {{ count }}_{{ side }},
                    {%- endfor %}
                {%- endfor %}
                summed.trusts_included + added.trusts as trusts_included
            {% endcall %},
            true as is_estimate,
            added.basis as estimate_basis_period
        from summed
        inner join
            (
                select
                    missing_period_end,
                    metric_id,
                    {%- for count in counts %}
                        {%- for side in ["low", "high"] %}
                            sum({{ count }}_{{ side }}) as {{ count }}_{{ side }},
                        {% endfor %}
                    {%- endfor %}
                    count(*) as trusts,
                    {{
                        listed_text(
                            "org_code || ' ' || " ~ month_text("basis_period_end"),
                            order="org_code",
                        )
                    }} as basis
                from stand_ins
                group by all
            ) as added
            on summed.metric_id = added.metric_id
            and summed.period_end = added.missing_period_end
        where summed.geo_level = 'NATIONAL' and summed.dim_type = 'ALL'
    )
{%- endmacro %}

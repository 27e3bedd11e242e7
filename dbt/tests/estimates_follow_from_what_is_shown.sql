-- Estimated totals of England that are not what rows of the mart itself add up to: they
-- would say something of a count that the mart hides. Which trust stands in, and its
-- month, is read in the words of estimate_basis_period.
{%- set counts = ["numerator", "denominator"] %}
with
    rates as (select * from {{ ref("mart_hi_rate") }} where dimension = 'ALL'),

    named as (
        select
            indicator_id,
            period_end,
            {{ each_of("estimate_basis_period", ", ") }} as stand_in
        from rates
        where is_estimate
    ),

    parts as (
        select
            named.indicator_id,
            named.period_end,
            {%- for count in counts %}
                {{ returns_shown_middle(count, "trust") }}
                as {{ count }} {{- "," if not loop.last }}
            {%- endfor %}
        from named
        left join
            rates as trust
            on trust.organisation_level = 'trust'
            and trust.indicator_id = named.indicator_id
            and trust.organisation_code || ' ' || {{ month_text("trust.period_end") }}
            = named.stand_in
        union all
        select
            reported.indicator_id,
            reported.period_end,
            {%- for count in counts %}
                {{ returns_shown_middle(count, "reported") }} {{- "," if not loop.last }}
            {%- endfor %}
        from rates as reported
        where reported.organisation_level = 'england' and not reported.is_estimate
    ),

    added as (
        select
            indicator_id,
            period_end,
            {%- for count in counts %}
                case
                    when count(*) = count({{ count }})
                    then {{ disclosed_count("sum(" ~ count ~ ")") }}
                end as {{ count }} {{- "," if not loop.last }}
            {%- endfor %}
        from parts
        group by indicator_id, period_end
    )

select estimate.indicator_id, estimate.period_end
from rates as estimate
left join
    added
    on estimate.indicator_id = added.indicator_id
    and estimate.period_end = added.period_end
where
    estimate.is_estimate
    and (
        {%- for count in counts %}
            estimate.{{ count }} is distinct from added.{{ count }}
            {{- " or" if not loop.last }}
        {%- endfor %}
    )

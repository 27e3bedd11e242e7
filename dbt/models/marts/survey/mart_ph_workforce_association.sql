-- Grain: role x outcome (overall rating, data domain) x stratum. Question: are trusts
-- that employ people in the role more often fairly or very well developed?
-- A 2x2 table of trusts, counts of organisations: Haldane's odds ratio and Fisher's
-- exact interval, for all trusts and within each type, where type is what could make
-- both likely. An association, not a cause: whether an able trust hires consultants or
-- consultants make it able is not in these figures. A stratum below ten trusts is
-- refused. a: employs and developed, b: employs and not, c: does not and developed,
-- d: neither.
{%- set minimum_base = 10 %}
with
    outcomes as (
        select
            organisation_code,
            coalesce(trust_type, 'NOT_RECORDED') as trust_type,
            domain_code,
            rating in ('FAIRLY_WELL', 'VERY_WELL') as is_developed,
            data_as_of,
            data_origin
        from {{ ref("mart_maturity") }}
        where domain_code in ('OVERALL', 'DATA') and value_status = 'published'
    ),

    pairs as (
        select
            outcomes.*,
            workforce.role_code,
            workforce.role_label,
            workforce.employs_role
        from outcomes
        inner join
            {{ ref("mart_ph_workforce") }} as workforce
            on outcomes.organisation_code = workforce.organisation_code
        where workforce.measure = 'headcount'
    ),

    in_strata as (
        select *, 'ALL' as stratum_type, 'ALL' as stratum
        from pairs
        union all
        select *, 'TRUST_TYPE', trust_type
        from pairs
        where trust_type <> 'NOT_RECORDED'
    ),

    cells as (
        select
            role_code,
            role_label,
            domain_code,
            stratum_type,
            stratum,
            count(*) filter (where employs_role and is_developed) as a,
            count(*) filter (where employs_role and not is_developed) as b,
            count(*) filter (where not employs_role and is_developed) as c,
            count(*) filter (where not employs_role and not is_developed) as d,
            count(*) as n_base,
            max(data_as_of) as data_as_of,
            min(data_origin) as data_origin
        from in_strata
        group by role_code, role_label, domain_code, stratum_type, stratum
    ),

    shown as (
        select
            {% call all_with(["a", "b", "c", "d"]) %}
                {%- for cell in ["a", "b", "c", "d"] %}
                    case
                        when n_base >= {{ minimum_base }} then {{ cell }}
                    end as {{ cell }} {{ "," if not loop.last }}
                {%- endfor %}
            {% endcall %}
        from cells
    )

select
    role_code,
    role_label,
    domain_code,
    stratum_type,
    stratum,
    cast(a as integer) as employed_developed,
    cast(b as integer) as employed_not_developed,
    cast(c as integer) as not_employed_developed,
    cast(d as integer) as not_employed_not_developed,
    cast(n_base as integer) as n_base,
    -- with an empty row or column the halves that are added are all there is to compare
    case
        when {{ fisher_odds_reason("a", "b", "c", "d") }} is null
        then {{ odds_ratio_haldane("a", "b", "c", "d") }}
    end as value,
    'odds ratio' as unit,
    {{ fisher_odds_lower("a", "b", "c", "d") }} as ci_lower_95,
    nullif(
        {{ fisher_odds_upper("a", "b", "c", "d") }}, cast('infinity' as double)
    ) as ci_upper_95,
    case
        when n_base < {{ minimum_base }}
        then 'not_available'
        when a + b = 0 or c + d = 0 or a + c = 0 or b + d = 0
        then 'not_applicable'
        else 'published'
    end as value_status,
    case
        when n_base < {{ minimum_base }}
        then 'base of ' || n_base || ', below the minimum of {{ minimum_base }} trusts'
        when {{ fisher_odds_reason("a", "b", "c", "d") }} is not null
        then {{ fisher_odds_reason("a", "b", "c", "d") }}
        when {{ fisher_odds_upper("a", "b", "c", "d") }} = cast('infinity' as double)
        then 'no upper limit: a cell of the table is empty'
    end as value_status_reason,
    'association, not cause' as caveats,
    data_as_of,
    data_origin
from shown

-- Grain: metric x period, for which a trust is missing. Question: how many would
-- England count if the newest return of the last twelve months stood in for each
-- missing trust?
-- Added up from what is shown, so that an estimate says nothing else: the sum of true
-- counts, less the reported total, gave the hidden count of a single missing trust
-- away (10 more leave 6 and 7 of 1 to 7). A hidden count of 1 to 7 stands for its
-- middle; where another reason hides a count, the estimate is withheld too. No trust
-- is imputed.
{%- set counts = ["numerator", "denominator"] %}
{%- set is_whole = "added.numerator is not null and added.denominator is not null" %}
with
    shown as (
        select * from {{ ref("int_returns__rate_shown") }} where dim_type = 'ALL'
    ),

    -- Who is missing from England in a period, with the newest return that can stand
    -- in.
    stand_ins as (
        {% call kept(
            "row_number() over (partition by expected.period_end, "
            ~ "shown.metric_id, shown.geo_code order by shown.period_end desc) "
            ~ "= 1"
        ) %}
        select
            expected.period_end as missing_period_end,
            shown.metric_id,
            shown.geo_code,
            shown.period_end as basis_period_end,
            {%- for count in counts %}
                {{ returns_shown_middle(count, "shown") }}
                as {{ count }} {{- "," if not loop.last }}
            {%- endfor %}
        from {{ ref("stg_returns__expected") }} as expected
        inner join
            shown
            on expected.collection_code = shown.collection_code
            and expected.org_code = shown.geo_code
            and shown.period_end < expected.period_end
            and shown.period_end >= expected.period_end - interval 12 month
        where
            shown.geo_level = 'TRUST'
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

    parts as (
        select
            missing_period_end as period_end,
            metric_id,
            geo_code || ' ' || {{ month_text("basis_period_end") }} as basis,
            numerator,
            denominator
        from stand_ins
        union all
        select
            period_end,
            metric_id,
            null,
            {%- for count in counts %}
                {{ returns_shown_middle(count, "shown") }} {{- "," if not loop.last }}
            {%- endfor %}
        from shown
        where geo_level = 'NATIONAL'
    ),

    added as (
        select
            period_end,
            metric_id,
            count(basis) as trusts,
            {{ listed_text("basis", order="basis") }} as basis,
            {%- for count in counts %}
                case
                    when count(*) = count({{ count }}) then sum({{ count }})
                end as {{ count }} {{- "," if not loop.last }}
            {%- endfor %}
        from parts
        group by period_end, metric_id
        having count(basis) > 0
    )

select
    {% call all_with(
        [
            "numerator",
            "denominator",
            "numerator_status",
            "denominator_status",
            "rate_status",
            "withheld_reason",
            "trusts_included",
        ],
        of="shown"
    ) %}
        {%- for count in counts %}
            {{ disclosed_count("added." ~ count) }} as {{ count }},
            case
                when added.{{ count }} is null
                then 'withheld'
                else {{ disclosed_count_status("added." ~ count) }}
            end as {{ count }}_status,
        {%- endfor %}
        case
            when {{ is_whole }}
            then {{ disclosed_rate_status("added.numerator", "added.denominator") }}
            else 'withheld'
        end as rate_status,
        case
            when not ({{ is_whole }}) then 'a count that it is added up from is hidden'
        end as withheld_reason,
        shown.trusts_included + added.trusts as trusts_included
    {% endcall %},
    added.basis as estimate_basis_period
from shown
inner join
    added on shown.metric_id = added.metric_id and shown.period_end = added.period_end
where shown.geo_level = 'NATIONAL'

-- Facts of returns that are not what was sent: rows against the register, denominators
-- of each dimension against the control totals of the rows (a second way, always by the
-- warehouse's own engine), a key that is not known. Whichever engine built the facts.
{%- set dimensions = {
    "ALL": "G0",
    "ETHNIC_CATEGORY": "G1",
    "ETHNIC5": "G1",
    "IMD_DECILE": "G2",
    "IMD_QUINTILE": "G2",
    "AGE": "G3",
    "SEX": "G4",
    "ETHNIC5_IMD_QUINTILE": "G5",
} %}
with
    in_use as (select * from {{ ref("int_returns__in_use") }}),

    dimensions as (
        {%- for dimension, grouping_set in dimensions.items() %}
            select
                '{{ dimension }}' as dim_type,
                '{{ grouping_set }}' as grouping_set
                {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    sums as (select * from {{ ref("int_returns__control_total") }}),

    unreadable as (
        select submission_id, grouping_set
        from sums
        group by submission_id, grouping_set
        having max(is_unreadable) = 1
    ),

    wanted as (
        select
            sums.submission_id,
            metric.metric_id,
            dimensions.dim_type,
            sum(sums.total) as denominator_low
        from sums
        inner join
            {{ ref("hi_metric") }} as metric
            on sums.collection_code = metric.collection_code
            and concat(' ', metric.denominator_codes, ' ')
            like concat('% ', sums.outcome, ' %')
        inner join dimensions on sums.grouping_set = dimensions.grouping_set
        left join
            unreadable
            on sums.submission_id = unreadable.submission_id
            and sums.grouping_set = unreadable.grouping_set
        where unreadable.submission_id is null
        group by sums.submission_id, metric.metric_id, dimensions.dim_type
    ),

    held as (
        select submission_id, metric_id, dim_type, sum(denominator_low) as total
        from {{ ref("int_returns__rate_cell") }}
        group by submission_id, metric_id, dim_type
    )

select wanted.submission_id, wanted.metric_id || ' ' || wanted.dim_type as what
from wanted
left join
    held
    on wanted.submission_id = held.submission_id
    and wanted.metric_id = held.metric_id
    and wanted.dim_type = held.dim_type
where wanted.denominator_low is distinct from held.total
union all
select in_use.submission_id, 'rows'
from in_use
inner join
    {{ ref("int_returns__ranked") }} as register
    on in_use.submission_id = register.submission_id
left join
    {{ ref("int_returns__sent") }} as sent on in_use.submission_id = sent.submission_id
where
    in_use.collection_code in ('WL01', 'OP01', 'UC01')
    and register.rows_accepted <> coalesce(sent.row_count, 0)
union all
select submission_id, 'key'
from {{ ref("int_returns__rate_cell") }}
where
    submission_id is null
    or org_code is null
    or period_end is null
    or metric_id is null
    or dim_value is null
union all
select submission_id, 'key'
from {{ ref("int_returns__inclusion") }}
where
    submission_id is null
    or org_code is null
    or period_end is null
    or measure_code is null
    or accommodation_group is null
union all
select submission_id, 'submission in use, not once'
from {{ ref("int_returns__sent") }}
group by submission_id
having count(*) > 1
union all
select in_use.submission_id, 'no facts of urgent care'
from in_use
inner join
    {{ ref("int_returns__sent") }} as sent
    on in_use.submission_id = sent.submission_id
    and sent.collection_code = 'UC01'
left join
    {{ ref("int_returns__inclusion") }} as inclusion
    on in_use.submission_id = inclusion.submission_id
where inclusion.submission_id is null

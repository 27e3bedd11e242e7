-- grain: one row for each indicator, organisation and month; every fifth value is suppressed
select
    'indicator_' || (i % 4) as indicator_id,
    'Q' || lpad((i // 4 % 20)::varchar, 2, '0') as organisation_code,
    (date '2026-01-01' + to_months((i // 80)::integer))::date as period_start,
    case when i % 5 > 0 then (i % 97)::bigint end as numerator_count,
    case when i % 5 > 0 then (i % 97) / 97.0 end::double as value,
    case when i % 5 > 0 then (i % 97) / 97.0 - 0.01 end::double as ci_lower_95,
    case when i % 5 > 0 then (i % 97) / 97.0 + 0.01 end::double as ci_upper_95,
    case when i % 5 > 0 then 'published' else 'suppressed' end as value_status,
    'synthetic' as data_origin,
    repeat('a', 64) as snapshot_sha256,
    0::integer as generation_number
from range(1600) as numbers(i)

-- grain: one row for each organisation
select
    'Q' || lpad(i::varchar, 2, '0') as organisation_code,
    'Trust ' || i as organisation_name,
    'synthetic' as data_origin
from range(20) as numbers(i)

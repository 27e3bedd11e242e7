-- A measure of the fact that the catalogue of measures (seed inequality_measures) does
-- not have, or a measure of the catalogue of which England has no figure at all: its
-- family was renamed or lost.
select
    coalesce(facts.measure, catalogue.measure) as measure,
    facts.measure is null as is_lost
from (select distinct measure from {{ ref("fct_inequality_measure") }}) as facts
full outer join
    {{ ref("inequality_measures") }} as catalogue on facts.measure = catalogue.measure
where facts.measure is null or catalogue.measure is null

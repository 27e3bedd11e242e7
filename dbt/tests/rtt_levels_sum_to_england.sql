-- Months in which ICBs, regions, providers or treatment functions do not add up to
-- England: something was lost or counted twice.
with
    figures as (select * from {{ ref("int_waiting_list_rtt_organisation") }}),

    sums as (
        select
            period_end,
            sum(waiting) filter (
                where organisation_level = 'england' and treatment_function_code = 'all'
            ) as england,
            sum(waiting) filter (
                where organisation_level = 'region' and treatment_function_code = 'all'
            ) as regions,
            sum(waiting) filter (
                where organisation_level = 'icb' and treatment_function_code = 'all'
            ) as icbs,
            sum(waiting) filter (
                where
                    organisation_level in ('trust', 'other_provider')
                    and treatment_function_code = 'all'
            ) as providers,
            sum(waiting) filter (
                where
                    organisation_level = 'england' and treatment_function_code <> 'all'
            ) as treatment_functions
        from figures
        group by period_end
    )

select *
from sums
where
    regions is distinct from england
    or icbs is distinct from england
    or providers is distinct from england
    or treatment_functions is distinct from england

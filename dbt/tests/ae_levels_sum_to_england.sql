-- Months in which regions or providers do not add up to England, in numerator or
-- denominator, what was not collected left out of all.
with
    sums as (
        select
            indicator_id,
            period_end,
            sum(numerator) filter (where organisation_level = 'england') as england,
            sum(numerator) filter (where organisation_level = 'region') as regions,
            sum(numerator) filter (
                where organisation_level in ('trust', 'other_provider')
            ) as providers,
            sum(denominator) filter (
                where organisation_level = 'england'
            ) as england_denominator,
            sum(denominator) filter (
                where
                    organisation_level in ('trust', 'other_provider')
                    and numerator is not null
            ) as providers_denominator
        from {{ ref("int_urgent_care_indicator_value") }}
        where geography_basis = 'as_reported'
        group by indicator_id, period_end
    )

select *
from sums
where
    regions is distinct from england
    or providers is distinct from england
    or england_denominator is distinct from providers_denominator

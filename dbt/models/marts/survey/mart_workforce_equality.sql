-- Grain: organisation x snapshot x indicator x staff scope x group (or pair of
-- groups) x source. Question: do staff of Black and minority ethnic groups, and
-- disabled staff, fare as the others do?
-- Figures from the trusts' returns (source_id WR01) and those that NHS England
-- publishes (nhse_wres, nhse_wdes; England too) stand beside each other: the two are
-- never added together. A relative likelihood has no per cent (a trust's page was seen
-- to print one as 17.16%); type_check says where a ratio lies so far from 1 that the
-- numbers behind it should be read again.
with
    returned as (select * from {{ ref("int_returns__workforce_equality") }}),

    published as (
        select *, '{{ env_var("HIW_ORIGIN") }}' as data_origin
        from {{ ref("int_workforce_equality_published") }}
    ),

    trusts as (select * from {{ ref("dim_trust") }}),

    figures as (
        select *
        from returned
        union all
        select *
        from published
    )

select
    figures.standard,
    figures.organisation_code,
    case
        when figures.organisation_code = 'ENG'
        then 'England'
        else trusts.organisation_name
    end as organisation_name,
    {{ icb_columns("trusts") }},
    trusts.trust_type,
    figures.indicator_no,
    figures.indicator_part,
    figures.indicator_name,
    figures.snapshot_date,
    figures.staff_scope,
    figures.measure_kind,
    figures.unit,
    figures.polarity,
    figures.comparison_group,
    figures.reference_group,
    case
        when figures.unit = 'ratio'
        then
            figures.comparison_group
            || ' compared with '
            || figures.reference_group
            || ': above 1 is against '
            || case figures.standard when 'WRES' then 'BME' else 'DISABLED' end
    end as ratio_direction,
    figures.numerator,
    figures.numerator_status,
    figures.denominator,
    figures.denominator_status,
    figures.value,
    figures.ci_lower_95,
    figures.ci_upper_95,
    figures.value_status,
    figures.value_status_reason,
    case
        when figures.value is null
        then 'not_checked'
        when figures.unit = 'ratio' and (figures.value > 10 or figures.value < 0.1)
        then 'ratio_out_of_range'
        when figures.unit = 'proportion' and figures.value not between 0 and 1
        then 'share_out_of_range'
        else 'ok'
    end as type_check,
    figures.source_id,
    figures.snapshot_date as data_as_of,
    figures.data_origin
from figures
left join trusts on figures.organisation_code = trusts.organisation_code

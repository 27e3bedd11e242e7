"""A rate that a source prints is the value: every printed rate of every source against the published file, row by row.

The clean tables hold what the files print; which indicator a printed row is, is written down here a second time.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from tests.warehouses import Warehouse

MATERNITY = """
    select case base when 'CQIMPreterm' then 'MAT-04' when 'CQIMSmokingDelivery' then 'MAT-05' when 'COC_by_28weeks' then 'MAT-03'
            else case kind when 'Ethnicity' then 'MAT-02' else 'MAT-01' end end as indicator_id, 'crude' as standardisation,
        organisation_code, last_day(period_start) as period_end,
        case kind when 'IMD' then 'imd_decile' when 'Ethnicity' then 'ethnic_group_msds' else 'all' end as dimension,
        case kind when '' then 'all' when 'IMD' then
            case when part like 'Missing%' then 'unknown' else cast(cast(regexp_extract(part, '^[0-9]+') as int) as varchar) end
            else case part when 'White' then 'white' when 'BAME' then 'minority' when 'Other' then 'other' else 'unknown' end end
            as group_code,
        case when base = 'CQIMPreterm' then rate else rate / 100 end as printed
    from (select *, regexp_extract(indicator, '^(.*?)(?:_(IMD|Ethnicity)_(.*))?$', 1) as base,
            regexp_extract(indicator, '_(IMD|Ethnicity)_', 1) as kind,
            regexp_extract(indicator, '_(?:IMD|Ethnicity)_(.*)$', 1) as part from staging.stg_nhse_msds__measures)
    where base in ('CQIMPreterm', 'CQIMSmokingDelivery', 'COC_by_28weeks', 'COC_receiving_ongoing') and denominator > 0
        and organisation_level in ('england', 'region', 'local_maternity_system', 'provider')
"""
AREAS = """
    left join marts.dim_organisation as by_code on printed_row.area_code = by_code.gss_code
        and by_code.organisation_level = printed_row.organisation_level
    left join marts.dim_organisation as by_name on by_name.organisation_level = 'region'
        and printed_row.organisation_level = 'region' and upper(by_name.organisation_name) = upper(printed_row.area_name)
"""
CODE = "coalesce(by_code.organisation_code, by_name.organisation_code, area_code) as organisation_code"
CARDIOVASCULAR = f"""
    select named.indicator_id, standardisation, {CODE}, last_day(period_month) as period_end, dimension, group_code,
        value / 100 as printed
    from staging.stg_cvdprevent__indicator as printed_row
    join (values ('CVDP001HYP', 'HYP-01'), ('CVDP007HYP', 'HYP-03'), ('CVDP003CHOL', 'LIP-01'), ('CVDP009CHOL', 'LIP-02'))
        as named(code, indicator_id) on named.code = printed_row.indicator_code
    {AREAS}
    where sex = 'persons' or dimension = 'sex'
"""
PRINTED = {
    "nhse_msds": (MATERNITY, 0),
    "cvdprevent": (CARDIOVASCULAR, 0.00005),
    "ohid_fingertips": (
        """
        select case indicator_id when 91547 then 'SMK-02' when 200 then 'qof_learning_disability' else 'qof_dementia' end
                as indicator_id, 'crude' as standardisation,
            case area_type when 'England' then 'ENG' else regexp_extract(area_name, ' - ([0-9A-Z]{3,5})$', 1) end
                as organisation_code,
            period_end, 'all' as dimension, 'all' as group_code, value / 100 as printed
        from staging.stg_ohid_fingertips__indicator
        where category_basis = 'none' and sex = 'Persons' and area_type in ('England', 'ICBs', 'ICB sub-locations')
            and age = case indicator_id when 91547 then '15+ yrs' else 'All ages' end
        """,
        0,
    ),
    "ndrs_staging": (
        f"""
        select case standardisation when 'crude' then 'CAN-01' else 'CAN-02' end as indicator_id, standardisation, {CODE},
            period_end, dimension, group_code, arg_max(value, release_year) / 100 as printed
        from (select *, '' as area_name from staging.stg_ndrs_staging__early_diagnosis) as printed_row {AREAS}
        where cancer_group = 'all'
        group by all
        """,
        0.0005,
    ),
    "nhse_mhsds": (
        """
        select case measure_id when 'MHS95a' then 'CYP-MHS95a' when 'MHS95b' then 'CYP-MHS95b' when 'MHS157a' then 'STM-MHS157a'
                else 'STM-MHS157b' end as indicator_id,
            case when measure_id like '%b' then 'age_standardised' else 'crude' end as standardisation,
            organisation_code, period_end, dimension, group_code, value as printed
        from staging.stg_nhse_mhsds__measure
        where measure_id in ('MHS95a', 'MHS95b', 'MHS157a', 'MHS157b')
        """,
        0,
    ),
    "nhse_talking_therapies": (
        """
        select case measure when 'Percentage_Recovery' then 'talking_therapies_recovery'
                when 'Percentage_ReliableImprovement' then 'talking_therapies_improvement' else 'STM-TT' end as indicator_id,
            'crude' as standardisation, organisation_code, last_day(period_start) as period_end,
            case when measure like '%EthnicGroup%' then 'ethnic_group_5_2001' else 'all' end as dimension,
            case when measure like '%EthnicGroup%' then lower(regexp_extract(measure, 'EthnicGroup([A-Z][a-z]+)', 1)) else 'all' end
                as group_code, value / 100 as printed
        from (from staging.stg_nhse_talking_therapies__trust union all by name from staging.stg_nhse_talking_therapies__monthly)
        where regexp_matches(measure, '^Percentage_(Recovery|ReliableImprovement|ReliableRecovery(_EthnicGroup(White|Mixed|Asian|Black|Other)[A-Za-z]*)?)$')
        """,
        0,
    ),
    "rcpch_npda": (
        """
        select case lower(measure) when 'real-time continuous glucose monitoring' then 'CYP-DIA-01a' when 'insulin pump'
                then 'CYP-DIA-01b' else 'CYP-DIA-02' end as indicator_id, 'crude' as standardisation, organisation_code,
            cast(period_start + interval 1 year - interval 1 day as date) as period_end, dimension, group_code,
            value / 100 as printed
        from staging.stg_rcpch_npda__measure
        where (diabetes_type, lower(measure)) in (('type_1', 'real-time continuous glucose monitoring'), ('type_1', 'insulin pump'),
            ('type_2', 'all key health checks'))
        """,
        0.0005,
    ),
    "rcpch_epilepsy12": (
        """
        select 'CYP-EPI-01' as indicator_id, 'crude' as standardisation, organisation_code,
            cast(period_start + interval 1 year - interval 1 day as date) as period_end, dimension, group_code,
            value / 100 as printed
        from staging.stg_rcpch_epilepsy12__measure
        where lower(measure) = 'input by an epilepsy specialist nurse in the first year of care'
        """,
        0.0005,
    ),
}
"""Source -> what it prints, in the indicator's unit, and how far a value of exact counts may lie from it: half the last digit."""
OF_THE_MIRROR = {
    "nhse_msds": 4500,
    "ohid_fingertips": 300,
    "cvdprevent": 40,
    "nhse_talking_therapies": 800,
}
"""Sources of which the mirror holds printed rates that reach the facts, and the fewest of them that must."""


def _compared(warehouse: Warehouse, source: str) -> tuple[int, int, list[Any]]:
    """Printed rates of the source, how many of them are published figures, and those that differ."""
    printed, tolerance = PRINTED[source]
    lake = Lake(warehouse.lake)
    connection = duckdb.connect(config={"file_search_path": str(lake.build)})
    connection.execute(f"attach '{lake.warehouse}' as warehouse (read_only)")
    connection.execute("use warehouse")
    rows = connection.execute(
        f"""
        select printed_rate.*, figure.value, figure.value_basis
        from ({printed}) as printed_rate
        join marts.fct_indicator_value as figure
            using (indicator_id, standardisation, organisation_code, period_end, dimension, group_code)
        where figure.geography_basis = 'as_reported' and figure.value is not null and printed is not null
        """
    ).fetchall()
    all_printed = connection.execute(f"select count(*) from ({printed}) where printed is not null").fetchone()
    assert all_printed is not None
    wrong = [row for row in rows if abs(row[-2] - row[-3]) > (tolerance if row[-1] == "counts" else 0) + 1e-9]
    return all_printed[0], len(rows), wrong


@pytest.mark.parametrize("source", PRINTED)
def test_every_rate_that_the_sample_prints_is_the_value(sample_warehouse: Warehouse, source: str) -> None:
    printed, compared, wrong = _compared(sample_warehouse, source)
    assert not wrong, f"{len(wrong)} of {compared}: {wrong[:5]}"
    assert compared > 0 and printed >= compared


@pytest.mark.requires_mirror
@pytest.mark.parametrize("source", OF_THE_MIRROR)
def test_every_rate_that_a_real_file_prints_is_the_value(mirror_warehouse: Warehouse, source: str) -> None:
    _, compared, wrong = _compared(mirror_warehouse, source)
    assert not wrong, f"{len(wrong)} of {compared}: {wrong[:5]}"
    assert compared >= OF_THE_MIRROR[source]


@pytest.mark.requires_mirror
def test_preterm_births_of_a_trust_are_the_printed_ones_with_limits_that_hold_the_rounding(
    mirror_warehouse: Warehouse,
) -> None:
    """RJR: 10 of 135, so 8 to 12 of 133 to 137. Byar of 12 and exact Poisson of 8 are 20.963 and 3.4538 (scipy.stats.chi2)."""
    (found,) = mirror_warehouse.query(
        "select value, numerator, denominator, ci_lower_95, ci_upper_95 from fct_indicator_value where indicator_id = 'MAT-04' "
        "and organisation_code = 'RJR' and geography_basis = 'as_reported'"
    )
    assert found == (
        60,
        10,
        135,
        pytest.approx(1000 * 3.4538 / 137, abs=0.01),
        pytest.approx(1000 * 20.963 / 133, abs=0.01),
    )


@pytest.mark.parametrize("standardisation", ["crude", "age_standardised"])
def test_a_gap_is_the_difference_of_the_two_values_everywhere(
    sample_warehouse: Warehouse, standardisation: str
) -> None:
    """So are gaps of rates printed beside rounded counts, which once came from the counts."""
    differ, gaps = sample_warehouse.query(
        f"""
        select count(*) filter (where abs(value - (comparison_value - reference_value)) > 1e-9), count(*)
        from fct_inequality_measure
        where measure = 'absolute_gap' and value is not null and standardisation = '{standardisation}'
        """
    )[0]
    assert differ == 0 and gaps > 0

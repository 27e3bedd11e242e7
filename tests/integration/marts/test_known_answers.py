"""Figures of the published file that are known from elsewhere: the publishers' own headlines, or the raw files read with Python's csv.

Every entry is (name, query of one cell, expected, tolerance); a tolerance of 0 means equal. None of the numbers was taken from a
build of this warehouse.
"""

from __future__ import annotations

from typing import Any

import pytest

Answer = tuple[str, str, float, float]


def _figure(indicator: str, column: str, where: str, basis: str = "as_reported") -> str:
    return (
        f"select {column} from fct_indicator_value where indicator_id = '{indicator}' and treatment_function_code = 'all' "
        f"and geography_basis = '{basis}' and {where}"
    )


def _rtt(indicator: str, column: str, where: str = "organisation_code = 'ENG'", basis: str = "as_reported") -> str:
    return _figure(f"rtt_{indicator}", column, f"{where} and period_end = date '2026-01-31'", basis)


def _wlmds(indicator: str, column: str, where: str) -> str:
    return _figure(f"wlmds_{indicator}", column, f"{where} and period_end = date '2025-06-29'")


def _ae(indicator: str, column: str, month_end: str) -> str:
    where = f"organisation_code = 'ENG' and period_end = date '{month_end}'"
    return _figure(f"ae_{indicator}", column, where)


def _hidden(metric: str, band: str, column: str) -> str:
    return (
        f"select {column} from mart_data_quality where measure = 'suppressed_share' and field_name = '{metric}' "
        f"and waiting_band = '{band}' and organisation_code = 'all' and organisation_level = 'trust' "
        "and period_end = date '2025-06-29'"
    )


def _sex_total(level: str) -> str:
    where = f"organisation_level = '{level}' and dimension = 'sex'"
    return _wlmds("waiting", "sum(numerator)", where)


_SECTOR_GAP = "select value from mart_sector_gap where measure = '{column}' and indicator_id = 'wlmds_within_18_weeks' and period_end = date '2025-06-29'"
ENG_DECILE = "organisation_code = 'ENG' and dimension = 'imd_decile' and group_code = "
NO_CURRENT_ROW = (
    "select count(*) from fct_indicator_value where geography_basis = 'current' and organisation_code = '{code}'"
)

# RTT, January 2026: the zip's CSV summed with Python's csv (Part_2, C_999 rows, 105 bands).
RTT: list[Answer] = [
    ("waiting list", _rtt("waiting", "value"), 7_187_677, 0),
    ("waiting list on current geography", _rtt("waiting", "value", basis="current"), 7_187_677, 0),
    ("within 18 weeks", _rtt("within_18_weeks", "100 * value"), 61.385, 0.0005),
    ("within 18 weeks, numerator", _rtt("within_18_weeks", "numerator"), 4_412_147, 0),
    ("over 52 weeks", _rtt("over_52_weeks", "numerator"), 137_320, 0),
    ("over 65 weeks", _rtt("over_65_weeks", "numerator"), 9_522, 0),
    ("over 78 weeks", _rtt("over_78_weeks", "numerator"), 2_947, 0),
    # Sheffield Teaching Hospitals (RHQ) has no line in the extract, although it is in the WLMDS.
    ("trusts without a row", _rtt("waiting", "organisations_missing"), 1, 0),
    (
        "trusts without a row in South Yorkshire",
        _rtt("waiting", "organisations_missing", "organisation_code = 'QF7'"),
        1,
        0,
    ),
    ("trusts without a row in Manchester", _rtt("waiting", "organisations_missing", "organisation_code = 'QOP'"), 0, 0),
    ("sum of regions", _rtt("waiting", "sum(value)", "organisation_level = 'region'"), 7_187_677, 0),
    ("sum of ICBs", _rtt("waiting", "sum(value)", "organisation_level = 'icb'"), 7_187_677, 0),
    ("ICBs as reported", _rtt("waiting", "count(*)", "organisation_level = 'icb'"), 42, 0),
    ("ICBs of today", _rtt("waiting", "count(*)", "organisation_level = 'icb'", "current"), 36, 0),
    (
        "sum of all providers",
        _rtt("waiting", "sum(value)", "organisation_level in ('trust', 'other_provider')"),
        7_187_677,
        0,
    ),
    ("Greater Manchester ICB", _rtt("waiting", "value", "organisation_code = 'QOP'"), 484_143, 0),
    ("University Hospitals Birmingham", _rtt("waiting", "value", "organisation_code = 'RRK'"), 93_311, 0),
    ("Birmingham over 52 weeks", _rtt("over_52_weeks", "numerator", "organisation_code = 'RRK'"), 734, 0),
    (
        "trauma and orthopaedics",
        "select value from mart_waiting_list where indicator_id = 'rtt_waiting' and organisation_code = 'ENG' "
        "and treatment_function_code = 'C_110'",
        845_246,
        0,
    ),
    (
        "sum of treatment functions, C_999 not among them",
        "select sum(value) from mart_waiting_list where indicator_id = 'rtt_waiting' and organisation_code = 'ENG' "
        "and treatment_function_code <> 'all'",
        7_187_677,
        0,
    ),
]

# WLMDS, 29 June 2025: cells of the geography CSV read with Python's csv. Shares are of the three bands, without unknown clock starts.
WLMDS: list[Answer] = [
    (
        "over 52 weeks, most deprived tenth",
        _wlmds("over_52_weeks", "round(100 * value, 1)", ENG_DECILE + "'1'"),
        3.1,
        0,
    ),
    (
        "over 52 weeks, least deprived tenth",
        _wlmds("over_52_weeks", "round(100 * value, 1)", ENG_DECILE + "'10'"),
        2.7,
        0,
    ),
    (
        "over 52 weeks, Core20",
        _wlmds("over_52_weeks", "value", "organisation_code = 'ENG' and group_code = 'core20'"),
        (22_910 + 21_390) / (438_135 + 280_825 + 22_910 + 447_000 + 279_065 + 21_390),
        1e-12,
    ),
    (
        "gap of the tenths",
        "select value from fct_inequality_measure where indicator_id = 'wlmds_over_52_weeks' and organisation_code = 'ENG' "
        "and treatment_function_code = 'all' and dimension = 'imd_decile' and measure = 'absolute_gap' "
        "and geography_basis = 'current' and period_end = date '2025-06-29'",
        22_910 / (438_135 + 280_825 + 22_910) - 16_670 / (378_945 + 227_050 + 16_670),
        1e-12,
    ),
    (
        "over 52 weeks, Bangladeshi",
        _wlmds(
            "over_52_weeks", "value", "organisation_code = 'ENG' and dimension = 'ethnic_group' and group_code = 'K'"
        ),
        2_250 / (40_570 + 27_045 + 2_250),
        1e-12,
    ),
    ("own denominator of deprivation", _wlmds("waiting", "sum(value)", ENG_DECILE + "group_code"), 7_088_955, 0),
    (
        "own denominator of sex",
        _wlmds("waiting", "sum(value)", "organisation_code = 'ENG' and dimension = 'sex'"),
        6_855_290,
        0,
    ),
    (
        "own denominator of age",
        _wlmds("waiting", "sum(value)", "organisation_code = 'ENG' and dimension = 'age_band'"),
        7_201_115,
        0,
    ),
    (
        "own denominator of ethnicity",
        _wlmds("waiting", "sum(value)", "organisation_code = 'ENG' and dimension = 'ethnic_group'"),
        7_321_885,
        0,
    ),
    (
        "not stated and not known, England",
        "select sum(numerator) from mart_data_quality where measure in ('not_stated_share', 'not_known_share') "
        "and organisation_code = 'ENG' and period_end = date '2025-06-29'",
        566_480,
        0,
    ),
    (
        "clock start not known, most deprived tenth",
        "select unknown_clock_start_share from mart_waiting_list where indicator_id = 'wlmds_over_52_weeks' and organisation_code = 'ENG' "
        "and treatment_function_code = 'all' and dimension = 'imd_decile' and group_code = '1' and geography_basis = 'current' "
        "and period_end = date '2025-06-29'",
        520 / 742_390,
        1e-12,
    ),
    (
        "gap of Core20 within 18 weeks, NHS acute providers of England",
        _SECTOR_GAP.format(column="nhs_acute_gap"),
        -0.0063047,
        1e-7,
    ),
    ("gap of Core20 within 18 weeks, all sectors", _SECTOR_GAP.format(column="england_gap"), -0.0080734, 1e-7),
    ("its part within the sectors", _SECTOR_GAP.format(column="gap_within_sectors"), -0.0058222, 1e-7),
    ("its part from who is treated where", _SECTOR_GAP.format(column="gap_from_sector_mix"), -0.0022511, 1e-7),
    ("of it from the independent sector", _SECTOR_GAP.format(column="gap_from_independent_sector"), -0.0020695, 1e-7),
    (
        # 4,000 draws of pathways into sectors and waits by numpy
        "half the width of its 95% limits",
        _SECTOR_GAP.format(column="gap_from_independent_sector").replace(
            "select value", "select (ci_upper_95 - ci_lower_95) / 2"
        ),
        6.03e-5,
        1.5e-6,
    ),
    ("Core20 in the independent sector", _SECTOR_GAP.format(column="core20_independent_share"), 0.0386319, 1e-7),
    ("the rest in the independent sector", _SECTOR_GAP.format(column="rest_independent_share"), 0.0525804, 1e-7),
    (
        "trusts stand beside NHS acute providers of England",
        "select count(*) from mart_waiting_list as t join mart_waiting_list as e using (indicator_id, period_end, dimension, "
        "group_code) where e.organisation_code = 'ENG_NHS_ACUTE' and t.source_id = 'nhse_wlmds' "
        "and t.organisation_level in ('trust', 'icb', 'region') and t.england_value is distinct from e.value",
        0,
        0,
    ),
    ("sex, sum of trusts", _sex_total("trust"), 6_465_000, 0),
    ("sex, sum of ICBs", _sex_total("icb"), 6_464_930, 0),
    ("sex, sum of regions", _sex_total("region"), 6_464_945, 0),
    ("hidden, ethnicity over 52 weeks", _hidden("ethnicity", "weeks_over_52", "value"), 819 / 1_927, 1e-12),
    ("hidden, deprivation over 52 weeks", _hidden("imd", "weeks_over_52", "value"), 132 / 1_264, 1e-12),
    ("hidden, age over 52 weeks", _hidden("age", "weeks_over_52", "value"), 18 / 378, 1e-12),
    ("hidden, ethnicity 18 to 52 weeks", _hidden("ethnicity", "weeks_18_52", "value"), 130 / 2_315, 1e-12),
]

# A&E: provider rows of two months' CSVs summed with Python's csv, field test trusts left out by their codes in January 2022.
AE: list[Answer] = [
    ("attendances, January 2022", _ae("attendances", "value", "2022-01-31"), 1_875_202, 0),
    ("attendances, February 2026", _ae("attendances", "value", "2026-02-28"), 2_117_450, 0),
    ("four-hour numerator, January 2022", _ae("four_hour_all", "numerator", "2022-01-31"), 1_239_427, 0),
    ("four-hour denominator, January 2022", _ae("four_hour_all", "denominator", "2022-01-31"), 1_667_031, 0),
    ("left out, January 2022", _ae("four_hour_all", "organisations_missing", "2022-01-31"), 14, 0),
    ("left out, February 2026", _ae("four_hour_all", "organisations_missing", "2026-02-28"), 0, 0),
    # AD913, NNJ, RNU and RWX have rows in July and October 2022 and none in August (read with csv).
    ("without a row, August 2022", _ae("attendances", "organisations_missing", "2022-08-31"), 4, 0),
    ("left out or without a row, August 2022", _ae("four_hour_all", "organisations_missing", "2022-08-31"), 18, 0),
    ("four-hour share, February 2026", _ae("four_hour_all", "value", "2026-02-28"), 1_568_084 / 2_117_450, 1e-12),
    ("12 hours from the decision", _ae("over_12_hours_from_decision", "numerator", "2026-02-28"), 54_649, 0),
    ("admissions by way of A&E", _ae("over_12_hours_from_decision", "denominator", "2026-02-28"), 361_930, 0),
    ("emergency admissions, January 2022", _ae("emergency_admissions", "value", "2022-01-31"), 484_952, 0),
    (
        "trusts that did not report four-hour waits",
        "select count(distinct organisation_code) from mart_as_reported where source_id = 'nhse_ae' "
        "and value_status = 'not_collected' and organisation_level = 'trust'",
        14,
        0,
    ),
    (
        "values of what was not collected",
        "select count(value) from mart_urgent_care where value_status = 'not_collected'",
        0,
        0,
    ),
    ("RW6 was divided and has no current row", NO_CURRENT_ROW.format(code="RW6"), 0, 0),
]


def _appointments(code: str, column: str = "value") -> str:
    return f"select {column} from mart_outpatients where indicator_id = 'op_appointments_standardised' and organisation_code = '{code}'"


# Outpatients of 2020-21: the CCG rows of the MAR file, the ages of the open data file, Census TS007A and the look-up of April 2024, by Python's csv.
OUTPATIENTS: list[Answer] = [
    ("appointments for every 1,000 people of England", _appointments("ENG"), 1464.6138205, 1e-6),
    ("Norfolk and Waveney, which is one CCG", _appointments("QMM", "numerator"), 1_161_220, 0),
    ("its residents at England's rates by age", _appointments("QMM", "denominator"), 1_114_992.5874301, 1e-6),
    ("standardised", _appointments("QMM"), 1041.4598385, 1e-6),
    ("boards with a rate; of one a trust sent little", _appointments("QSL", "(select count(value) from mart_outpatients "
     "where indicator_id = 'op_appointments_standardised' and organisation_level = 'icb') - count(value)"), 41, 0),
]  # fmt: skip
KNOWN_ANSWERS = [*RTT, *WLMDS, *AE, *OUTPATIENTS]


@pytest.mark.requires_mirror
@pytest.mark.parametrize(("name", "query", "expected", "tolerance"), KNOWN_ANSWERS, ids=[a[0] for a in KNOWN_ANSWERS])
def test_published_figure_is_the_known_one(
    mirror_warehouse: Any, name: str, query: str, expected: float, tolerance: float
) -> None:
    found = mirror_warehouse.one(query)
    assert found is not None, f"{name}: no figure"
    assert found == pytest.approx(expected, abs=tolerance, rel=0)

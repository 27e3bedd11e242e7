"""CVDPREVENT of March 2026 and COVER in the published file: the publishers' own figures, England."""

from __future__ import annotations

import pytest

from tests.warehouses import Warehouse

pytestmark = pytest.mark.requires_mirror
ENGLAND = "from fct_indicator_value where organisation_code = 'ENG' and geography_basis = 'current' "


@pytest.mark.parametrize(
    ("dimension", "group", "standardisation", "percent", "lower", "upper"),
    [
        ("all", "all", "crude", 18.66, 18.65, 18.67),
        ("all", "all", "age_standardised", 19.53, 19.52, 19.54),
        ("imd_quintile", "1", "crude", 18.15, 18.12, 18.17),
        ("imd_quintile", "5", "crude", 20.9, 20.88, 20.93),
        ("imd_quintile", "1", "age_standardised", 24.02, 23.99, 24.06),
        ("imd_quintile", "5", "age_standardised", 17.55, 17.53, 17.58),
        ("core20", "core20", "age_standardised", 24.02, 23.99, 24.06),
    ],
)
def test_hypertension_is_the_publishers_figure_crude_and_standardised(
    mirror_warehouse: Warehouse,
    dimension: str,
    group: str,
    standardisation: str,
    percent: float,
    lower: float,
    upper: float,
) -> None:
    ((value, low, high),) = mirror_warehouse.query(
        f"select round(100 * value, 2), round(100 * ci_lower_95, 2), round(100 * ci_upper_95, 2) {ENGLAND} and indicator_id = 'HYP-01' "
        f"and dimension = '{dimension}' and group_code = '{group}' and standardisation = '{standardisation}' "
        "and period_end = date '2026-03-31'"
    )
    assert (value, low, high) == pytest.approx((percent, lower, upper), abs=0.0051)


def test_exact_counts_of_england_carry_its_crude_figures(mirror_warehouse: Warehouse) -> None:
    query = f"select numerator, denominator {ENGLAND} and indicator_id = '{{}}' and dimension = 'all' and standardisation = 'crude'"
    assert mirror_warehouse.query(query.format("HYP-01")) == [(9_467_291, 50_732_999)]
    assert mirror_warehouse.query(query.format("LIP-02")) == [(2_502_655, 2_905_745)]


def test_the_gap_of_hypertension_turns_round_when_ages_are_made_alike(mirror_warehouse: Warehouse) -> None:
    """Crude the most deprived fifth has 2.75 points fewer than the least (18.15 and 20.90), at like ages 6.47 more (24.02 and 17.55)."""
    rows = mirror_warehouse.query(
        "select standardisation, round(100 * value, 2), ci_lower_95 > 0, ci_upper_95 < 0 from fct_inequality_measure "
        "where indicator_id = 'HYP-01' and organisation_code = 'ENG' and geography_basis = 'current' and dimension = 'imd_quintile' "
        "and measure = 'absolute_gap' and reference_group = '5' order by 1"
    )
    assert [row[0] for row in rows] == ["age_standardised", "crude"]
    assert rows[0][1:] == (pytest.approx(6.47, abs=0.011), True, False)
    assert rows[1][1:] == (pytest.approx(100 * (1786364 / 9844678 - 1882388 / 9005920), abs=0.0051), False, True)


def test_crude_and_standardised_hypertension_stand_side_by_side_in_core20plus5(mirror_warehouse: Warehouse) -> None:
    rows = mirror_warehouse.query(
        "select standardisation, round(100 * core20_value, 1), round(100 * all_value, 1) from mart_core20plus5_adults "
        "where indicator_id = 'HYP-01' and organisation_code = 'ENG' order by 1"
    )
    assert rows == [("age_standardised", 24.0, 19.5), ("crude", 18.1, 18.7)]


@pytest.mark.parametrize(
    ("dimension", "group", "percent"),
    [
        ("all", "all", 86.13),
        ("imd_quintile", "1", 87.7),
        ("imd_quintile", "5", 85.41),
        ("severe_mental_illness", "with", 83.57),
        ("severe_mental_illness", "without", 86.17),
        ("learning_disability", "with", 82.34),
        ("learning_disability", "without", 86.14),
        ("ethnic_group_5", "asian", 90.32),
        ("ethnic_group_5", "black", 81.47),
        ("ethnic_group_5", "not_known", 81.83),
        ("ethnic_group_5", "not_stated", 82.72),
    ],
)
def test_lipid_therapy_by_group(mirror_warehouse: Warehouse, dimension: str, group: str, percent: float) -> None:
    value = mirror_warehouse.one(
        f"select round(100 * value, 2) {ENGLAND} and indicator_id = 'LIP-02' and dimension = '{dimension}' and group_code = '{group}'"
    )
    assert value == pytest.approx(percent, abs=0.0051)


def test_gaps_of_the_plus_groups_are_measured(mirror_warehouse: Warehouse) -> None:
    """83.57 against 86.17 and 82.34 against 86.14 per cent: both gaps are more than chance."""
    rows = mirror_warehouse.query(
        "select dimension, round(100 * value, 1), ci_upper_95 < 0 from fct_inequality_measure where indicator_id = 'LIP-02' "
        "and organisation_code = 'ENG' and geography_basis = 'current' and measure = 'absolute_gap' and comparison_group = 'with' order by 1"
    )
    assert rows == [("learning_disability", -3.8, True), ("severe_mental_illness", -2.6, True)]


INDICATORS = ("COVER-12M-HEX", "COVER-12M-PCV1", "COVER-24M-MMR1", "COVER-5Y-MMR1", "COVER-5Y-MMR2")
GOLDEN = {
    "2025-03-31": ((129557, 141662, 91.46), (132034, 141662, 93.2), (124442, 140200, 88.76), (144896, 156828, 92.39), (132576, 156828, 84.54)),
    "2024-09-30": ((132438, 146046, 90.68), (135509, 146046, 92.79), (137436, 154848, 88.76), (158048, 173006, 91.35), (144253, 173006, 83.38)),
    "2024-06-30": ((128526, 141199, 91.02), (131474, 141199, 93.11), (131683, 147569, 89.23), (150545, 164172, 91.7), (137277, 164172, 83.62)),
    "2024-03-31": ((126573, 138882, 91.14), (129475, 138882, 93.23), (129147, 145584, 88.71), (145957, 158469, 92.1), (134246, 158469, 84.71)),
    "2022-03-31": ((129203, 140604, 91.89), (132371, 140604, 94.14), (132265, 147510, 89.67), (152126, 162668, 93.52), (139771, 162668, 85.92)),
}  # fmt: skip


@pytest.mark.parametrize("period_end", GOLDEN)
def test_childhood_vaccines_of_england(mirror_warehouse: Warehouse, period_end: str) -> None:
    rows = mirror_warehouse.query(
        f"select numerator, denominator, round(100 * value, 2) {ENGLAND} and indicator_id in {INDICATORS} "
        f"and period_end = date '{period_end}' order by indicator_id"
    )
    assert tuple(rows) == GOLDEN[period_end]


def test_england_has_no_sum_where_14_authorities_are_left_out_and_says_how_many(mirror_warehouse: Warehouse) -> None:
    rows = mirror_warehouse.query(
        f"select period_end::varchar, value_status, value is null, organisations_missing {ENGLAND} and indicator_id = 'COVER-24M-MMR1' "
        "and (period_end = date '2024-12-31' or organisations_missing > 0) order by 1"
    )
    assert rows == [
        ("2019-06-30", "published", False, 1),
        ("2024-12-31", "not_available", True, 14),
        ("2025-03-31", "published", False, 1),
    ]

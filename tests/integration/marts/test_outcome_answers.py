"""Figures of the outcome sources in the published file: known answers of the real files, and levels that are true."""

from __future__ import annotations

import pytest

from dagster_project.sample import nhse_smi, ohid_dental_extractions, ohid_fingertips
from dagster_project.sample.estate import DEFAULT_SEED
from tests.warehouses import Warehouse

SOURCES = "('nhse_msds', 'nhse_smi', 'ohid_fingertips', 'ohid_dental_extractions', 'nhse_talking_therapies')"
ENGLAND = "from fct_indicator_value where organisation_code = 'ENG' and geography_basis = 'current' and "
LEVELS = {
    "nhse_msds": {"england", "region", "icb", "sub_icb", "trust"},
    "nhse_smi": {"england", "icb", "sub_icb"},
    "ohid_fingertips": {"england", "icb", "sub_icb"},
    "ohid_dental_extractions": {"england"},
    "nhse_talking_therapies": {"england", "trust"},
}
"""Levels that each source truly has; only maternity and Talking Therapies have trusts."""


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("indicator", "group", "numerator", "denominator", "percent"),
    [
        ("MAT-03", "core20", 1_835, 10_850, 16.91),
        ("MAT-03", "rest", 5_430, 31_605, 17.18),
        ("MAT-01", "core20", 100, 8_205, 1.22),
        ("MAT-01", "rest", 240, 24_720, 0.97),
    ],
)
def test_continuity_of_carer_of_april_2025(
    mirror_warehouse: Warehouse, indicator: str, group: str, numerator: int, denominator: int, percent: float
) -> None:
    query = f"select numerator, denominator, round(100 * value, 2), numerator_low < numerator {ENGLAND}"
    condition = f"indicator_id = '{indicator}' and dimension = 'core20' and group_code = '{group}'"
    assert mirror_warehouse.query(query + condition) == [(numerator, denominator, percent, True)]


@pytest.mark.requires_mirror
def test_a_quarter_of_bookings_of_march_2025_are_in_core20(mirror_warehouse: Warehouse) -> None:
    query = f"select group_code, numerator {ENGLAND} indicator_id = 'maternity_bookings' and dimension = 'core20'"
    counts = dict(mirror_warehouse.query(query))
    assert (counts["core20"], counts["core20"] + counts["rest"]) == (13_370, 53_470)
    known = mirror_warehouse.query(f"select denominator - numerator, denominator {ENGLAND} indicator_id = 'DQ-01'")
    assert known == [(1_885, 53_880)]


@pytest.mark.requires_mirror
def test_checks_in_severe_mental_illness(mirror_warehouse: Warehouse) -> None:
    days = "period_end in (date '2019-06-30', date '2020-03-31', date '2024-03-31')"
    assert mirror_warehouse.query(
        f"select period_end::varchar, numerator, denominator, round(100 * value, 1), organisations_missing {ENGLAND} "
        f"indicator_id = 'SMI-01' and {days} order by 1"
    ) == [
        ("2019-06-30", 144_160, 489_185, 29.5, 13),
        ("2020-03-31", 159_312, 444_972, 35.8, 30),
        ("2024-03-31", 361_210, 527_556, 68.5, 0),
    ]


@pytest.mark.requires_mirror
def test_a_trust_has_a_rate_only_where_the_result_is_pass(mirror_warehouse: Warehouse) -> None:
    """103 of 119 passed for placement by 28 weeks, 78 for ongoing continuity; breakdowns follow their measure."""
    trusts = "organisation_level = 'trust' and geography_basis = 'as_reported'"
    assert mirror_warehouse.query(
        "select indicator_id, dimension, count(distinct organisation_code) from fct_indicator_value "
        f"where {trusts} and indicator_id in ('MAT-01', 'MAT-03') and dimension in ('all', 'core20') "
        "and value_status in ('published', 'not_applicable') group by all order by all"
    ) == [("MAT-01", "all", 78), ("MAT-01", "core20", 78), ("MAT-03", "all", 103), ("MAT-03", "core20", 103)]


@pytest.mark.requires_mirror
def test_levels_of_the_real_files_are_true(mirror_warehouse: Warehouse) -> None:
    _require_true_levels(mirror_warehouse)


def test_levels_of_the_sample_are_true(sample_warehouse: Warehouse) -> None:
    _require_true_levels(sample_warehouse)


def _require_true_levels(warehouse: Warehouse) -> None:
    rows = warehouse.query(
        f"select distinct source_id, organisation_level from fct_indicator_value where source_id in {SOURCES}"
    )
    assert {source for source, _ in rows} == set(LEVELS)
    assert [row for row in rows if row[1] not in LEVELS[row[0]]] == []


def test_planted_answers_come_out(sample_warehouse: Warehouse) -> None:
    def one(condition: str) -> tuple[float, ...]:
        (row,) = sample_warehouse.query(f"select numerator, denominator {ENGLAND}{condition}")
        return row

    assert one("indicator_id = 'SMK-02' and period_end = date '2024-03-31'") == ohid_fingertips.england_counts(
        DEFAULT_SEED, "91547", 2023
    )
    period = "SMI-Q4-2023-2024"
    parts = [
        nhse_smi.counts(DEFAULT_SEED, period, code, nhse_smi.SHARES[period]) for code in nhse_smi.commissioners(period)
    ]
    assert one("indicator_id = 'SMI-01' and period_end = date '2024-03-31'") == (
        sum(part[1] for part in parts),
        sum(part[0] for part in parts),
    )
    children, decay = ohid_dental_extractions.quintiles(DEFAULT_SEED)[0]
    assert one("indicator_id = 'dental_decay_0_19' and dimension = 'core20' and group_code = 'core20'") == (
        decay,
        children,
    )

"""Figures with hidden counts: their bounds, worked out again by trying every count that may have been hidden."""

from __future__ import annotations

from itertools import product

import duckdb
import pytest

from dagster_project.contracts.suite import load_marts
from dagster_project.quality.runner import run_suite
from tests.warehouses import Warehouse

FEWEST = 50
RANGE = 6
"""A hidden count is 1 to 7."""


def test_bounds_of_a_value_are_the_counts_of_its_own_row_and_pin_no_hidden_count(sample_warehouse: Warehouse) -> None:
    """Nothing new is disclosed: both ends follow from three numbers of the row that stood there before."""
    rows = sample_warehouse.query(
        "select numerator_low, numerator_high, denominator, value_low, value_high, value from fct_indicator_value "
        "where value_status = 'bounded' and indicator_id = 'wlmds_over_52_weeks'"
    )
    assert len(rows) > FEWEST
    for low, high, people, value_low, value_high, value in rows:
        assert value is None
        assert high - low >= RANGE
        assert (value_low, value_high) == pytest.approx((low / people, min(high, people) / people), rel=1e-12)


def test_bounds_of_a_gap_are_its_least_and_most_over_every_count_that_may_be_hidden(
    sample_warehouse: Warehouse,
) -> None:
    rows = sample_warehouse.query(
        """
        select m.measure, m.value_low, m.value_high, coalesce(c.numerator, c.numerator_low), coalesce(c.numerator, c.numerator_high), c.denominator,
            coalesce(r.numerator, r.numerator_low), coalesce(r.numerator, r.numerator_high), r.denominator
        from fct_inequality_measure as m
        join fct_indicator_value as c using (indicator_id, organisation_code, treatment_function_code, period_start, period_end, geography_basis, standardisation, dimension)
        join fct_indicator_value as r using (indicator_id, organisation_code, treatment_function_code, period_start, period_end, geography_basis, standardisation, dimension)
        where m.value_status = 'bounded' and m.indicator_id = 'wlmds_over_52_weeks' and m.comparison_group = c.group_code and m.reference_group = r.group_code
        order by hash(m.organisation_code, m.comparison_group, m.measure, m.reference_group) limit 400
        """
    )
    assert len({row[0] for row in rows}) == 2
    assert len(rows) > FEWEST
    for measure, low, high, *counts in rows:
        first, last, people, reference_first, reference_last, reference_people = map(int, counts)
        pairs = product(
            range(first, min(last, people) + 1), range(reference_first, min(reference_last, reference_people) + 1)
        )
        shares = [(hidden / people, reference / reference_people) for hidden, reference in pairs]
        found = [a - b if measure == "absolute_gap" else a / b for a, b in shares]
        assert (low, high) == pytest.approx((min(found), max(found)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("where", "low", "high", "refused"),
    [
        # hidden counts of MHSDS are 0 to 4, of every other source 1 to 7
        ("indicator_id = 'MHS81' and organisation_level = 'icb'", 0, 4, False),
        ("indicator_id = 'MHS81' and organisation_level = 'icb'", 1, 4, True),
        ("indicator_id = 'op_did_not_attend' and organisation_level = 'trust'", 1, 7, False),
        ("indicator_id = 'op_did_not_attend' and organisation_level = 'trust'", 2, 7, True),
    ],
)
def test_the_gate_lets_every_hidden_count_through_and_no_narrower_one(
    sample_warehouse: Warehouse, where: str, low: int, high: int, refused: bool
) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_warehouse.lake / 'published' / 'marts.duckdb'}' as published (read_only)")
        con.execute("create table planted as from published.main.fct_indicator_value")
        con.execute(
            "update planted set value_status = 'bounded', numerator = null, value = null, ci_lower_95 = null, ci_upper_95 = null, "
            f"numerator_low = {low}, numerator_high = {high}, value_low = {low}, value_high = {high} where rowid = "
            f"(select min(rowid) from planted where {where} and value_status = 'published' and geography_basis = 'current')"
        )
        outcomes = run_suite(con, load_marts()["fct_indicator_value"], "from planted", made_of_returns=False)
    faults = [one.sentence for one in outcomes if not one.passed and one.severity == "critical"]
    assert [sentence for sentence in faults if "hidden_counts_known" not in sentence] == []
    assert bool(faults) is refused

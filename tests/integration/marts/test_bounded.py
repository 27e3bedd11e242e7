"""Figures with hidden counts: their bounds, worked out again by trying every count that may have been hidden."""

from __future__ import annotations

import math
from itertools import product

import duckdb
import pytest
from scipy.stats import chi2_contingency, norm

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


def _p_value(events: float, people: float, of: float, of_people: float, rounding: float) -> tuple[float, float]:
    """Signed deviate and two-sided p of the G test, with the variance of rounding in the standard error that it implies."""
    gap = events / people - of / of_people
    table = [[events, people - events], [of, of_people - of]]
    g = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    deviate = 0.0 if gap == 0 else math.copysign(1, gap) / math.sqrt(1 / g + rounding / gap**2)
    return deviate, 2 * float(norm.sf(abs(deviate)))


def test_a_priority_with_a_hidden_count_stands_whatever_the_count_is(sample_warehouse: Warehouse) -> None:
    """p is no smaller than that of any count that may be hidden, and the excess lies between those of all of them."""
    rows = sample_warehouse.query(
        """
        select p.dimension, p.priority_status, p.p_value, p.q_value, p.excess_count_low, p.excess_count_high,
            coalesce(c.numerator, c.numerator_low), coalesce(c.numerator, c.numerator_high), c.denominator,
            coalesce(r.numerator, r.numerator_low), coalesce(r.numerator, r.numerator_high), r.denominator
        from mart_priorities as p
        join fct_indicator_value as c using (indicator_id, organisation_code, period_end, dimension, group_code)
        join fct_indicator_value as r using (indicator_id, organisation_code, period_end, dimension)
        where p.value_status = 'bounded' and p.indicator_id = 'wlmds_over_52_weeks' and p.excess_count is null
            and r.group_code = p.reference_group and c.geography_basis = 'current' and r.geography_basis = 'current'
            and c.treatment_function_code = 'all' and r.treatment_function_code = 'all'
        order by hash(p.organisation_code, p.group_code) limit 200
        """
    )
    assert len(rows) > FEWEST
    for dimension, status, p_value, q_value, low, high, *counts in rows:
        first, last, people, of_first, of_last, of_people = map(float, counts)
        cells = 2 if dimension == "imd_quintile" else 1
        rounding = sum(2 * cells * (1 + (x / n) ** 2) / n**2 for x, n in ((first, people), (of_first, of_people)))
        tried = [
            (_p_value(x, people, y, of_people, rounding), x - people * y / of_people)
            for x, y in product((first, last, (first + last) // 2), (of_first, of_last, (of_first + of_last) // 2))
        ]
        assert (low, high) == pytest.approx((min(e for _, e in tried), max(e for _, e in tried)), abs=1e-6)
        assert p_value >= max(p for (_, p), _ in tried) - 1e-9
        sides = {z > 0 for (z, _), _ in tried}
        if len(sides) == 1:
            assert p_value == pytest.approx(max(p for (_, p), _ in tried), rel=1e-6)
        assert q_value >= p_value
        assert status != "priority" or (low > 0 and q_value <= 0.05)
        assert status != "cannot_be_told" or high > 0


def test_no_group_is_left_out_of_the_ranking_because_its_count_is_small(sample_warehouse: Warehouse) -> None:
    """Whatever the status, a group whose people and bounds are published is compared, and says what its bounds allow."""
    left_out = sample_warehouse.one(
        "select count(*) from mart_priorities as p join fct_indicator_value as c using (indicator_id, organisation_code, period_end, dimension, group_code) "
        "where c.geography_basis = 'current' and c.treatment_function_code = 'all' and c.standardisation = 'crude' and c.value_status = 'bounded' "
        "and c.denominator > 0 and p.value_status <> 'bounded'"
    )
    assert left_out == 0

"""Properties that hold for any data: what may not change a measure, what flips it, and intervals that hold their estimate.

The macros are rendered once; each example is a query in DuckDB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.measures_project.rendering import run_statement

EXAMPLES = settings(max_examples=20, derandomize=True, deadline=None)
Decile = tuple[float, float, float]

people = st.integers(min_value=50, max_value=200_000)


@st.composite
def deciles(draw: st.DrawFn) -> list[Decile]:
    """Ten rows of decile, cases and people with 1 to people - 1 cases, so that every transform and limit is defined."""
    sizes = draw(st.lists(people, min_size=10, max_size=10))
    shares = draw(st.lists(st.floats(min_value=0.02, max_value=0.9), min_size=10, max_size=10))
    return [
        (float(place), float(max(1, math.floor(size * share))), float(size))
        for place, (size, share) in enumerate(zip(sizes, shares, strict=True), 1)
    ]


def _run(statement: str, *groups: Sequence[Decile]) -> list[list[dict[str, Any]]]:
    """The rows that the statement gives for each group of deciles."""
    connection = duckdb.connect()
    connection.execute("create table deciles (case_id integer, decile double, cases double, people double)")
    for case, group in enumerate(groups):
        connection.executemany("insert into deciles values (?, ?, ?, ?)", [[case, *row] for row in group])
    rows = run_statement(statement, connection)
    connection.close()
    return [[row for row in rows if row["case_id"] == case] for case in range(len(groups))]


def _slopes(*groups: Sequence[Decile]) -> list[dict[str, dict[str, Any]]]:
    """The row of each kind for each group."""
    return [{row["kind"]: row for row in rows} for rows in _run("p_slope", *groups)]


def _close(value: float | None, wanted: float | None, scale: float = 1.0) -> bool:
    if value is None or wanted is None:
        return value is wanted
    return math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-12 * scale)


@EXAMPLES
@given(deciles(), st.integers(min_value=2, max_value=50))
def test_scaling_cases_and_people_alike_leaves_the_indices_alone(rows: list[Decile], factor: int) -> None:
    scaled = [(decile, cases * factor, size * factor) for decile, cases, size in rows]
    plain, larger = _slopes(rows, scaled)
    for kind in ("proportion", "other"):
        assert _close(larger[kind]["slope_index"], plain[kind]["slope_index"])
        assert _close(larger[kind]["relative_index"], plain[kind]["relative_index"])


@EXAMPLES
@given(deciles(), st.integers(min_value=2, max_value=50))
def test_scaling_the_people_alone_divides_the_excess_rate_and_leaves_the_excess(
    rows: list[Decile], factor: int
) -> None:
    scaled = [(decile, cases, size * factor) for decile, cases, size in rows]
    plain, larger = _run("p_excess", rows, scaled)
    events = sum(cases for _, cases, _ in rows)
    for own, other in zip(_ordered(plain, "reference"), _ordered(larger, "reference"), strict=True):
        assert math.isclose(other["excess_net"], own["excess_net"], rel_tol=1e-9, abs_tol=1e-9 * events)
        assert _close(other["reference_rate"], own["reference_rate"] / factor)


def _ordered(rows: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row[column]))


@EXAMPLES
@given(deciles())
def test_reversing_the_order_flips_the_slope_and_inverts_the_ratio(rows: list[Decile]) -> None:
    turned = [(11 - decile, cases, size) for decile, cases, size in rows]
    plain, reverse = _slopes(rows, turned)
    for kind in ("proportion", "other"):
        assert _close(reverse[kind]["slope_index"], -plain[kind]["slope_index"])
        assert _close(reverse[kind]["slope_index_lower"], -plain[kind]["slope_index_upper"])
        assert _close(reverse[kind]["relative_index"] * plain[kind]["relative_index"], 1.0)


@EXAMPLES
@given(deciles())
def test_reversing_the_order_flips_the_concentration_index_and_leaves_what_has_no_order(rows: list[Decile]) -> None:
    turned = [(11 - decile, cases, size) for decile, cases, size in rows]
    plain, reverse = (
        {row["measure"]: row["estimate"] for row in group} for group in _run("p_inequality", rows, turned)
    )
    assert _close(reverse["absolute_concentration_index"], -plain["absolute_concentration_index"])
    for measure in ("between_group_variance", "theil_index", "mean_log_deviation", "index_of_disparity"):
        assert _close(reverse[measure], plain[measure], 1e3)


@EXAMPLES
@given(deciles(), st.integers(min_value=0, max_value=9), st.integers(min_value=2, max_value=9))
def test_splitting_a_group_into_identical_ones_changes_no_weighted_measure(
    rows: list[Decile], place: int, parts: int
) -> None:
    """Merging identical groups is the same, read backwards."""
    decile, cases, size = rows[place]
    split = [row for row in rows if row is not rows[place]]
    split += [(decile + part / 100, cases / parts, size / parts) for part in range(parts)]
    whole, divided = ({row["measure"]: row["estimate"] for row in group} for group in _run("p_inequality", rows, split))
    for measure in (
        "absolute_concentration_index",
        "relative_concentration_index",
        "between_group_variance",
        "coefficient_of_variation",
        "index_of_disparity_weighted",
        "mean_difference_from_mean_weighted",
        "mean_difference_from_best_weighted",
        "theil_index",
        "mean_log_deviation",
    ):
        assert math.isclose(divided[measure], whole[measure], rel_tol=1e-8, abs_tol=1e-10), measure


@EXAMPLES
@given(deciles(), st.integers(min_value=0, max_value=9))
def test_splitting_a_group_into_identical_halves_leaves_the_excess_alone(rows: list[Decile], place: int) -> None:
    decile, cases, size = rows[place]
    halves = [*rows[:place], (decile, cases / 2, size / 2), (decile + 0.5, cases / 2, size / 2), *rows[place + 1 :]]
    whole, divided = _run("p_excess", rows, halves)
    events = sum(row[1] for row in rows)
    for left, right in zip(_ordered(whole, "reference"), _ordered(divided, "reference"), strict=True):
        assert math.isclose(left["excess_net"], right["excess_net"], rel_tol=1e-9, abs_tol=1e-9 * events)
        assert math.isclose(
            left["excess_positive_only"], right["excess_positive_only"], rel_tol=1e-9, abs_tol=1e-9 * events
        )


@EXAMPLES
@given(deciles(), st.randoms(use_true_random=False))
def test_permuting_the_rows_changes_nothing(rows: list[Decile], shuffle: Any) -> None:
    shuffled = list(rows)
    shuffle.shuffle(shuffled)
    plain_rows, other_rows = _slopes(rows, shuffled)
    for kind in ("proportion", "other"):
        for column in ("slope_index", "slope_index_lower", "relative_index", "relative_index_upper"):
            assert _close(other_rows[kind][column], plain_rows[kind][column])


@EXAMPLES
@given(deciles())
def test_the_intervals_of_the_indices_hold_their_estimates(rows: list[Decile]) -> None:
    (kinds,) = _slopes(rows)
    for row in kinds.values():
        assert row["slope_index_lower"] <= row["slope_index"] <= row["slope_index_upper"]
        if row["relative_index_limits_reason"] is None:
            assert row["relative_index_lower"] <= row["relative_index"] <= row["relative_index_upper"]
        else:
            # Without a transform the fitted end may lie so near to 0 that its ratio has no bound.
            assert row["relative_index_limits_reason"] == "limits of the relative index are unbounded"
            assert row["kind"] == "other"


@EXAMPLES
@given(deciles())
def test_the_intervals_of_the_measures_hold_their_estimates_and_reasons_are_complete(rows: list[Decile]) -> None:
    (measures,) = _run("p_inequality", rows)
    for row in measures:
        assert (row["lower"] is None) == (row["limits_reason"] is not None), row
        if row["lower"] is not None:
            assert row["lower"] <= row["estimate"] <= row["upper"], row


def _run_pairs(statement: str, rows: Sequence[Sequence[Any]], columns: str) -> list[dict[str, Any]]:
    connection = duckdb.connect()
    connection.execute(f"create table cases ({columns})")
    connection.executemany(f"insert into cases values ({', '.join('?' * len(rows[0]))})", [list(row) for row in rows])
    return run_statement(statement, connection)


SHARE_COLUMNS = "case_id integer, numerator double, denominator double, multiplier double, confidence double"
counts = st.integers(min_value=0, max_value=100_000)
levels = st.sampled_from([0.9, 0.95, 0.98, 0.99, 0.998])


@pytest.mark.parametrize("statement", ["f01_proportion", "f02_rate"])
def test_the_interval_of_a_proportion_or_rate_holds_its_estimate(statement: str) -> None:
    @EXAMPLES
    @given(st.lists(st.tuples(counts, counts, levels), min_size=20, max_size=60))
    def check(cases: list[tuple[int, int, float]]) -> None:
        rows = [(place, x, x + more + 1, 1.0, level) for place, (x, more, level) in enumerate(cases)]
        for row in _run_pairs(statement, rows, SHARE_COLUMNS):
            assert row["lower"] <= row["value"] <= row["upper"], row

    check()


GAP_COLUMNS = (
    "case_id integer, kind varchar, x1 double, n1 double, x2 double, n2 double, multiplier double, confidence double"
)


@EXAMPLES
@given(
    st.sampled_from(["proportion", "rate"]),
    st.lists(st.tuples(counts, counts, counts, counts, levels), min_size=5, max_size=20),
)
def test_a_gap_lies_in_its_interval_and_turns_its_sign_with_the_groups(
    kind: str, cases: list[tuple[int, int, int, int, float]]
) -> None:
    pairs = [(x1, x1 + m1 + 1, x2, x2 + m2 + 1, level) for x1, m1, x2, m2, level in cases]
    rows = [(place, kind, *pair[:4], 1.0, pair[4]) for place, pair in enumerate(pairs)]
    turned = [(len(pairs) + place, kind, *pair[2:4], *pair[:2], 1.0, pair[4]) for place, pair in enumerate(pairs)]
    got = {row["case_id"]: row for row in _run_pairs("f08_gap", rows + turned, GAP_COLUMNS)}
    for place in range(len(pairs)):
        row, other = got[place], got[len(pairs) + place]
        assert row["diff_lower"] <= row["difference"] <= row["diff_upper"]
        assert _close(other["difference"], -row["difference"])
        assert math.isclose(other["diff_lower"], -row["diff_upper"], rel_tol=1e-9, abs_tol=1e-9)
        if row["ratio_lower"] is not None:
            assert row["ratio_lower"] <= row["ratio"] <= row["ratio_upper"]
            assert math.isclose(row["ratio"] * other["ratio"], 1.0, rel_tol=1e-9)


@EXAMPLES
@given(st.lists(st.tuples(counts, counts), min_size=5, max_size=20), st.integers(min_value=2, max_value=1000))
def test_scaling_events_and_people_alike_leaves_a_rate_alone_and_narrows_its_interval(
    cases: list[tuple[int, int]], factor: int
) -> None:
    small = [(place, x, x + more + 1, 1000.0, 0.95) for place, (x, more) in enumerate(cases)]
    large = [(place + len(cases), x * factor, n * factor, unit, level) for place, x, n, unit, level in small]
    got = {row["case_id"]: row for row in _run_pairs("f02_rate", small + large, SHARE_COLUMNS)}
    for place in range(len(cases)):
        row, other = got[place], got[place + len(cases)]
        assert _close(other["value"], row["value"])
        assert other["upper"] - other["lower"] < row["upper"] - row["lower"]


@pytest.mark.parametrize("rule", ["hes", "opensafely"])
def test_disclosure_control_is_monotone_keeps_zero_and_never_shows_a_small_count(rule: str) -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table cases as select i as case_id, i as count, ? as rule from range(0, 3000) t(i)", [rule]
    )
    rows = sorted(run_statement("p_disclosure", connection), key=lambda row: row["case_id"])
    shown = [row["published"] for row in rows if row["published"] is not None]
    assert shown == sorted(shown)
    assert rows[0]["published"] == 0
    for row in rows[1:]:
        if rule == "hes":
            assert (row["published"] is None) == (row["case_id"] <= 7)
            assert row["published"] is None or abs(row["published"] - row["case_id"]) <= 2.5
        else:
            assert row["published"] % 6 == 3
            assert abs(row["published"] - row["case_id"]) <= 3

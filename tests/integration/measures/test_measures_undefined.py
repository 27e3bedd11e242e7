"""Undefined cases: NULL with a reason, never 0, NaN, infinity or an error; and a reason only where there is no value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from tests.fixtures.measures_project.rendering import run_statement

pytestmark = pytest.mark.usefixtures("engine")
AWKWARD: tuple[float | None, ...] = (None, -1.0, 0.0, 0.5, 1.0, 9.5, 10.0, 1e12, math.nan, math.inf, -math.inf)
LEVELS = (0.95, 0.998, 0.5, None)


def _run(statement: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """The statement over a table `cases` with a row for each tuple; case_id is the row's number."""
    connection = duckdb.connect()
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create table cases (case_id integer, {typed})")
    marks = ", ".join("?" * (len(columns) + 1))
    connection.executemany(f"insert into cases values ({marks})", [[case, *row] for case, row in enumerate(rows)])
    return run_statement(statement, connection)


def _assert_no_number_is_wrong(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        for column, value in row.items():
            assert not (isinstance(value, float) and not math.isfinite(value)), (column, row)


SHARE = {"numerator": "double", "denominator": "double", "multiplier": "double", "confidence": "double"}


@pytest.mark.parametrize("statement", ["f01_proportion", "f02_rate"])
def test_every_awkward_pair_gives_limits_or_a_reason(statement: str) -> None:
    rows = [(x, n, 100.0, level) for x, n, level in itertools.product(AWKWARD, AWKWARD, LEVELS)]
    got = _run(statement, SHARE, rows)
    _assert_no_number_is_wrong(got)
    for row in got:
        given = {row["lower"] is not None, row["upper"] is not None}
        assert given == {row["reason"] is None}, row
    assert {row["reason"] for row in got} >= {
        None,
        "missing numerator",
        "missing denominator",
        "zero denominator",
        "negative numerator",
        "negative denominator",
        "numerator or denominator is not a finite number",
        "confidence level not in the lookup",
    }


@pytest.mark.parametrize("kind", ["proportion", "rate"])
def test_every_awkward_gap_gives_limits_or_a_reason(kind: str) -> None:
    values = (None, -1.0, 0.0, 3.0, 40.0, math.inf)
    columns = {"kind": "varchar", "x1": "double", "n1": "double", "x2": "double", "n2": "double"}
    columns |= {"multiplier": "double", "confidence": "double"}
    rows = [(kind, *four, 1.0, 0.95) for four in itertools.product(values, repeat=4)]
    got = _run("f08_gap", columns, rows)
    _assert_no_number_is_wrong(got)
    for row in got:
        assert (row["diff_lower"] is None) == (row["reason"] is not None) == (row["difference"] is None), row
        assert row["ratio_lower"] is None or row["ratio"] is not None


SLOPE = {"quantile": "double", "population": "double", "value": "double", "lower": "double", "upper": "double"}
SLOPE |= {
    "se": "double",
    "value_type": "varchar",
    "transform": "boolean",
    "multiplier": "double",
    "quantiles": "double",
}
FAULTS: dict[str, tuple[int, int, float | None]] = {
    "a quantile has no population": (4, 1, 0.0),
    "a quantile has no value": (4, 2, None),
    "a quantile is missing or given twice": (4, 0, 3.0),
    "a value is outside the range of the fit": (4, 2, 0.0),
}


def _deciles(transform: bool = True) -> list[list[Any]]:
    return [
        [float(q), 100.0 + q, 0.1 + q / 50, 0.09 + q / 50, 0.11 + q / 50, None, "rate", transform, 1.0, 10.0]
        for q in range(1, 11)
    ]


def _slope_of(rows: list[list[Any]]) -> dict[str, Any]:
    """The 95% row of one group whose rows have these columns."""
    connection = duckdb.connect()
    typed = ", ".join(f"{name} {kind}" for name, kind in SLOPE.items())
    connection.execute(f"create table cases (case_id integer, {typed})")
    for row in rows:
        connection.execute(f"insert into cases values (1, {', '.join('?' * len(row))})", row)
    got = run_statement("f06_sii", connection)
    _assert_no_number_is_wrong(got)
    return next(row for row in got if row["confidence"] == 0.95)


@pytest.mark.parametrize("reason", FAULTS)
def test_one_faulty_decile_means_no_slope_index(reason: str) -> None:
    rows = _deciles()
    place, column, value = FAULTS[reason]
    rows[place][column] = value
    row = _slope_of(rows)
    assert row["slope_index_reason"] == reason
    assert [row[name] for name in ("slope_index", "slope_index_lower", "relative_index", "intercept")] == [None] * 4


@pytest.mark.parametrize("missing", [0, 5, 9])
def test_a_missing_decile_means_no_slope_index_at_either_end_or_between(missing: int) -> None:
    row = _slope_of([row for place, row in enumerate(_deciles()) if place != missing])
    assert (row["slope_index"], row["slope_index_reason"]) == (None, "a quantile is missing")


def test_a_decile_without_events_keeps_the_untransformed_point_and_loses_the_limits() -> None:
    rows = _deciles(transform=False)
    rows[9][2:4] = [0.0, 0.0]
    row = _slope_of(rows)
    assert row["slope_index"] is not None
    assert (row["slope_index_lower"], row["slope_index_limits_reason"]) == (None, "a quantile has no limits")


def test_the_relative_index_of_a_line_below_zero_carries_a_warning() -> None:
    rows = _deciles(transform=False)
    for row in rows:
        row[6] = "other"
        row[2] = row[0] - 2.0
    got = _slope_of(rows)
    assert got["slope_index"] > 0
    assert got["relative_index_warning"] is not None


HEAT = {"subgroup_order": "integer", "estimate": "double", "population": "double", "se": "double"}
HEAT |= {"favourable": "integer", "ordered": "integer", "scale": "integer", "reference": "integer"}
UNDEFINED = {
    "relative_concentration_index": ((0.0, 0.0, 0.0), "mean is zero"),
    "theil_index": ((0.0, 0.0, 0.0), "mean is not above zero"),
    "mean_log_deviation": ((-1.0, 2.0, 3.0), "a value is negative"),
    "between_group_variance": ((1.0, None, 3.0), "a subgroup has no value"),
    "ratio": ((0.0, 2.0, 3.0), "group 2: zero value"),
}
"""By measure, what the subgroups have and why it is then undefined."""
UNLIKE = (435.0, 3106.0, 309.0, 3967.0, 1971.0, 324.0, 3209.0, 3708.0, 97.0, 11.0)
"""People of groups whose shares do not add up to 1 to the last digit."""
HEAT_CASES: dict[str, list[tuple[float | None, ...]]] = {
    "a group of one": [(1, 5.0, 100.0, 1.0, 1, 1, 100, 1)],
    "a line through two": [(place, 10.0 * place, 100.0, 1.0, 1, 1, 100, 0) for place in (1, 2)],
    "all alike": [(place, 41.25, people, 1.0, 1, 1, 100, 0) for place, people in enumerate(UNLIKE, start=1)],
    "falling": [(place, 40.0 - 10 * place, 100.0, 1.0, 1, 1, 100, 0) for place in (1, 2, 3)],
} | {
    measure: [(place, value, 100.0, 0.1, 1, 1, 100, 0) for place, value in enumerate(values)]
    for measure, (values, _) in UNDEFINED.items()
}


@pytest.fixture(scope="module")
def heat(engine: None) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of all these groups by case and measure, from one run: on Apache Spark its plan alone takes half a minute."""
    connection = duckdb.connect()
    typed = ", ".join(f"{name} {kind}" for name, kind in HEAT.items())
    connection.execute(f"create table cases (case_id varchar, {typed})")
    for case, rows in HEAT_CASES.items():
        connection.executemany(f"insert into cases values (?{', ?' * len(HEAT)})", [[case, *row] for row in rows])
    found: dict[str, dict[str, dict[str, Any]]] = {case: {} for case in HEAT_CASES}
    rows_given = run_statement("f07_heat", connection)
    _assert_no_number_is_wrong(rows_given)
    for row in rows_given:
        found[row["case_id"]][row["measure"]] = row
    return found


def test_a_group_of_one_or_without_anything_gives_reasons_for_every_heat_measure(heat: Any) -> None:
    got = heat["a group of one"].values()
    assert {row["reason"] for row in got} == {"fewer than two subgroups"}
    assert {row["estimate"] for row in got} == {None}


@pytest.mark.parametrize("measure", UNDEFINED)
def test_heat_measures_that_are_undefined_say_why(measure: str, heat: Any) -> None:
    row = heat[measure][measure]
    assert (row["estimate"], row["reason"]) == (None, UNDEFINED[measure][1])
    for each in heat[measure].values():
        assert (each["estimate"] is None) == (each["reason"] is not None)


def test_a_line_through_two_subgroups_has_no_error_and_so_no_limits(heat: Any) -> None:
    """Its covariance takes three: the value stands without limits, not with limits that are the value."""
    for measure in ("slope_index_linear", "relative_index_linear"):
        row = heat["a line through two"][measure]
        assert row["estimate"] is not None
        assert (row["lower"], row["upper"], row["limits_reason"]) == (None, None, "result is not a finite number")


def test_groups_that_are_alike_differ_by_nothing_and_noise_has_no_limits(heat: Any) -> None:
    got = heat["all alike"]
    for measure in ("between_group_variance", "between_group_standard_deviation", "theil_index", "mean_log_deviation"):
        assert got[measure]["estimate"] == 0, measure
    assert got["coefficient_of_variation"]["estimate"] == got["mean_difference_from_mean"]["estimate"] == 0
    spread = got["between_group_standard_deviation"]
    assert (spread["lower"], spread["upper"]) == (None, None), "its error is over the spread itself"


def test_a_reference_on_the_wrong_side_leaves_nothing_attributable(heat: Any) -> None:
    """Falling values of a favourable indicator: the least disadvantaged are below the mean, so nobody gains by their value."""
    got = {measure: row["estimate"] for measure, row in heat["falling"].items()}
    assert got["population_attributable_risk"] == 0
    assert got["population_attributable_fraction"] == 0
    assert got["difference"] == -20


def test_excess_of_a_suppressed_group_is_null_with_a_reason() -> None:
    connection = duckdb.connect()
    connection.execute("create table cases (case_id integer, quantile integer, count double, population double)")
    connection.execute("insert into cases values (1, 1, null, 100), (1, 2, 4, 100), (2, 1, 0, 90), (2, 2, 0, 80)")
    got = run_statement("f16_excess", connection)
    _assert_no_number_is_wrong(got)
    suppressed = [row for row in got if row["case_id"] == 1]
    assert {(row["excess_net"], row["reason"]) for row in suppressed} == {(None, "missing numerator")}
    without = [row for row in got if row["case_id"] == 2]
    assert {(row["attributable_fraction"], row["fraction_reason"]) for row in without} == {(None, "no events")}


@pytest.mark.parametrize(("jump", "screened"), [(3.7273, True), (3.6866, False)])
def test_moving_ranges_are_screened_from_just_above_3_267_times_their_mean(jump: float, screened: bool) -> None:
    """Nineteen ranges of 1 and one of `jump`: 3.28 and 3.25 times the mean range."""
    values = [float(place % 2) for place in range(20)]
    values.append(values[-1] + jump)
    ranges = [1.0] * 19 if screened else [1.0] * 19 + [jump]
    connection = duckdb.connect()
    connection.execute("""create table cases (case_id integer, screen_outliers boolean, t integer, value double,
        improvement_direction varchar, target double, fix_after_n double, rebase_at integer)""")
    for t, value in enumerate(values):
        connection.execute("insert into cases values (1, true, ?, ?, 'increase', null, null, null)", [t, value])
    got = run_statement("f10_spc", connection)[0]
    margin = 2.66 * sum(ranges) / len(ranges)
    assert got["upper_process_limit"] == pytest.approx(sum(values) / len(values) + margin, rel=1e-12)


def test_a_control_chart_passes_over_missing_values_and_says_why_it_has_no_limits() -> None:
    columns = {"screen_outliers": "boolean", "t": "integer", "value": "double", "improvement_direction": "varchar"}
    columns |= {"target": "double", "fix_after_n": "double", "rebase_at": "integer"}
    connection = duckdb.connect()
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create table cases (case_id integer, {typed})")
    series: dict[int, list[float | None]] = {1: [3.0], 2: [0.1] * 12, 3: [1.0, None, 2.0, 1.5]}
    for case, values in series.items():
        for t, value in enumerate(values):
            connection.execute("insert into cases values (?, false, ?, ?, 'increase', 1, null, null)", [case, t, value])
    got = run_statement("f10_spc", connection)
    _assert_no_number_is_wrong(got)
    assert [row["reason"] for row in got if row["case_id"] == 1] == ["fewer than two points"]
    assert {row["special_cause_type"] for row in got if row["case_id"] == 2} == {"Common Cause"}
    assert sorted(str(row["reason"]) for row in got if row["case_id"] == 3) == ["None", "None", "None", "missing value"]

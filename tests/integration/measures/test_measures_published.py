"""The macros that go into the published file: what an analyst gets from them is what the models get from dbt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fixtures.measures_project.rendering import fetch_rows, render_statements, run_statement

STORAGE_OF_ANALYSTS = "v1.0.0"


@pytest.fixture(scope="module")
def published_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the published macros and no table of the project, as the release step makes it."""
    path = tmp_path_factory.mktemp("published") / "marts.duckdb"
    connection = duckdb.connect()
    connection.execute(f"attach '{path}' as candidate (storage_version '{STORAGE_OF_ANALYSTS}')")
    connection.execute("use candidate")
    connection.execute(render_statements()["published_macros"])
    connection.execute("use memory")
    connection.execute("detach candidate")
    connection.close()
    return path


@pytest.fixture
def analyst(published_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An analyst's read-only connection, with two small tables of data of her own."""
    connection = duckdb.connect(str(published_file), read_only=True)
    connection.execute("""
        create temp table counts as
        select i as case_id, i * 3 as numerator, i * 40 as denominator, 100 as multiplier, 0.95 as confidence
        from range(0, 12) as t(i)
    """)
    connection.execute("""
        create temp table deciles as
        select org, decile, 900 + 17 * decile * (org + 1) as people, 40 - 3 * decile + org as cases,
            (40 - 3 * decile + org) / (900 + 17 * decile * (org + 1)) as share
        from range(1, 11) as t(decile), range(3) as o(org)
    """)
    yield connection
    connection.close()


def test_every_public_scalar_macro_is_published_and_described(published_file: Path) -> None:
    connection = duckdb.connect(str(published_file), read_only=True)
    functions = fetch_rows(connection, "select function_name, comment from duckdb_functions() where not internal")
    statements = set(re.findall(r"create or replace macro main\.(\w+)", render_statements()["published_macros"]))
    assert {row["function_name"] for row in functions} == statements
    assert len(statements) > 100
    assert [row["function_name"] for row in functions if not row["comment"]] == []


@pytest.mark.parametrize(
    ("statement", "call"),
    [
        (
            "f01_proportion",
            """select case_id, proportion(numerator, denominator, multiplier) as value,
                wilson_lower(numerator, denominator, confidence, multiplier) as lower,
                wilson_upper(numerator, denominator, confidence, multiplier) as upper,
                wilson_reason(numerator, denominator, confidence) as reason from counts""",
        ),
        (
            "f02_rate",
            """select case_id, rate(numerator, denominator, multiplier) as value,
                rate_lower(numerator, denominator, multiplier, confidence) as lower,
                rate_upper(numerator, denominator, multiplier, confidence) as upper,
                rate_limits_reason(numerator, denominator, confidence) as reason from counts""",
        ),
    ],
)
def test_a_published_scalar_gives_what_the_models_get(
    statement: str, call: str, analyst: duckdb.DuckDBPyConnection
) -> None:
    theirs = fetch_rows(analyst, call)
    analyst.execute("create temp table cases as select * from counts")
    assert theirs == run_statement(statement, analyst)
    assert any(row["reason"] for row in theirs)


def test_a_published_slope_index_gives_what_the_models_get(analyst: duckdb.DuckDBPyConnection) -> None:
    theirs = fetch_rows(
        analyst,
        """with limited as (
            select *, wilson_lower(cases, people) as low, wilson_upper(cases, people) as high from deciles
        )
        from slope_index('limited', org, decile, people, share, lower_column := low, upper_column := high,
            value_kind := 'proportion', transformed := true, index_multiplier := 100, confidence := 0.998)
        order by group_key""",
    )
    analyst.execute("""
        create temp table cases as
        select org as case_id, decile as quantile, people as population, share as value, null::double as se,
            wilson_lower(cases, people) as lower, wilson_upper(cases, people) as upper, 'proportion' as value_type,
            true as transform, 100 as multiplier, 10 as quantiles
        from deciles
    """)
    models = [row for row in run_statement("f06_sii", analyst) if row["confidence"] == 0.998]
    assert len(theirs) == 3
    for own, row in zip(theirs, sorted(models, key=lambda row: row["case_id"]), strict=True):
        assert own["slope_index"] < 0
        assert {key for key in own if key.endswith("_reason") and own[key] is not None} == set()
        for name in ("slope_index", "slope_index_lower", "slope_index_upper", "relative_index", "relative_index_upper"):
            assert own[name] == pytest.approx(row[name], rel=1e-12)


TABLE_CALLS = {
    "slope_index": "slope_index('deciles', org, decile, people, share)",
    "population_shares": "population_shares('deciles', org, decile, share, people, order_column := decile)",
    "inequality_measures": "inequality_measures('deciles', org, decile, share, people, order_column := decile)",
    "excess_events": "excess_events('deciles', org, decile, cases, people, quantile_count := 10)",
    "control_chart": "control_chart('deciles', org, decile, share, improvement_direction := 'decrease', run_length := 6)",
    "recent_trend": "recent_trend('deciles', org, decile, numerator_column := cases, denominator_column := people)",
    "disclosure_attack": "disclosure_attack('deciles', org, decile, cases - 9)",
    "repeat_events_by_age": "repeat_events_by_age('deciles', org, 'all ages', decile, cases, 1000, 5000)",
}
OF_A_RELEASE = "gap_in_icb"
"""Reads the marts, not an analyst's own table: tried on a published file in tests/integration/marts/test_published_macros.py."""


@pytest.mark.parametrize("name", TABLE_CALLS)
def test_every_table_macro_answers_for_each_group(name: str, analyst: duckdb.DuckDBPyConnection) -> None:
    rows = fetch_rows(analyst, f"from {TABLE_CALLS[name]}")
    assert {row["group_key"] for row in rows} == {0, 1, 2}
    values = [value for row in rows for value in row.values() if isinstance(value, float)]
    assert values


def test_table_macros_are_all_tried(published_file: Path) -> None:
    text = render_statements()["published_macros"]
    published = set(re.findall(r"macro main\.(\w+)\([^;]*?\) as table", text))
    assert published - {OF_A_RELEASE} == set(TABLE_CALLS) and OF_A_RELEASE in published


def test_aggregates_standardise_an_analysts_age_bands(analyst: duckdb.DuckDBPyConnection) -> None:
    row = fetch_rows(
        analyst,
        """select directly_standardised_rate(cases, people, 5000) as rate,
            directly_standardised_rate_lower(cases, people, 5000, confidence := 0.998) as lower,
            directly_standardised_rate_upper(cases, people, 5000, event_variance := 4 * cases) as wide,
            directly_standardised_rate_upper(cases, people, 5000) as upper,
            directly_standardised_rate_reason(cases, people, 5000, age_bands := 19) as reason,
            mean_lower(share) < mean_value(share) as below
        from deciles where org = 0""",
    )[0]
    assert row["lower"] < row["rate"] < row["upper"] < row["wide"]
    assert row["reason"] == "an age band is missing"
    assert row["below"]


def test_a_published_macro_opens_no_hole_for_undefined_cases(analyst: duckdb.DuckDBPyConnection) -> None:
    row: dict[str, Any] = fetch_rows(
        analyst,
        """select proportion(3, 0) as zero, wilson_lower(5, 3) as above, rate_upper(-1, 10) as negative,
            gap_relative_katz_lower(0, 10, 3, 10) as empty, wilson_lower(1, 10, confidence := 0.9501) as level,
            wilson_reason(1, 10, confidence := 0.9501) as reason""",
    )[0]
    assert row.pop("reason") == "confidence level not in the lookup"
    assert set(row.values()) == {None}

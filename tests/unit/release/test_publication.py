"""mart_publication: what the gate said of each table, filled in when the candidate is sealed."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from dagster_project.contracts.check import CheckResult
from dagster_project.release.publication import PUBLICATION, fill_publication

SEALED = dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC)


def result(name: str, mart: str, *, passed: bool, severity: str = "critical") -> CheckResult:
    return CheckResult(name, "suite", mart, passed, severity, "as planted")  # type: ignore[arg-type]


@pytest.fixture
def candidate() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create table mart_a as select date '2026-09-30' as period_end union all select date '2026-08-31'")
    con.execute("create table dim_b as select 1 as code")
    con.execute(
        f"create table {PUBLICATION} (mart_name varchar, gate_status varchar, failed_checks varchar, warned_checks varchar,"
        " row_count bigint, period_end date, git_commit varchar, inputs_sha256 varchar, published_at timestamp)"
    )
    con.execute(f"insert into {PUBLICATION} (mart_name) values ('mart_a'), ('dim_b')")
    return con


def rows(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    columns = "mart_name, gate_status, failed_checks, warned_checks, row_count, period_end, inputs_sha256, published_at"
    return con.execute(f"select {columns} from {PUBLICATION} order by all").fetchall()


def test_a_warning_of_a_table_is_told_of_that_table_only(candidate: duckdb.DuckDBPyConnection) -> None:
    judged = [
        result("suite.mart_a", "mart_a", passed=True),
        result("suite.mart_a.01", "mart_a", passed=False, severity="warning"),
    ]
    fill_publication(candidate, judged, fingerprint="f" * 64, sealed_at=SEALED)
    moment = dt.datetime.fromisoformat("2026-11-25 03:00:00")
    assert rows(candidate) == [
        ("dim_b", "PASSED", None, None, 1, None, "f" * 64, moment),
        ("mart_a", "PASSED_WITH_WARNINGS", None, "suite.mart_a.01", 2, dt.date(2026, 9, 30), "f" * 64, moment),
    ]


def test_a_failure_of_the_release_as_a_whole_fails_every_table(candidate: duckdb.DuckDBPyConnection) -> None:
    judged = [result("disclosure.attack", "", passed=False), result("suite.mart_a", "mart_a", passed=False)]
    fill_publication(candidate, judged, fingerprint="f" * 64, sealed_at=SEALED)
    assert [row[1:3] for row in rows(candidate)] == [
        ("FAILED", "disclosure.attack"),
        ("FAILED", "disclosure.attack, suite.mart_a"),
    ]


def test_a_release_without_the_table_is_left_alone() -> None:
    con = duckdb.connect()
    con.execute("create table mart_a as select 1 as code")
    fill_publication(con, [], fingerprint="f" * 64, sealed_at=SEALED)
    assert con.execute("select table_name from duckdb_tables()").fetchall() == [("mart_a",)]

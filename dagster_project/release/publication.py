"""What mart_publication says of each published table: filled in when a candidate is sealed, after the last check.

dbt makes the rows (one for each exposed model) and leaves open what only the gate knows. The evidence is bound to the
bytes after this, so the table cannot say anything else than the evidence does.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import duckdb

from dagster_project.contracts.check import CheckResult
from dagster_project.release.contents import MAIN, columns_of, qualified
from dagster_project.release.versions import code_version

PUBLICATION = "mart_publication"
FILLED = (
    "gate_status",
    "failed_checks",
    "warned_checks",
    "row_count",
    "period_end",
    "git_commit",
    "inputs_sha256",
    "published_at",
)
"""Its columns that tell of the sealing, not of the inputs."""


def fill_publication(
    con: duckdb.DuckDBPyConnection, results: Iterable[CheckResult], *, fingerprint: str, sealed_at: dt.datetime
) -> None:
    """Fill the open columns of mart_publication in the open candidate; does nothing where the release has no such table."""
    tables = {
        row[0] for row in con.execute("select table_name from duckdb_tables() where schema_name = 'main'").fetchall()
    }
    if PUBLICATION not in tables:
        return
    judged, code = tuple(results), code_version()
    moment = sealed_at.astimezone(dt.UTC).replace(tzinfo=None)
    for (mart,) in con.execute(f"select mart_name from {qualified(MAIN, PUBLICATION)}").fetchall():
        failed, warned = _failed(judged, mart), _warned(judged, mart)
        status = "FAILED" if failed else "PASSED_WITH_WARNINGS" if warned else "PASSED"
        rows, newest = _extent(con, mart) if mart in tables else (None, None)
        con.execute(
            f"update {qualified(MAIN, PUBLICATION)} set {', '.join(f'{name} = ?' for name in FILLED)} where mart_name = ?",
            [status, failed or None, warned or None, rows, newest, code, fingerprint, moment, mart],
        )


def _failed(results: Iterable[CheckResult], mart: str) -> str:
    """Critical failures of the table, and those of the release as a whole."""
    return ", ".join(sorted(one.name for one in results if one.blocks and one.mart in {mart, ""}))


def _warned(results: Iterable[CheckResult], mart: str) -> str:
    return ", ".join(sorted(one.name for one in results if not one.passed and not one.blocks and one.mart == mart))


def _extent(con: duckdb.DuckDBPyConnection, mart: str) -> tuple[int, dt.date | None]:
    """Rows, and the newest period_end where the table has such a column."""
    relation = qualified(MAIN, mart)
    dated = any(name == "period_end" for name, _ in columns_of(con, relation))
    newest = "max(cast(period_end as date))" if dated else "cast(null as date)"
    row = con.execute(f"select count(*), {newest} from {relation}").fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups always gives one row
    return int(row[0]), row[1]

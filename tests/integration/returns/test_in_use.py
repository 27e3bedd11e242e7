"""T6: which submission speaks for a trust does not hang on the order in which the files came, as long as they came in time.

The SQL is that which dbt compiled for the sample's night; the registers are planted.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.returns.clean_tables import load_clean_tables
from tests.warehouses import Warehouse

# type, sequence number, verdict; the fourth is the best one that was accepted.
FILES = (
    ("P", 1, "accepted"),
    ("P", 2, "accepted_with_warnings"),
    ("R", 1, "accepted"),
    ("R", 3, "accepted"),
    ("V", 1, "rejected"),
)
BEST = "R3"


@pytest.fixture(scope="module")
def registers(sample_warehouse: Warehouse) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Empty registers where the compiled SQL looks for them, and that SQL."""
    compiled = Lake(sample_warehouse.lake).build / "dbt" / "compiled" / "nhs_health_inequalities"
    path = compiled / "models" / "intermediate" / "returns" / "int_returns__ranked.sql"
    con = duckdb.connect()
    con.execute("attach ':memory:' as warehouse")
    con.execute("create schema warehouse.restricted")
    tables = load_clean_tables()
    for table in ("submission", "expected"):
        columns = ", ".join(f"{name} {kind}" for name, kind in tables[table].items())
        con.execute(f"create table warehouse.restricted.stg_returns__{table} ({columns})")
    con.execute(
        "insert into warehouse.restricted.stg_returns__expected (collection_code, org_code, period_end, soft_deadline, close_at)"
        " values ('WL01', 'R9A', '2026-09-30', '2026-10-19 22:59:59', '2026-10-26 23:59:59')"
    )
    yield con, path.read_text(encoding="utf-8")
    con.close()


def in_use(registers: tuple[duckdb.DuckDBPyConnection, str], arrivals: list[tuple[str, str]]) -> list[tuple[str, bool]]:
    """The submission in use when these files (`P1`, moment) came in this order, and whether it is marked revised."""
    con, sql = registers
    con.execute("delete from warehouse.restricted.stg_returns__submission")
    by_name = {f"{kind}{number}": (kind, number, verdict) for kind, number, verdict in FILES}
    for name, moment in arrivals:
        kind, number, verdict = by_name[name]
        con.execute(
            "insert into warehouse.restricted.stg_returns__submission (submission_id, collection_code, org_code, period_end,"
            " submission_type, sequence_no, received_at, verdict, file_sha256, data_origin)"
            " values (?, 'WL01', 'R9A', '2026-09-30', ?, ?, ?, ?, ?, 'synthetic')",
            [name, kind, number, moment, verdict, name],
        )
    return con.execute(f"select submission_id, is_revised from ({sql}) where is_in_use").fetchall()


def test_every_order_of_arrival_gives_the_same_submission(registers: tuple[duckdb.DuckDBPyConnection, str]) -> None:
    names = [f"{kind}{number}" for kind, number, _ in FILES]
    for order in itertools.permutations(names):
        arrivals = [(name, f"2026-10-2{place} 09:00:00") for place, name in enumerate(order)]
        assert in_use(registers, arrivals) == [(BEST, False)], order


def test_after_the_close_only_a_revision_or_a_first_good_file_is_taken_up(
    registers: tuple[duckdb.DuckDBPyConnection, str],
) -> None:
    before, after = "2026-10-20 09:00:00", "2026-10-27 09:00:00"
    assert in_use(registers, [("P1", before), ("R3", after)]) == [("P1", False)]
    assert in_use(registers, [("P1", after), ("P2", after)]) == [("P2", True)]
    assert in_use(registers, [("V1", before), ("P1", after)]) == [("P1", True)]

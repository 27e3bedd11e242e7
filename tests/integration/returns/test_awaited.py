"""AWAITED, LATE and what follows, from a planted list of participants: calendar, inbox, intake, and the SQL of the tracker.

The SQL is that which dbt compiled for the sample's night; the deadlines are those that the calendar of England gives: WL01 for
October 2026 is due on Wednesday 18 November and closes on the 25th.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.returns.area import ReturnsArea, write_private
from dagster_project.returns.calendar import PARTICIPANT_COLUMNS, write_expected
from tests.fixtures.returns_inbox import MOMENT, drop, take_in, wl01
from tests.warehouses import Warehouse

BEFORE_THE_DEADLINE = dt.datetime(2026, 11, 18, 23, 59, tzinfo=dt.UTC)
AFTER_THE_DEADLINE = dt.datetime(2026, 11, 19, 0, 1, tzinfo=dt.UTC)
SUSPENDED = "R9H,WL01,2026-10,2026-10,,2026-10,https://sample-trust.example.invalid/board"
PARTICIPANTS = ["R9A,WL01,2026-10,2026-10,,,", "R9B,WL01,2026-10,2026-10,,,", SUSPENDED]
LAYERS = {
    "intermediate/returns/int_returns__ranked": "restricted",
    "intermediate/returns/int_returns__submission": "restricted",
    "intermediate/returns/int_returns__in_use": "restricted",
    "intermediate/returns/int_returns__coverage": "restricted",
    "marts/returns/mart_submission": "marts",
}


@dataclass(frozen=True)
class Tracker:
    """A data folder with participants, and the models between it and the tracker as views."""

    lake: Lake
    con: duckdb.DuckDBPyConnection

    @property
    def area(self) -> ReturnsArea:
        return ReturnsArea.of(self.lake)

    def status(self, now: dt.datetime) -> dict[str, str]:
        """Trust: where its return stands in a night at that moment."""
        self.read("expected", str(write_expected(self.area, now)))
        self.read("submission", str(self.area.clean("submission") / "*.parquet"))
        rows = self.con.execute("select organisation_code, status from warehouse.marts.mart_submission").fetchall()
        return dict(rows)

    def read(self, table: str, files: str) -> None:
        self.con.execute(f"delete from warehouse.restricted.stg_returns__{table}")
        self.con.execute(f"insert into warehouse.restricted.stg_returns__{table} by name from read_parquet(?)", [files])

    def coverage(self) -> tuple[int, int, str]:
        """Expected, received, and who is missing."""
        query = (
            "select trusts_expected, trusts_received, missing_trusts from warehouse.restricted.int_returns__coverage"
        )
        expected, received, missing = self.con.execute(query).fetchall()[0]
        return expected, received, missing


@pytest.fixture
def tracker(sample_warehouse: Warehouse, lake: Lake) -> Tracker:
    compiled = Lake(sample_warehouse.lake).build / "dbt" / "compiled" / "nhs_health_inequalities" / "models"
    area = ReturnsArea.of(lake)
    area.prepare()
    write_private(area.participants, "\n".join([",".join(PARTICIPANT_COLUMNS), *PARTICIPANTS]).encode(), area)
    drop(lake, wl01("R9C", received=MOMENT))
    take_in(lake)
    con = duckdb.connect()
    con.execute("attach ':memory:' as warehouse")
    con.execute("create schema warehouse.restricted")
    con.execute("create schema warehouse.marts")
    con.execute(
        "create table warehouse.marts.dim_organisation as select 'R9A' as organisation_code, 'A' as organisation_name, "
        "'Q9' as icb_code, 'An ICB' as icb_name, 'Q9' as current_icb_code, 'icb' as organisation_level"
    )
    con.execute("create table warehouse.restricted.int_returns__far_from_published (submission_id varchar)")
    for table, file in (
        ("expected", write_expected(area, BEFORE_THE_DEADLINE)),
        ("submission", area.clean("submission") / "*.parquet"),
    ):
        con.execute(f"create table warehouse.restricted.stg_returns__{table} as from read_parquet(?)", [str(file)])
    for model, schema in LAYERS.items():
        sql = (compiled / f"{model}.sql").read_text(encoding="utf-8")
        con.execute(f"create view warehouse.{schema}.{model.rsplit('/', 1)[-1]} as {sql}")
    return Tracker(lake, con)


def test_a_return_is_awaited_to_the_last_minute_of_its_day_and_late_from_the_next(tracker: Tracker) -> None:
    assert tracker.status(BEFORE_THE_DEADLINE) == {"R9A": "AWAITED", "R9B": "AWAITED", "R9H": "SUSPENDED"}
    assert tracker.coverage() == (3, 0, "R9A, R9B, R9H")
    assert tracker.status(AFTER_THE_DEADLINE) == {"R9A": "LATE", "R9B": "LATE", "R9H": "SUSPENDED"}


def test_what_comes_is_awaited_no_more_and_what_is_rejected_neither(tracker: Tracker) -> None:
    cut_short = wl01("R9B", received=MOMENT, overrides=(("row_count", "1"),))
    drop(tracker.lake, wl01("R9A", received=MOMENT), cut_short)
    take_in(tracker.lake)
    status = tracker.status(BEFORE_THE_DEADLINE)
    assert (status["R9A"][:8], status["R9B"]) == ("ACCEPTED", "REJECTED")
    assert tracker.coverage() == (3, 1, "R9B, R9H")


def test_before_the_month_has_ended_nothing_is_expected(tracker: Tracker) -> None:
    assert tracker.status(dt.datetime(2026, 10, 31, 12, tzinfo=dt.UTC)) == {}

"""`hiw catalogue review`: what is not verified, overdue, or contradicted by the published figures, for people and for machines."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest

from dagster_project.contracts.indicator import load_indicators
from dagster_project.contracts.suite import load_marts
from dagster_project.lake.files import LakeError
from dagster_project.operate.review import review_catalogue
from dagster_project.quality.runner import run_suite
from tests.warehouses import Warehouse

NOTHING = Path("nothing is published")
TODAY = dt.date(2026, 11, 29)
FAULTS = [
    # a level that is claimed and has no row, and rows at a level that is not claimed
    ("update mart_coverage set availability = 'not_in_this_release' where indicator_id = 'MAT-03' and breakdown = 'all' and organisation_level = 'region'",
     ("MAT-03", "levels", "region, all: claimed, but there is no row")),
    ("update mart_coverage set is_stated = false where indicator_id = 'SMI-01' and breakdown = 'all' and organisation_level = 'icb'",
     ("SMI-01", "levels", "icb, all: not claimed, but there are rows")),
    # a target that is long met before it is due: its direction or its value is wrong
    ("update mart_target_reading set value = 0.99 where indicator_id = 'CAN-01' and organisation_code = 'ENG'",
     ("CAN-01", "polarity", "already on the good side (higher_is_better) of 0.75")),
    # a denominator that does not give the value
    ("update fct_indicator_value set denominator = 2 * denominator where indicator_id = 'MAT-05' and organisation_code = 'ENG'",
     ("MAT-05", "denominator", "ENG")),
]  # fmt: skip


@pytest.fixture(scope="module")
def contradicted(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables that are asked, with the faults planted."""
    path = tmp_path_factory.mktemp("review") / "marts.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(f"attach '{sample_warehouse.lake / 'published' / 'marts.duckdb'}' as published (read_only)")
        for table in ("mart_coverage", "mart_target_reading", "fct_indicator_value", "dim_indicator"):
            con.execute(f"create table {table} as from published.main.{table}")
        for fault, _ in FAULTS:
            con.execute(fault)
    return path


@pytest.mark.parametrize("expected", [expected for _, expected in FAULTS], ids=lambda e: f"{e[0]} {e[1]}")
def test_what_the_data_contradict_is_named(contradicted: Path, expected: tuple[str, str, str]) -> None:
    indicator_id, part, words = expected
    found = [f for f in review_catalogue(contradicted, indicator_id, TODAY) if f.kind == "contradicted"]
    assert [f.part for f in found] and {f.indicator_id for f in found} == {indicator_id}
    assert any(f.part == part and words in f.found for f in found)


def test_the_sample_contradicts_no_denominator_and_no_direction(sample_warehouse: Warehouse) -> None:
    found = review_catalogue(sample_warehouse.lake / "published" / "marts.duckdb", today=TODAY)
    assert [f for f in found if f.kind == "contradicted" and f.part in ("denominator", "polarity")] == []
    assert [f for f in found if "not claimed" in f.found] == []


def test_parts_that_nobody_verified_are_listed_and_verified_ones_are_not() -> None:
    found = {(f.indicator_id, f.part) for f in review_catalogue(NOTHING, today=TODAY) if f.kind == "unverified"}
    assert {("CORE-01", "definition"), ("CORE-01", "denominator"), ("HYP-03", "target"), ("MAT-01", "levels")} <= found
    assert not found & {("MAT-01", "definition"), ("MAT-01", "denominator"), ("SMK-01", "denominator")}
    assert ("MAT-04", "target") not in found, "without a target there is none to verify"


def test_a_review_is_overdue_from_its_day_on() -> None:
    due = load_indicators()["MAT-01"].next_review
    before = review_catalogue(NOTHING, "MAT-01", due - dt.timedelta(days=1))
    on_the_day = review_catalogue(NOTHING, "MAT-01", due)
    assert [f.kind for f in before if f.kind == "overdue"] == []
    assert [(f.indicator_id, f.found) for f in on_the_day if f.kind == "overdue"] == [("MAT-01", f"was due on {due}")]


def test_an_indicator_that_the_catalogue_lacks_is_named() -> None:
    with pytest.raises(LakeError, match="MAT-99"):
        review_catalogue(NOTHING, "MAT-99")


def test_the_command_speaks_to_people_and_machines(sample_warehouse: Warehouse) -> None:
    told = sample_warehouse.hiw("catalogue", "review", "CORE-01")
    assert told.returncode == 0, told.stderr
    assert "unverified   CORE-01: definition: not checked against a document" in told.stdout
    assert "1 indicators to look at" in told.stdout
    found = json.loads(sample_warehouse.hiw("catalogue", "review", "CORE-01", "--json").stdout)
    assert {"indicator_id": "CORE-01", "kind": "unverified", "part": "denominator"}.items() <= next(
        f for f in found if f["part"] == "denominator"
    ).items()
    assert sample_warehouse.hiw("catalogue", "review", "MAT-99").returncode == 1


def test_the_night_warns_of_a_review_that_is_overdue_and_goes_on(sample_warehouse: Warehouse) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_warehouse.lake / 'published' / 'marts.duckdb'}' as published (read_only)")
        con.execute("create table late as from published.main.dim_indicator")
        con.execute("update late set next_review = current_date - 1 where indicator_id = 'MAT-01'")
        outcomes = run_suite(con, load_marts()["dim_indicator"], "select * from late", made_of_returns=False)
    failed = [one for one in outcomes if not one.passed]
    assert [one.severity for one in failed] == ["warning"]
    assert "review_is_ahead" in failed[0].sentence

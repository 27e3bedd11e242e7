"""Fault D1 (tests/README.md) beside the marts: planted true counts are in no log, no evidence, no published file and no table of failed rows."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest

from dagster_project.duck import connection
from dagster_project.settings import PROJECT_ROOT
from tests.faults.disclosing import SENT, WAITS, Disclosing
from tests.fixtures.artefacts import find_in_artefacts, tables_of_failures
from tests.integration.release.release_estate import Estate, run_dbt
from tests.warehouses import Warehouse

NEEDLES = {"numerator": "7654321", "denominator": "98765431"}
"""No multiples of 5, so that no rounded count is taken for one of them."""
PLANTED = dict(SENT) | {
    ("Q01", "all", "all"): (7654341, 98765531),
    ("Q01", "ethnicity", "white"): (7654321, 98765431),
    ("Q01", "sex", "female"): (7654312, 98765329),
}


@pytest.fixture
def disclosing(tmp_path: Path) -> Disclosing:
    planted = Disclosing.fresh(Estate.fresh(tmp_path))
    planted.send(WAITS, PLANTED)
    return planted


def searched(disclosing: Disclosing) -> list[str]:
    """Everything below the estate but dbt's private file."""
    estate = disclosing.estate
    return [
        found
        for found in find_in_artefacts(estate.root, NEEDLES)
        if not found.startswith(str(estate.lake.warehouse.relative_to(estate.root)))
    ]


def test_true_counts_are_in_the_private_file_and_nowhere_else(disclosing: Disclosing) -> None:
    disclosing.publish()
    estate = disclosing.estate
    private = str(estate.lake.warehouse.relative_to(estate.root))
    assert [f for f in find_in_artefacts(estate.root, NEEDLES) if f.startswith(private)] == [
        f"{private}: numerator",
        f"{private}: denominator",
    ]
    assert searched(disclosing) == []


def test_a_blocked_release_says_no_true_count(disclosing: Disclosing) -> None:
    """What is said of a fault, in evidence and in the candidate's own meta.checks, names rows and no values."""
    from dagster_project.publish.evidence import candidate_path, seal
    from dagster_project.quality.marts import audit

    disclosing.estate.change(f"update {WAITS} set rate = rate + 1 where group_code = 'white'")
    draft = disclosing.estate.build()
    evidence = seal(disclosing.project, draft, audit(disclosing.project, draft), run_id="test")
    assert not evidence.passed
    assert candidate_path(disclosing.estate.lake, evidence.sha256).exists()
    assert searched(disclosing) == []


def test_dbt_says_no_true_count_when_a_test_of_a_restricted_table_fails(disclosing: Disclosing) -> None:
    """A failing test leaves its number of rows in dbt's results, and no row anywhere."""
    estate = disclosing.estate
    run_dbt(estate.root)
    assert tables_of_failures(estate.lake.warehouse) == []
    assert searched(disclosing) == []


def test_no_test_of_the_project_stores_failed_rows() -> None:
    """D1: the switch is off for the whole project and no test turns it on."""
    project = (PROJECT_ROOT / "dbt" / "dbt_project.yml").read_text(encoding="utf-8")
    assert "+store_failures: false" in project
    texts = [
        path
        for path in (PROJECT_ROOT / "dbt").rglob("*")
        if path.suffix in (".sql", ".yml") and "target" not in path.parts
    ]
    assert len(texts) > 100
    on = [
        str(path.relative_to(PROJECT_ROOT))
        for path in texts
        if "store_failures" in path.read_text(encoding="utf-8").replace("store_failures: false", "")
    ]
    assert on == []


def test_after_a_whole_night_there_is_no_table_of_failed_rows(sample_warehouse: Warehouse) -> None:
    assert tables_of_failures(sample_warehouse.lake / "build" / "warehouse.duckdb") == []


# -- the search itself -------------------------------------------------------------------------------------------------


def plant_text(folder: Path) -> None:
    (folder / "run.log").write_text("Got 1 result: 7,654,321")


def plant_name(folder: Path) -> None:
    (folder / "rows-7654321.txt").write_text("nothing")


def plant_gzip(folder: Path) -> None:
    (folder / "log.gz").write_bytes(gzip.compress(b"x = 7654321"))


def plant_workbook(folder: Path) -> None:
    with zipfile.ZipFile(folder / "answer.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<v>7654321</v>" * 50)


def plant_events(folder: Path) -> None:
    con = sqlite3.connect(folder / "runs.db")
    con.execute("create table event_logs (event text)")
    con.execute("insert into event_logs values (?)", [json.dumps({"preview": "7654321"})])
    con.commit()
    con.close()


def plant_parquet(folder: Path) -> None:
    with connection(None) as con:
        con.execute(f"copy (select 7654321 as n from range(1000)) to '{folder / 'sample.parquet'}' (format parquet)")


def plant_failures(folder: Path) -> None:
    with connection(folder / "warehouse.duckdb") as con:
        con.execute("create schema main_dbt_test__audit")
        con.execute("create table main_dbt_test__audit.positive as select 7654321 as pathway_count from range(1000)")


@pytest.mark.parametrize(
    "plant", [plant_text, plant_name, plant_gzip, plant_workbook, plant_events, plant_parquet, plant_failures]
)
def test_a_planted_count_is_found_in_every_kind_of_file(tmp_path: Path, plant: object) -> None:
    night = tmp_path / "night"
    night.mkdir()
    plant(night)  # type: ignore[operator]
    found = find_in_artefacts(tmp_path, NEEDLES)
    assert [text.split(": ")[1] for text in found] == ["numerator"]
    assert find_in_artefacts(tmp_path, NEEDLES, leave_out=[night]) == []


def test_a_table_of_failed_rows_is_named(tmp_path: Path) -> None:
    plant_failures(tmp_path)
    assert tables_of_failures(tmp_path / "warehouse.duckdb") == ["main_dbt_test__audit.positive"]

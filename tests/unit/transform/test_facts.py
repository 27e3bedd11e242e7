"""What an engine hands over is read only as it was handed over, of the inputs of now, whole, and by nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea, keep_build_private
from dagster_project.returns.clean_tables import write_empty_returns
from dagster_project.transform.dbt import dbt_environment
from dagster_project.transform.facts import MANIFEST, digest_of_inputs, forget_facts, hand_over, rows_in_place
from tests.fixtures.runs import run_at

CELL, SENT = "int_returns__rate_cell", "int_returns__sent"
MODELS = (CELL, SENT)


def write_rows(path: Path, sql: str) -> None:
    """One Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.execute(f"copy ({sql}) to '{path}' (format parquet)")


@pytest.fixture
def handed_over(lake: Lake, tmp_path: Path) -> Run:
    """A data folder in which 5 rows of cells, that the engine wrote into two files, and 2 of totals were handed over."""
    run = run_at(lake)
    keep_build_private(lake)
    write_empty_returns(ReturnsArea.of(lake))
    to = tmp_path / "to"
    write_rows(to / CELL / "part-0.parquet", "select 'a' as submission_id, i as denominator_low from range(3) as r(i)")
    write_rows(to / CELL / "part-1.parquet", "select 'b' as submission_id, i as denominator_low from range(2) as r(i)")
    write_rows(to / SENT / "part-0.parquet", "select 'a' as submission_id from range(2)")
    answer = {"engine": "Apache Spark 4.1.4", "sql": {}, "submissions": ["a", "b"], "rows": {CELL: 5, SENT: 2}}
    rows = hand_over(run, answer, {model: to / model for model in MODELS}, digest_of_inputs(run))
    assert rows == {CELL: 5, SENT: 2}
    return run


def test_what_was_handed_over_is_read_and_private(handed_over: Run) -> None:
    assert rows_in_place(handed_over, MODELS) == {CELL: 5, SENT: 2}
    assert dbt_environment(handed_over)["HIW_FACTS"] == "spark"
    area = ReturnsArea.of(handed_over.lake)
    placed = [*area.clean(CELL).iterdir(), *area.clean(SENT).iterdir(), area.clean_root / MANIFEST]
    assert {path.stat().st_mode & 0o777 for path in placed} == {0o600}
    assert area.clean(CELL).stat().st_mode & 0o777 == 0o700
    forget_facts(area, MODELS)
    assert dbt_environment(handed_over)["HIW_FACTS"] == "duckdb"


def test_equal_rows_that_are_built_again_are_equal_files(handed_over: Run, tmp_path: Path) -> None:
    """Spark spreads and orders them in another way each time; the name of a release hangs on these files."""
    area, to = ReturnsArea.of(handed_over.lake), tmp_path / "again"
    before = (area.clean_root / MANIFEST).read_bytes()
    rows = (
        "select * from (values ('b', 1), ('a', 0), ('a', 2), ('b', 0), ('a', 1)) as r(submission_id, denominator_low)"
    )
    write_rows(
        to / CELL / "part-0.parquet", f"select submission_id, denominator_low::bigint as denominator_low from ({rows})"
    )
    write_rows(to / SENT / "part-1.parquet", "select 'a' as submission_id from range(2)")
    answer = json.loads(before) | {"rows": {CELL: 5, SENT: 2}}
    hand_over(handed_over, answer, {model: to / model for model in MODELS}, digest_of_inputs(handed_over))
    assert (area.clean_root / MANIFEST).read_bytes() == before


def lose_a_file(area: ReturnsArea) -> None:
    next(area.clean(CELL).iterdir()).unlink()


def change_a_cell(area: ReturnsArea) -> None:
    path = next(area.clean(SENT).iterdir())
    write_rows(path, "select case i when 0 then 'a' else 'b' end as submission_id from range(2) as r(i)")


def add_a_file(area: ReturnsArea) -> None:
    write_rows(area.clean(CELL) / "more.parquet", "select 'a' as submission_id, 1 as denominator_low")


def lose_the_manifest(area: ReturnsArea) -> None:
    """As a job leaves it that is killed while it hands over."""
    (area.clean_root / MANIFEST).unlink()


def cut_the_manifest(area: ReturnsArea) -> None:
    path = area.clean_root / MANIFEST
    path.write_bytes(path.read_bytes()[:-40])


def receive_another_return(area: ReturnsArea) -> None:
    write_rows(area.accepted("WL01", "WL01_R9A_2026-10_P01_0a1b2c3d"), "select 'c' as submission_id")


def change_the_register(area: ReturnsArea) -> None:
    write_rows(area.submission("WL01_R9A_2026-10_P01_0a1b2c3d"), "select 'c' as submission_id")


def name_fewer_rows(area: ReturnsArea) -> None:
    path = area.clean_root / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    next(iter(content["files"].values()))["rows"] -= 1
    path.write_text(json.dumps(content), encoding="utf-8")


def lose_a_model(area: ReturnsArea) -> None:
    path = area.clean_root / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    content["files"] = {name: one for name, one in content["files"].items() if name.startswith(CELL)}
    path.write_text(json.dumps(content), encoding="utf-8")
    next(area.clean(SENT).iterdir()).unlink()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lose_a_file, "is missing"),
        (change_a_cell, "is not as the engine handed it over"),
        (add_a_file, "more.parquet is not in the manifest"),
        (lose_the_manifest, "no usable manifest"),
        (cut_the_manifest, "no usable manifest"),
        (receive_another_return, "of another run"),
        (change_the_register, "of another run"),
        (name_fewer_rows, "is not as the engine handed it over"),
        (lose_a_model, "names no file of int_returns__sent"),
    ],
)
def test_what_is_not_as_it_was_handed_over_is_refused(
    handed_over: Run, fault: Callable[[ReturnsArea], None], said: str
) -> None:
    fault(ReturnsArea.of(handed_over.lake))
    with pytest.raises(LakeError, match=said):
        rows_in_place(handed_over, MODELS)


@pytest.mark.parametrize("wrote", [{CELL: 6, SENT: 2}, {CELL: 4, SENT: 2}, {SENT: 2}])
def test_rows_that_the_engine_did_not_say_it_wrote_are_not_taken_over(
    handed_over: Run, tmp_path: Path, wrote: dict[str, int]
) -> None:
    """As a file looks that a platform's storage had not shown yet, or a folder that two jobs wrote into."""
    answer = {"engine": "Apache Spark 4.1.4", "rows": wrote}
    with pytest.raises(LakeError, match=f"of {CELL} there are 5 rows"):
        hand_over(handed_over, answer, {model: tmp_path / "to" / model for model in MODELS}, "")
    with pytest.raises(LakeError, match="no usable manifest"):
        rows_in_place(handed_over, MODELS)

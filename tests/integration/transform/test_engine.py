"""A whole nightly run of the sample estate whose facts are built by dbt on Apache Spark: its release holds what that of DuckDB holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.definitions import build_definitions
from dagster_project.lake.files import hash_file
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea, placing_private
from dagster_project.settings import Settings
from dagster_project.transform.dbt import RETURNS
from dagster_project.transform.facts import MANIFEST, engine_models, rows_in_place
from dagster_project.transform.translator import ENGINE_FACTS
from tests.fixtures.loopback import free_port
from tests.parity.compare import first_difference
from tests.rebuilding import differences, published_content
from tests.warehouses import Warehouse

pytestmark = [pytest.mark.requires_engine, pytest.mark.timeout(3600)]
CELL = "int_returns__rate_cell"
CONTROL = "returns_facts_have_their_control_totals"
KEYS = {
    CELL: ("submission_id", "metric_id", "dim_type", "dim_value", "imd_quintile"),
    "int_returns__inclusion": ("submission_id", "measure_code", "accommodation_group", "identification_method"),
    "int_returns__sent": ("submission_id",),
}


@dataclass(frozen=True)
class Built:
    """A data folder after its first nightly run, with Spark; and the one that DuckDB made alone."""

    warehouse: Warehouse
    other: Warehouse
    night: dict[str, Any]

    @property
    def lake(self) -> Lake:
        return Lake(self.warehouse.lake)

    @property
    def before(self) -> Path:
        """The warehouse that DuckDB built alone."""
        return Lake(self.other.lake).warehouse

    @property
    def run(self) -> Run:
        return Run.of(Settings(data_lake=self.lake.root, sources="sample", engine="spark"))

    @property
    def area(self) -> ReturnsArea:
        return ReturnsArea.of(self.lake)

    @property
    def manifest(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.area.clean_root / MANIFEST).read_text(encoding="utf-8"))
        return read

    def facts(self, model: str) -> str:
        return f"read_parquet('{self.area.clean(model)}/*.parquet')"


@pytest.fixture(scope="module")
def built(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Built:
    settings = {"HIW_SOURCES": "sample", "HIW_ENGINE": "spark"}
    warehouse = Warehouse(tmp_path_factory.mktemp("engine") / "lake", settings)
    return Built(warehouse, sample_warehouse, warehouse.refresh())


def test_the_facts_of_spark_are_those_of_duckdb(built: Built) -> None:
    rows = rows_in_place(built.run, KEYS)
    assert built.manifest["engine"].startswith("Apache Spark ")
    assert built.manifest["rows"] == rows
    with duckdb.connect(str(built.before), read_only=True) as con:
        for model, key in KEYS.items():
            assert rows[model] > 0
            con.execute(f"create or replace temp view got as select * from {built.facts(model)}")
            assert first_difference(con, f"restricted.{model}", "got", key) == ""


def test_the_nightly_run_is_published_and_its_tables_hold_what_those_of_duckdb_hold(built: Built) -> None:
    """Every table of the warehouse, but the facts themselves: they have narrower whole numbers than DuckDB's sums."""
    assert built.night["exit_code"] == 0, built.night
    assert (built.night["outcome"], built.night["failed_steps"]) == ("published", [])
    different = {line.partition(":")[0] for line in differences(built.before, built.lake.warehouse)}
    assert different <= {f"restricted.{model}" for model in KEYS}
    published = [published_content(lake) for lake in (built.lake, Lake(built.other.lake))]
    assert len(published[0]) > 30
    assert published[0] == published[1]
    states = json.loads((built.lake.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert {one["status"] for one in states if CONTROL in one["unique_id"]} == {"pass"}


def test_the_manifest_says_what_they_were_made_of(built: Built) -> None:
    with duckdb.connect(str(built.before), read_only=True) as con:
        used = con.execute("select submission_id from restricted.int_returns__submission where is_in_use").fetchall()
    assert built.manifest["submissions"] == sorted(row[0] for row in used)
    models = engine_models(built.lake.dbt_target / "manifest.json")
    assert set(models) == set(KEYS) <= set(built.manifest["sql"])
    assert all(hash_file(built.area.clean_root / name) == Path(name).stem for name in built.manifest["files"])


def one_cell_larger(select: str) -> str:
    first = f"row_number() over (order by {', '.join(KEYS[CELL])}) = 1"
    return select.replace("*", f"* replace (denominator_low + cast({first} as integer) as denominator_low)", 1)


def a_row_twice(select: str) -> str:
    return f"{select} union all {select} where dim_type = 'ALL'"


def a_submission_less(select: str) -> str:
    return f"{select} where submission_id <> (select min(submission_id) from ({select}))"


def a_key_lost(select: str) -> str:
    return select.replace("*", "* replace (nullif(metric_id, 'OP_DNA_PCT') as metric_id)", 1)


@pytest.mark.parametrize("fault", [one_cell_larger, a_row_twice, a_submission_less, a_key_lost])
def test_facts_that_an_engine_computed_wrongly_fail_the_control_totals(
    built: Built, fault: Callable[[str], str], tmp_path: Path
) -> None:
    """Whole files with a whole manifest: what the hashes cannot see. The SQL is that which dbt compiled for the sample's night."""
    (compiled,) = (built.before.parent / "dbt" / "compiled").rglob(f"{CONTROL}.sql")
    failing = f"select count(*) > 0 from ({compiled.read_text(encoding='utf-8')})"
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(built.lake.warehouse, copy)
    with duckdb.connect(str(copy)) as con:
        con.execute("set file_search_path = ?", [str(built.lake.build)])
        for facts, fails in (
            (f"select * from {built.facts(CELL)}", False),
            (fault(f"select * from {built.facts(CELL)}"), True),
        ):
            con.execute("begin")
            con.execute(f"create or replace table restricted.{CELL} as {facts}")
            assert con.execute(failing).fetchone() == (fails,)
            con.execute("rollback")


def test_one_changed_cell_of_a_file_is_refused_before_it_is_read(built: Built) -> None:
    path = max(built.area.clean(CELL).glob("*.parquet"), key=lambda one: one.stat().st_size)
    whole = path.read_bytes()
    changed = one_cell_larger(f"select * from read_parquet('{path}')")
    with duckdb.connect() as con, placing_private(path, built.area) as part:
        con.execute(f"copy ({changed}) to '{part}' (format parquet)")
    with pytest.raises(Exception, match="is not as the engine handed it over"):
        rows_in_place(built.run, KEYS)
    path.write_bytes(whole)
    assert rows_in_place(built.run, KEYS) == built.manifest["rows"]


def test_a_nightly_run_whose_spark_cannot_be_reached_fails_in_plain_words_and_the_release_stays(built: Built) -> None:
    """The manifest is taken away, so that the facts have to be built again; it is put back for the tests that follow."""
    manifest = built.area.clean_root / MANIFEST
    whole, release = manifest.read_bytes(), built.lake.marts.resolve()
    manifest.unlink()
    nowhere = Warehouse(
        built.lake.root, dict(built.warehouse.settings) | {"HIW_SPARK": f"spark://127.0.0.1:{free_port()}"}
    )
    night = nowhere.refresh()
    assert (night["exit_code"] != 0, night["failed_steps"]) == (True, ["engine_facts"])
    (problem,) = night["problems"]
    assert "Apache Spark could not be reached" in problem["sentence"]
    assert "read build/engine/spark.log" in problem["sentence"]
    assert not manifest.exists()
    assert built.lake.marts.resolve() == release
    manifest.write_bytes(whole)


def test_dagster_shows_the_facts_between_intake_and_models_and_starts_no_spark_for_the_same_returns(
    built: Built,
) -> None:
    definitions = build_definitions(built.run)
    facts = definitions.resolve_asset_graph().get(ENGINE_FACTS)
    assert facts.parent_keys == {RETURNS}
    assert {key.path[-1] for key in facts.child_keys} == set(KEYS)
    asset = next(
        one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition) and ENGINE_FACTS in one.keys
    )
    said = (built.lake.build / "engine" / "spark.log").stat().st_mtime_ns
    (event,) = dg.materialize([asset]).asset_materializations_for_node("engine_facts")
    rows = built.manifest["rows"]
    assert event.metadata["dagster/row_count"].value == sum(rows.values())
    assert event.metadata[f"rows of {CELL}"].value == rows[CELL]
    assert "engine" not in event.metadata
    assert (built.lake.build / "engine" / "spark.log").stat().st_mtime_ns == said

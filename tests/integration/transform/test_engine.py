"""Facts of the sample estate's returns, built by dbt on Apache Spark: the marts made of them hold what the marts made by DuckDB hold.

One run of Spark for the module, in a copy of the data folder of the sample's first night; DuckDB then builds what reads the facts again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
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
from dagster_project.transform.dbt import RETURNS, prepare_manifest, run_dbt
from dagster_project.transform.engine import build_facts
from dagster_project.transform.facts import MANIFEST, engine_models, rows_in_place
from dagster_project.transform.translator import ENGINE_FACTS
from tests.parity.compare import first_difference
from tests.rebuilding import differences
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
    """A copy of the sample's data folder in which Spark has built the facts, and what it said."""

    run: Run
    before: Path
    """The warehouse that DuckDB built alone."""
    outcome: dict[str, Any]
    said: list[str] = field(default_factory=list)

    @property
    def area(self) -> ReturnsArea:
        return ReturnsArea.of(self.run.lake)

    def facts(self, model: str) -> str:
        return f"read_parquet('{self.area.clean(model)}/*.parquet')"

    def dbt(self, *arguments: str) -> dict[str, str]:
        """Name -> status of every node of a run of dbt on DuckDB."""
        finished = run_dbt(self.run, *arguments)
        results = json.loads((self.run.lake.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
        assert results, finished.stdout
        return {one["unique_id"].split(".")[2]: one["status"] for one in results}


@pytest.fixture(scope="module")
def built(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Built:
    lake, origin = Lake(tmp_path_factory.mktemp("engine") / "lake"), Lake(sample_warehouse.lake)
    lake.build.mkdir(parents=True, mode=0o700)
    shutil.copy(origin.warehouse, lake.warehouse)
    shutil.copytree(origin.returns, lake.returns)
    (lake.root / "clean").symlink_to(origin.root / "clean")
    run = Run.of(Settings(data_lake=lake.root, sources="sample", engine="spark"))
    said: list[str] = []
    outcome = build_facts(run, prepare_manifest(run), said.append)
    return Built(run, origin.warehouse, dict(outcome), said)


def test_the_facts_of_spark_are_those_of_duckdb(built: Built) -> None:
    assert built.outcome["engine"].startswith("Apache Spark 4.")
    with duckdb.connect(str(built.before), read_only=True) as con:
        for model, rows in built.outcome["rows"].items():
            assert rows > 0
            con.execute(f"create or replace temp view got as select * from {built.facts(model)}")
            assert first_difference(con, f"restricted.{model}", "got", KEYS[model]) == ""


def test_marts_made_of_the_facts_of_spark_have_the_same_content(built: Built) -> None:
    """Every table of the warehouse; the facts themselves have narrower whole numbers than DuckDB's sums."""
    built.dbt("run", "--select", "tag:engine")
    con = duckdb.connect(str(built.run.lake.warehouse))
    assert con.execute("select count(*) from restricted.int_returns__rate_cell").fetchone() == (
        built.outcome["rows"][CELL],
    )
    con.close()
    statuses = built.dbt("build", "--select", "tag:engine+", "--exclude-resource-type", "unit_test")
    assert set(statuses.values()) == {"success", "pass", "no-op"}, "an exposure is no-op"
    assert statuses[CONTROL] == "pass"
    assert "mart_hi_rate" in statuses
    different = {line.partition(":")[0] for line in differences(built.before, built.run.lake.warehouse)}
    assert different <= {f"restricted.{model}" for model in KEYS}


def test_the_manifest_says_what_they_were_made_of(built: Built) -> None:
    manifest = json.loads((built.area.clean_root / MANIFEST).read_text(encoding="utf-8"))
    with duckdb.connect(str(built.before), read_only=True) as con:
        used = con.execute("select submission_id from restricted.int_returns__submission where is_in_use").fetchall()
    assert manifest["submissions"] == sorted(row[0] for row in used)
    models = engine_models(built.run.lake.dbt_target / "manifest.json")
    assert set(models) == set(KEYS) <= set(manifest["sql"])
    assert all(hash_file(built.area.clean_root / name) == Path(name).stem for name in manifest["files"])


def test_dagster_shows_the_facts_between_intake_and_models_with_their_rows(built: Built) -> None:
    definitions = build_definitions(built.run)
    facts = definitions.resolve_asset_graph().get(ENGINE_FACTS)
    assert facts.parent_keys == {RETURNS}
    assert {key.path[-1] for key in facts.child_keys} == set(KEYS)
    asset = next(
        one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition) and ENGINE_FACTS in one.keys
    )
    (event,) = dg.materialize([asset]).asset_materializations_for_node("engine_facts")
    assert event.metadata["dagster/row_count"].value == sum(built.outcome["rows"].values())
    assert event.metadata[f"rows of {CELL}"].value == built.outcome["rows"][CELL]


def test_a_second_run_of_the_same_returns_starts_no_spark(built: Built) -> None:
    said: list[str] = []
    again = build_facts(built.run, prepare_manifest(built.run), said.append)
    assert (again["engine"], again["rows"]) == ("", built.outcome["rows"])
    assert said[0].startswith("Nothing new")


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
    built: Built, fault: Callable[[str], str]
) -> None:
    """Whole files with a whole manifest: what the hashes cannot see. The SQL is that which dbt compiled for the sample's night."""
    (compiled,) = (built.before.parent / "dbt" / "compiled").rglob(f"{CONTROL}.sql")
    failing = f"select count(*) > 0 from ({compiled.read_text(encoding='utf-8')})"
    with duckdb.connect(str(built.run.lake.warehouse)) as con:
        con.execute("set file_search_path = ?", [str(built.run.lake.build)])
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
    assert rows_in_place(built.run, KEYS) == built.outcome["rows"]

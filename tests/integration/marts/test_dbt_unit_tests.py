"""What dbt tests of the project alone, left out of the night and run here: the rules that real files taught, and the seeds.

The keys of the marts are run here too; in the night gate 2 asks for them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import yaml

from dagster_project.duck import quote_identifier
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.settings import PROJECT_ROOT, Settings
from dagster_project.transform.dbt import MART_KEYS, SEED_TESTS, prepare_manifest, run_dbt
from tests.warehouses import Warehouse

FEWEST = 170
META = PROJECT_ROOT / "dbt" / "models" / "marts" / "reference" / "_sources.yml"


def make_sources_of_examples(lake: Lake) -> None:
    """Make the files of the source `meta` tables of the warehouse: dbt looks there for the columns of a source whose rows a test gives."""
    listed = yaml.safe_load(META.read_text("utf-8"))["sources"][0]
    with duckdb.connect(lake.warehouse) as con:
        con.execute("create schema if not exists meta")
        for table in listed["tables"]:
            con.read_parquet(str(lake.root / "clean" / "_meta" / f"{table['name']}.parquet")).create(
                f"meta.{quote_identifier(table['name'])}"
            )


def test_every_unit_test_every_test_of_the_seeds_and_every_key_of_a_mart_passes(
    sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    lake.build.mkdir(parents=True)
    shutil.copy(Lake(sample_warehouse.lake).warehouse, lake.warehouse)
    for folder in sample_warehouse.lake.iterdir():
        if folder.name != lake.build.name:
            (lake.root / folder.name).symlink_to(folder)
    make_sources_of_examples(lake)
    run = Run.of(Settings(data_lake=lake.root, sources="sample"))
    prepare_manifest(run)
    finished = run_dbt(run, "test", "--select", "test_type:unit", SEED_TESTS, MART_KEYS)
    assert finished.returncode == 0, finished.stdout[-4000:]
    results = json.loads((run.lake.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert {result["status"] for result in results} == {"pass"}
    assert len(results) >= FEWEST

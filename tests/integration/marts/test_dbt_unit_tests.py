"""The rules that real files taught, as dbt's own unit tests: left out of the night, run here."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from dagster_project.lake.paths import Lake
from dagster_project.settings import Settings
from dagster_project.transform.dbt import DBT_PROJECT, dbt_environment, dbt_executable
from tests.warehouses import Warehouse

FEWEST = 40


def test_every_unit_test_of_the_models_passes(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    settings = Settings(data_lake=sample_warehouse.lake, sources="sample")
    shutil.copy(Lake(sample_warehouse.lake).warehouse, tmp_path / "warehouse.duckdb")
    environment = dbt_environment(settings, "synthetic") | {
        "HIW_WAREHOUSE": str(tmp_path / "warehouse.duckdb"),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
    }
    command = [dbt_executable(), "--quiet", "test", "--select", "test_type:unit", "--project-dir", str(DBT_PROJECT)]
    finished = subprocess.run(
        [*command, "--profiles-dir", str(DBT_PROJECT)],
        env=sample_warehouse.environment | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:]
    results = json.loads((tmp_path / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert {result["status"] for result in results} == {"pass"}
    assert len(results) >= FEWEST

"""What the tests of dimensions stand on: a filled lake, one dbt build over it, and faults planted in copies of what it built."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import connection, open_database
from dagster_project.lake.acceptance import Acceptance, Verdict
from dagster_project.lake.paths import Lake, Origin
from dagster_project.lake.snapshots import fetch_source
from dagster_project.lake.transport import MirrorTransport
from dagster_project.settings import Settings
from dagster_project.sources.contract import load_sources
from dagster_project.transform.dbt import prepare_manifest, run_dbt, target_folder
from dagster_project.transform.source_table import write_source_table

SLUGS = (
    "ods_organisation",
    "mhclg_imd",
    "ons_geography",
    "ons_census",
    "ohid_catchment",
    "nhse_ae",
    "nhse_rtt",
    "nhse_wlmds",
    "nhsd_hes_monthly",
)
DIMENSIONS = (
    "+dim_organisation",
    "+int_icb_current_coverage",
    "+dim_lsoa",
    "+dim_group",
    "+dim_source",
    "+int_trust_catchment_deprivation",
    "+int_population_by_ethnic_group",
    "+int_population_by_age",
    "lsoa_crosswalk_exceptions",
)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Dimensions:
    """A built warehouse, with the SQL that dbt compiled for it."""

    settings: Settings
    failed: Mapping[str, str]
    """Name of a test or model that did not pass, and dbt's message."""

    @property
    def warehouse(self) -> Path:
        return Lake(self.settings.data_lake).warehouse

    def rows(self, query: str) -> list[Row]:
        """The rows of a query."""
        with connection(self.warehouse, read_only=True) as con:
            find_files_as_dbt_does(con, self)
            return con.execute(query).fetchall()

    def compiled(self, name: str) -> str:
        """The SQL of a model or a test."""
        (path,) = (target_folder(self.settings) / "compiled").glob(f"*/*/**/{name}.sql")
        return path.read_text(encoding="utf-8")


def fill_lake(lake: Lake, mirror: Path, origin: Origin) -> None:
    """Fetch and parse what the dimensions stand on; the landing suites have tests of their own."""
    transport = MirrorTransport(mirror)
    assert transport.origin == origin
    for slug in SLUGS:
        source = load_sources()[slug]
        fetch_source(source, transport, lake, today=dt.date(2026, 11, 22))
        Acceptance(source, lake, origin, lambda *_: Verdict(True), "none", memory_limit="1GB", threads=2).run()
    write_source_table(lake)


def find_files_as_dbt_does(con: duckdb.DuckDBPyConnection, built: Dimensions) -> None:
    """The staging views name their Parquet from build/, where dbt works."""
    con.execute("set file_search_path = ?", [str(built.warehouse.parent)])


def build_dimensions(lake: Lake, origin: Origin, **where: Any) -> Dimensions:
    """Build the dimensions with their data tests; does not raise for a failing test. `where` is the setting `sources` or `mirror`."""
    settings = Settings(data_lake=lake.root, **where)
    prepare_manifest(settings)
    selection = ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select", *DIMENSIONS]
    finished = run_dbt(settings, origin, "build", *selection)
    results = target_folder(settings) / "run_results.json"
    assert results.is_file(), finished.stdout + finished.stderr
    outcomes = json.loads(results.read_text(encoding="utf-8"))["results"]
    assert len(outcomes) > 60, "dbt selected too little"
    good = {"pass", "success"}
    return Dimensions(
        settings, {one["unique_id"].split(".")[2]: one["message"] for one in outcomes if one["status"] not in good}
    )


def find_failures(
    built: Dimensions,
    folder: Path,
    test: str,
    *,
    spoilt: Mapping[str, str] | None = None,
    rebuilt: Sequence[str] = (),
    edits: Mapping[str, tuple[str, str]] | None = None,
) -> list[Row]:
    """The failing rows of a dbt test after a fault: staging tables spoilt by a SELECT over `good`, models edited, both rebuilt.

    Works on a copy of the warehouse with the SQL that dbt compiled, so that a fault costs no dbt run of its own.
    """
    shutil.copy(built.warehouse, folder / "warehouse.duckdb")
    con = open_database(folder / "warehouse.duckdb")
    try:
        find_files_as_dbt_does(con, built)
        for name, select in (spoilt or {}).items():
            con.execute(f"create or replace temp table good as select * from staging.{name}")
            con.execute(f"drop view staging.{name}")
            con.execute(f"create table staging.{name} as {select}")
        for model in rebuilt:
            old, new = (edits or {}).get(model, ("", ""))
            text = built.compiled(model)
            assert old in text, f"{model} no longer holds {old!r}"
            layer = "marts" if model.startswith("dim_") else "intermediate"
            con.execute(f"create or replace table {layer}.{model} as {text.replace(old, new) if old else text}")
        return con.execute(built.compiled(test)).fetchall()
    finally:
        con.close()

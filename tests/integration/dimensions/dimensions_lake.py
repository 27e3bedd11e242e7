"""What the tests of dimensions stand on: a warehouse after its night, and faults planted in copies of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import connection, open_database

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Dimensions:
    """A built warehouse, with the SQL that dbt compiled for it."""

    build: Path
    """The folder build/ of its data folder."""

    @property
    def warehouse(self) -> Path:
        return self.build / "warehouse.duckdb"

    @property
    def failed(self) -> dict[str, str]:
        """Name of a test or model that did not pass in the night, and dbt's message."""
        outcomes = json.loads((self.build / "dbt" / "run_results.json").read_text(encoding="utf-8"))["results"]
        assert len(outcomes) > 200, "dbt selected too little"
        good = {"pass", "success", "no-op"}
        return {one["unique_id"].split(".")[2]: one["message"] for one in outcomes if one["status"] not in good}

    def rows(self, query: str) -> list[Row]:
        """The rows of a query."""
        with connection(self.warehouse, read_only=True) as con:
            find_files_as_dbt_does(con, self)
            return con.execute(query).fetchall()

    def compiled(self, name: str) -> str:
        """The SQL of a model or a test."""
        (path,) = (self.build / "dbt" / "compiled").glob(f"*/*/**/{name}.sql")
        return path.read_text(encoding="utf-8")


def find_files_as_dbt_does(con: duckdb.DuckDBPyConnection, built: Dimensions) -> None:
    """The staging views name their Parquet from build/, where dbt works."""
    con.execute("set file_search_path = ?", [str(built.warehouse.parent)])


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

"""The clean tables of the returns area: their columns, and an empty Parquet of each, so that dbt's globs always match.

Not here: what a return must look like (the contracts of the collections) and how rows get in (intake).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import duckdb

from dagster_project.contracts.collection import load_collections
from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.paths import EMPTY
from dagster_project.returns.area import ReturnsArea, placing_private
from dagster_project.yaml_files import read_yaml

COLUMNS = Path(__file__).with_name("clean_tables.yml")


@cache
def load_clean_tables() -> dict[str, dict[str, str]]:
    """Table -> column -> DuckDB type, in order: of a collection by its contract, of a register by clean_tables.yml."""
    content: Mapping[str, Mapping[str, Mapping[str, str]]] = read_yaml(COLUMNS)
    collections = {
        code.lower(): {column.name: column.type for column in collection.clean_columns}
        for code, collection in load_collections().items()
    }
    return collections | {name: dict(columns) for name, columns in content["registers"].items()}


def write_empty_returns(area: ReturnsArea) -> list[Path]:
    """Write `_empty.parquet` of every clean table, private to the operator; gives the paths.

    A file that has the right columns already is not touched: the nightly run must find nothing new in it.
    Raises OSError or duckdb.Error when the folder cannot be written.
    """
    paths = []
    with scratch_connection() as con:
        for table, columns in load_clean_tables().items():
            path = area.clean(table) / EMPTY
            if not _has_columns(con, path, columns):
                names = ", ".join(f"cast(null as {kind}) as {quote_identifier(name)}" for name, kind in columns.items())
                with placing_private(path, area) as part:
                    con.execute(f"copy (select {names} where false) to {quote_literal(str(part))} (format parquet)")
            paths.append(path)
    return paths


def _has_columns(con: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, str]) -> bool:
    if not path.exists():
        return False
    try:
        described = con.execute("describe select * from read_parquet(?)", [str(path)]).fetchall()
    except duckdb.Error:
        return False
    return {row[0]: row[1] for row in described} == dict(columns)

"""The analyst's connection: read-only, no other file, no extension, nothing that can be switched back on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import Configuration
from dagster_project.lake.files import LakeError


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """A hardened connection to the published file; raises LakeError when there is none yet."""
    if not path.exists():
        raise LakeError(str(path), "nothing is published yet", "run `make refresh`")
    configuration: Configuration = {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }
    connection = duckdb.connect(str(path.resolve()), read_only=True, config=configuration)
    connection.execute("set lock_configuration = true")
    return connection


def ask(path: Path, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of one query; raises LakeError with DuckDB's own message."""
    connection = open_published(path)
    try:
        cursor = connection.execute(query)
        columns = [str(column[0]) for column in cursor.description or []]
        return columns, cursor.fetchall()
    except duckdb.Error as error:
        raise LakeError("the query", str(error), "look at `select * from meta.data_dictionary`") from error
    finally:
        connection.close()

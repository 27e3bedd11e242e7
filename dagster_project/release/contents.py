"""What a DuckDB file holds, in a form that can be compared: its tables, their columns, rows and content hashes."""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.duck import quote_identifier, quote_literal

STORAGE_VERSION = "v1.0.0"
"""Any DuckDB from 1.0 on opens the file, whatever engine wrote it."""
META = "meta"
MAIN = "main"


@dataclass(frozen=True)
class TableContent:
    """One table: how many rows, and a hash of all of them that does not depend on their order."""

    schema: str
    name: str
    rows: int
    content_hash: str

    @property
    def label(self) -> str:
        """Return how messages and manifests name the table."""
        return self.name if self.schema == MAIN else f"{self.schema}.{self.name}"


def qualified(*parts: str) -> str:
    """Return a dotted name, every part quoted."""
    return ".".join(quote_identifier(part) for part in parts)


def attach(con: duckdb.DuckDBPyConnection, path: Path, alias: str) -> None:
    """Attach a file for reading only."""
    con.execute(f"attach {quote_literal(str(path))} as {quote_identifier(alias)} (read_only)")


def attach_to_write(con: duckdb.DuckDBPyConnection, path: Path, alias: str) -> None:
    """Attach a file that is published, or copied into one, for writing; it is made where there is none."""
    con.execute(
        f"attach {quote_literal(str(path))} as {quote_identifier(alias)} (storage_version {quote_literal(STORAGE_VERSION)})"
    )


def discard(path: Path) -> None:
    """Remove a DuckDB file and what may lie beside it."""
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)


def columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    """Name and type of every column of a relation, in order."""
    return [(row[0], row[1]) for row in con.execute(f"describe select * from {relation}").fetchall()]


def content_hash(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[str, int]:
    """Return a hash over names, types and all rows (duplicates counted, order ignored), and the number of rows.

    DuckDB's `hash` may change between its versions: compare hashes of one process, files by their sha256.
    """
    signature = ",".join(f"{name} {kind}" for name, kind in columns_of(con, relation))
    row = con.execute(f"select coalesce(sum(hash(t)::hugeint), 0), count(*) from {relation} t").fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups always gives one row
    return hashlib.sha256(f"{signature}|{row[0]}|{row[1]}".encode()).hexdigest()[:24], int(row[1])


def marks_of_periods(relation: str, columns: Iterable[str], period: str) -> str:
    """Return a SELECT of each period, its `rows_count`, and a `mark` that changes with any of these columns in any row of it."""
    compared = ", ".join(qualified(name) for name in columns)
    return (
        f"select {qualified(period)}, count(*) as rows_count, sum(hash({compared})::hugeint) as mark "
        f"from {relation} group by {qualified(period)}"
    )


def count_rows(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Return how many rows a relation has."""
    row = con.execute(f"select count(*) from {relation}").fetchone()
    assert row is not None  # noqa: S101 - count(*) always gives one row
    return int(row[0])


def tables_of(con: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str]]:
    """Return the schema and name of every table and view of an attached file, in alphabetical order."""
    query = """
        select schema_name, table_name from duckdb_tables() where database_name = ? and not internal
        union all select schema_name, view_name from duckdb_views() where database_name = ? and not internal
        order by all"""
    return [(row[0], row[1]) for row in con.execute(query, [database, database]).fetchall()]


def read_contents(
    con: duckdb.DuckDBPyConnection, database: str, schemas: Container[str] = (MAIN, META)
) -> tuple[TableContent, ...]:
    """Return every table of an attached file, in these schemas, with its rows and hash."""
    contents = []
    for schema, name in tables_of(con, database):
        if schema in schemas:
            digest, rows = content_hash(con, qualified(database, schema, name))
            contents.append(TableContent(schema, name, rows, digest))
    return tuple(contents)


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable (DuckDB's checkpoint syncs its own; Parquet and copies are not synced by it)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

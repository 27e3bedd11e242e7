"""Tables of texts that dbt reads and the project writes of its own YAML: sources and indicators, so that nothing is kept twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.files import part_of

Row = tuple[str | None, ...]


def write_text_table(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> Path:
    """Return the path of a Parquet with these rows, all texts, ordered by their cells; rewritten only when one changed.

    Raises OSError or duckdb.Error when the data folder cannot be written.
    """
    ordered = sorted(rows, key=_order)
    with scratch_connection() as con:
        if _read_rows(con, path, columns) == ordered:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path)
        lists = ", ".join(f"unnest(?::varchar[]) as {quote_identifier(name)}" for name in columns)
        values = [[row[n] for row in ordered] for n in range(len(columns))]
        con.execute(f"create or replace temp table written as select {lists}", values)
        con.execute(f"copy written to {quote_literal(str(part))} (format parquet)")
        part.replace(path)
    return path


def _order(row: Row) -> tuple[str, ...]:
    return tuple(str(cell) for cell in row)


def _read_rows(con: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str]) -> list[Row] | None:
    """The rows of the table as it stands; None where there is none, it is damaged, or it has other columns."""
    if not path.exists():
        return None
    try:
        result = con.execute("select * from read_parquet(?)", [str(path)])
    except duckdb.Error:
        return None
    names = tuple(column[0] for column in result.description or ())
    return sorted(result.fetchall(), key=_order) if names == tuple(columns) else None

"""The table of sources that dim_source reads: every source.yml in one Parquet, so that nothing is kept twice by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.duck import connection, quote_identifier, quote_literal
from dagster_project.lake.paths import Lake
from dagster_project.sources.contract import load_sources

FIELDS = (
    "slug",
    "title",
    "why",
    "publisher",
    "licence",
    "attribution",
    "documentation",
    "cadence",
    "stated_format_status",
)
COLUMNS = tuple(name.removeprefix("stated_") for name in FIELDS)


def write_source_table(lake: Lake) -> Path:
    """The path of the Parquet with one row for each source, all texts; it is rewritten only when a contract changed.

    Raises ContractError when a source.yml cannot be used, OSError or duckdb.Error when the data folder cannot be written.
    """
    path = lake.clean("_meta", "sources.parquet")
    columns = [[str(getattr(source, name)) for source in load_sources().values()] for name in FIELDS]
    with connection(None) as con:
        if _read_rows(con, path) == list(zip(*columns, strict=True)):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        lists = ", ".join(f"unnest(?) as {quote_identifier(name)}" for name in COLUMNS)
        con.execute(f"create table sources as select {lists}", columns)
        con.execute(f"copy sources to {quote_literal(str(part))} (format parquet)")
        part.replace(path)
    return path


def _read_rows(con: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, ...]] | None:
    """The rows of the table as it stands; None where there is none, it is damaged, or it has other columns."""
    if not path.exists():
        return None
    try:
        result = con.execute("select * from read_parquet(?) order by slug", [str(path)])
    except duckdb.Error:
        return None
    names = tuple(column[0] for column in result.description or ())
    return result.fetchall() if names == COLUMNS else None

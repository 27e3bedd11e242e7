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
    "format_status",
)


def write_source_table(lake: Lake) -> Path:
    """The path of the Parquet with one row for each source, all texts; it is rewritten only when a contract changed.

    Raises ContractError when a source.yml cannot be used, OSError when the data folder cannot be written.
    """
    path = lake.clean("_meta", "sources.parquet")
    rows = [tuple(str(getattr(source, name)) for name in FIELDS) for source in load_sources().values()]
    with connection(None) as con:
        if path.exists() and _read(con, path) == rows:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = ", ".join(f"{quote_identifier(name)} varchar" for name in FIELDS)
        con.execute(f"create table sources ({columns})")
        con.executemany(f"insert into sources values ({', '.join('?' for _ in FIELDS)})", rows)
        part = path.with_name(path.name + ".part")
        con.execute(f"copy (select * from sources order by slug) to {quote_literal(str(part))} (format parquet)")
        part.replace(path)
    return path


def _read(con: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, ...]] | None:
    """The rows of the last table; None where it had other columns."""
    result = con.execute(f"select * from read_parquet({quote_literal(str(path))})")
    names = tuple(column[0] for column in result.description or ())
    return sorted(result.fetchall()) if names == FIELDS else None

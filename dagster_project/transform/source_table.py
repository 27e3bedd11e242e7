"""The table of sources that dim_source reads: every source.yml in one Parquet."""

from __future__ import annotations

from pathlib import Path

from dagster_project.contracts.source import load_sources
from dagster_project.lake.paths import Lake
from dagster_project.transform.text_table import write_text_table

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
    """Return the path of the Parquet with one row for each source, all texts; it is rewritten only when a contract changed.

    Raises ContractError when a source.yml cannot be used, OSError or duckdb.Error when the data folder cannot be written.
    """
    rows = [tuple(str(getattr(source, name)) for name in FIELDS) for source in load_sources().values()]
    return write_text_table(lake.clean("_meta", "sources.parquet"), COLUMNS, rows)

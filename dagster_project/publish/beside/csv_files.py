"""The published tables as CSV that a spreadsheet opens without running anything.

Only tables that a person can work with in a spreadsheet: the large facts would be 250 MB of text a release (measured on the
January 2026 files: 272 MB and 10 s, beside 34 MB of DuckDB). They are there as Parquet, and `hiw sql --csv` gives any part of them.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from dagster_project.duck import quote_literal
from dagster_project.release.contents import MAIN, columns_of, count_rows, qualified, tables_of

MAXIMUM_ROWS = 10_000
FORMULA_SIGNS = "=+-@\t\r"
FORMULA = f"^[{re.escape(FORMULA_SIGNS)}]"
"""A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection)."""


def write_csv_files(con: duckdb.DuckDBPyConnection, folder: Path, subfolder: str) -> dict[str, str]:
    """Return every published table of at most MAXIMUM_ROWS rows; gives the file of each table, relative to `folder`."""
    (folder / subfolder).mkdir(parents=True)
    written: dict[str, str] = {}
    for schema, table in tables_of(con, "copy"):
        relation = qualified("copy", schema, table)
        if schema == MAIN and count_rows(con, relation) <= MAXIMUM_ROWS:
            written[table] = f"{subfolder}/{table}.csv"
            con.execute(
                f"copy ({harmless_select(con, relation)}) to {quote_literal(str(folder / written[table]))} (format csv, header)"
            )
    return written


def harmless_select(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Return all columns of a relation; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    chosen = [_harmless(name) if kind == "VARCHAR" else qualified(name) for name, kind in columns_of(con, relation)]
    return f"select {', '.join(chosen)} from {relation}"


def _harmless(name: str) -> str:
    column = qualified(name)
    return f"case when regexp_matches({column}, {quote_literal(FORMULA)}) then chr(39) || {column} else {column} end as {column}"


def harmless(cell: object) -> object:
    """Return the same for one cell in Python."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in FORMULA_SIGNS and cell else cell

"""What a night leaves beside its marts, searched for texts that must not be in it: logs, databases, archives, Dagster's events.

Fault D1: a true count leaves by a log line or a table of failed rows as well as by a mart. Used by tests with planted values, and by an
operator who has a suspicion. It says where something was found, never what. Not here: the marts (disclosure.py).
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier or for SQLite alike, every value is a parameter

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from dagster_project.duck import connection, quote_literal
from dagster_project.duck import quote_identifier as q
from dagster_project.release.contents import columns_of, qualified

SQLITE = b"SQLite format 3\x00"
PARQUET, GZIP, ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"
DUCKDB_MARK = slice(8, 12)
FAILURE_SCHEMA = "dbt_test__audit"
"""The schema into which dbt writes the rows that failed a test, when store_failures is on."""


def find_in_artefacts(root: Path, needles: Mapping[str, str], *, leave_out: Collection[Path] = ()) -> list[str]:
    """`file: name of the needle` for each needle in each file below `root`; folders of `leave_out` are not entered.

    A number is searched for as it is and with commas. File names are searched too, databases row by row, archives unpacked.
    """
    wanted = {name: _spellings(text) for name, text in needles.items()}
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink()):
        if not any(folder in path.parents for folder in leave_out):
            texts = [str(path.relative_to(root)).encode(), *_texts_of(path)]
            hits = [name for name, spellings in wanted.items() if any(s in t for t in texts for s in spellings)]
            found += [f"{path.relative_to(root)}: {name}" for name in hits]
    return found


def tables_of_failures(warehouse: Path) -> list[str]:
    """Tables of failed rows in dbt's file: there must be none, because failed rows of a restricted model are true counts."""
    query = "select schema_name || '.' || table_name from duckdb_tables() where schema_name like ? order by all"
    with connection(warehouse, read_only=True) as con:
        return [str(row[0]) for row in con.execute(query, [f"%{FAILURE_SCHEMA}"]).fetchall()]


def _spellings(text: str) -> list[bytes]:
    spelled = {text}
    if text.isdigit():
        spelled.add(f"{int(text):,}")
    return [spelling.encode() for spelling in spelled]


def _texts_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and what they hold when they are unpacked or read as a database."""
    content = path.read_bytes()
    yield content
    if content.startswith(SQLITE):
        yield from _rows_of_sqlite(path)
    elif content[DUCKDB_MARK] == b"DUCK":
        yield from _rows_of_duckdb(path)
    elif content.startswith(PARQUET):
        with connection(None) as con:
            yield from _rows(con, f"read_parquet({quote_literal(str(path))})")
    elif content.startswith(GZIP):
        yield gzip.decompress(content)
    elif content.startswith(ZIP):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield archive.read(name)


def _rows_of_sqlite(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        tables = [row[0] for row in con.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in con.execute(f"select * from {q(table)}"):
                yield repr(row).encode()


def _rows_of_duckdb(path: Path) -> Iterator[bytes]:
    with connection(path, read_only=True) as con:
        query = "select schema_name, table_name from duckdb_tables() where not internal order by all"
        for schema, table in con.execute(query).fetchall():
            yield from _rows(con, qualified(schema, table))


def _rows(con: duckdb.DuckDBPyConnection, relation: str) -> Iterator[bytes]:
    """Every cell as text, one column after the other."""
    for name, _ in columns_of(con, relation):
        query = f"select string_agg(distinct {q(name)}::varchar, chr(10)) from {relation}"
        row = con.execute(query).fetchone()
        yield str(row[0] if row else "").encode()

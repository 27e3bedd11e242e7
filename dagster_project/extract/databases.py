"""A database in place of a file: DuckDB's own, SQLite's, or a PostgreSQL server; attached read only as `source`.

The last two need an extension of DuckDB that `make databases` installs as a package; DuckDB itself fetches nothing, and loads only what
its makers have signed. What a server says is never passed on: it names hosts and accounts.
"""

# ruff: noqa: S608 - names are quoted by duck.quote_identifier, paths and connection strings by duck.quote_literal
from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import duckdb

from dagster_project.duck import extension_file
from dagster_project.duck import quote_identifier as _q
from dagster_project.duck import quote_literal as _t
from dagster_project.extract.refused import Refused
from dagster_project.libpq import KEYWORDS, are_words, may_hold_password

SERVER = "postgres:"
EXTENSIONS = {"sqlite": "sqlite_scanner", "postgres": "postgres_scanner"}
FIRST_BYTES = {"duckdb": (8, b"DUCK"), "sqlite": (0, b"SQLite format 3\0")}
EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}
"""From where on two whole numbers are one."""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server, by the keywords of libpq."""

    words: str
    name: ClassVar[str] = "the PostgreSQL server"


def given_place(text: str) -> Path | Server:
    """Return what an argument names: a file, or a server behind `postgres:`. Raises Refused for a password, and for what libpq does not read."""
    if text.lower().startswith("postgres") and may_hold_password(text):
        raise Refused(
            "a password has no place in a command",
            "it is in the shell's history and in the list of processes; an address (postgres://) may hold one too",
            "put it into ~/.pgpass or the service file, write keywords (postgres:service=NAME), and change a password that you have written",
        )
    if not text.startswith(SERVER):
        return Path(text)
    words = text.removeprefix(SERVER)
    if not are_words(words):
        raise Refused(
            "the PostgreSQL server is not named in the words of libpq",
            f"behind `{SERVER}` stands what is not of the form keyword=value, or a keyword other than {', '.join(sorted(KEYWORDS))}",
            f"write {SERVER}service=NAME or '{SERVER}host=... dbname=... user=...', and all else into the service file",
        )
    return Server(words)


def attach(con: duckdb.DuckDBPyConnection, database: Path | Server) -> str:
    """Attach a database as `source`; return its kind. Raises Refused for a second one: the queries of both would read the first."""
    kind = "postgres" if isinstance(database, Server) else _required_kind(database)
    attached = con.execute("select path from duckdb_databases() where database_name = 'source'").fetchone()
    if attached is None:
        _open(con, kind, database)
    elif not _is_same(database, attached[0]):
        raise Refused(
            "the extract is in several databases",
            f"{database.name} is a second one",
            "put all tables into one database, or give the others as Parquet",
        )
    return kind


def kind_of(file: Path) -> str:
    """Return the kind of a file's database by its first bytes; "" for any other file."""
    with file.open("rb") as stream:
        head = stream.read(16)
    return next((kind for kind, (place, mark) in FIRST_BYTES.items() if head[place:].startswith(mark)), "")


def _required_kind(file: Path) -> str:
    if kind := kind_of(file):
        return kind
    raise Refused(
        f"{file.name} is no database",
        "it is a file neither of DuckDB nor of SQLite, or it is encrypted",
        "name the file of the database, or say in the mapping what it is (`format`)",
    )


def _is_same(database: Path | Server, attached: str) -> bool:
    if isinstance(database, Server):
        return database.words == attached
    return Path(attached).exists() and database.samefile(attached)


def _open(con: duckdb.DuckDBPyConnection, kind: str, database: Path | Server) -> None:
    if kind in EXTENSIONS:
        # A secret that is kept there would lead to another server than the one that is named.
        con.execute(f"set secret_directory = {_t(os.devnull)}")
        con.execute(f"load {_t(str(_extension(kind)))}")
    if kind == "sqlite":
        # A column of SQLite holds anything. By its type dd/mm/yyyy in a column of dates stops the reading, and long numbers lose digits.
        con.execute("set sqlite_all_varchar = true")
    where = database.words if isinstance(database, Server) else str(database)
    try:
        con.execute(f"attach {_t(where)} as source (type {kind}, read_only)")
    except duckdb.Error:
        if not isinstance(database, Server):
            raise
        raise Refused(
            "the PostgreSQL server cannot be read",
            "it does not answer, or does not let this account into this database",
            "try the same words with psql (psql service=NAME); its password belongs in ~/.pgpass or the service file",
        ) from None


def _extension(kind: str) -> Path:
    """The extension's file, of this DuckDB. Raises Refused where it is not installed."""
    if path := extension_file(EXTENSIONS[kind]):
        return path
    raise Refused(
        f"a database of the kind {kind} cannot be read yet",
        f"DuckDB's extension {EXTENSIONS[kind]} is not installed, or is of another version",
        "run `make databases` in the project's folder",
    )


def read_once(
    con: duckdb.DuckDBPyConnection, sql: str, columns: Iterable[tuple[str, str]], kind: str, table: str
) -> None:
    """Read columns (name and type) of a query on a database of this kind into a temporary table.

    A run reads its records several times, and others write to this database meanwhile: one statement sees one state of a server.
    A fraction of SQLite that is a whole number (110.0) is that number. Raises Refused for numbers too large to tell apart; a NaN
    of PostgreSQL's `numeric` is 0 here (DuckDB 1.5), one of `double precision` is nothing.
    """
    values, inexact = [], []
    for name, form in sorted(columns):
        value = _q(name)
        if kind == "sqlite" and form == "VARCHAR":
            inexact.append((name, f"regexp_full_match({value}, '-?[0-9.]+e[+][0-9]+')"))
            value = f"regexp_replace({value}, '^(-?[0-9]+)[.]0$', '\\1')"
        elif form in EXACT:
            inexact.append((name, f"isfinite({value}) and abs({value}) >= {EXACT[form]}"))
        values.append(f"{value} as {_q(name)}")
    con.execute(f"create temp table {_q(table)} as select {', '.join(values) or 1} from {sql}")
    looks = ", ".join(f"coalesce(bool_or({condition}), false)" for _, condition in inexact)
    found = con.execute(f"select {looks} from {_q(table)}").fetchone() if inexact else ()
    if wrong := [name for (name, _), is_wrong in zip(inexact, found or (), strict=True) if is_wrong]:
        raise Refused(
            f"numbers of {', '.join(wrong)} are too large to tell them apart",
            "the database hands them over as fractions, which hold 15 digits",
            "have them as text, or as whole numbers, in the table or in a view of the database",
        )

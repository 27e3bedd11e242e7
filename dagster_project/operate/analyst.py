"""The analyst's connection: read-only, no other file, no extension, nothing that can be switched back on.

It holds whoever comes through here; a person with the file can open it herself. Every way out is tried in tests/faults/test_analyst.py.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import Configuration, quote_literal
from dagster_project.lake.files import LakeError

HARDENED: Configuration = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    # CREATE PERSISTENT SECRET writes into the home folder whatever the file's own mode is.
    "allow_persistent_secrets": False,
    # A name in a query must never mean a variable of this process.
    "python_enable_replacements": False,
    # A query that outgrows the memory fails; it would otherwise spill into a folder beside the published file.
    "temp_directory": "",
    "memory_limit": "1GB",
    "lock_configuration": True,
}
READS = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
"""Kinds of statements that are asked: WITH, FROM, VALUES, DESCRIBE, SHOW and SUMMARIZE count as SELECT."""
Rows = tuple[list[str], list[tuple[Any, ...]]]
SNIPPETS = {
    "python": """\
# pip install duckdb
import duckdb
con = duckdb.connect({path!r}, read_only=True)
con.sql("select * from meta.example_queries").show()""",
    "r": """\
# install.packages("duckdb")
library(duckdb)
con <- dbConnect(duckdb(), dbdir = "{path}", read_only = TRUE)
dbGetQuery(con, "select * from meta.example_queries")""",
    "duckdb": """\
-- duckdb -readonly '{path}', or from a session that is open:
attach '{path}' as marts (read_only);
use marts;
select * from meta.example_queries;""",
}


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Return a hardened connection to the published file; raises LakeError when there is none yet."""
    if not path.exists():
        raise LakeError(str(path), "nothing is published yet", "run `make refresh`")
    return duckdb.connect(str(path.resolve()), read_only=True, config=HARDENED)


def ask(path: Path, query: str) -> Rows:
    """Column names and rows of one query; raises LakeError with DuckDB's own message.

    Only a statement that reads is handed on: a CALL can reach what no setting closes (logging into a file, DuckDB 1.5.5).
    """
    connection = open_published(path)
    try:
        statements = connection.extract_statements(query)
        if [statement.type in READS for statement in statements] != [True]:
            raise LakeError("the query", "one statement that reads is expected", "ask with SELECT, one query at a time")
        cursor = connection.execute(statements[0])
        columns = [str(column[0]) for column in cursor.description or []]
        return columns, cursor.fetchall()
    except duckdb.Error as error:
        raise LakeError("the query", str(error), "look at `select * from meta.data_dictionary`") from error
    finally:
        connection.close()


def explore_command(path: Path) -> list[str]:
    """DuckDB's own shell on the published file, read-only and with the settings of HARDENED; raises LakeError when there is none yet.

    Chosen by trying it against Harlequin 2.17: that needs 42 packages, and beside the pinned versions of Dagster and dbt it resolves to
    0.0.27 of 2023. The shell is one wheel of DuckDB's authors, of the version of the library, and asks nothing of the network. It has a
    safe mode that its wheel's starter makes unusable (1.5.5 sets extension_directories after it), so the settings are given one by one:
    the folder for spilling before access to files ends, the lock last.
    """
    if not path.exists():
        raise LakeError(str(path), "nothing is published yet", "run `make refresh`")
    of_the_shell = {name: value for name, value in HARDENED.items() if not name.startswith("python_")}
    ordered = sorted(of_the_shell, key=lambda name: (name == "lock_configuration", name != "temp_directory"))
    settings = [part for name in ordered for part in ("-cmd", f"set {name} = {quote_literal(str(of_the_shell[name]))}")]
    return [str(Path(sys.executable).with_name("duckdb")), "-no-init", "-readonly", *settings, str(path.resolve())]


def explore(path: Path) -> int:
    """Run the shell to its end; gives its exit code. Raises LakeError when nothing is published yet."""
    command = explore_command(path)
    # Ctrl-C ends a query of the shell, not this process: a handler, unlike SIG_IGN, is not handed on to the shell.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(command)


def list_examples(path: Path) -> Rows:
    """Return every example query of the published file without its SQL, in the order of the file: those that give rows first."""
    return ask(path, "select * exclude (sql) from meta.example_queries")


def example_sql(path: Path, name: str) -> str:
    """Return the SQL of an example query; raises LakeError naming what there is."""
    queries: dict[str, str] = dict(ask(path, "select name, sql from meta.example_queries order by name")[1])
    if name not in queries:
        raise LakeError(f"the query {name}", "there is no example query of that name", f"one of: {', '.join(queries)}")
    return queries[name]


def attach_snippet(path: Path, language: str = "") -> str:
    """Return what to paste to open the published file; "" gives all languages. Raises LakeError for another language."""
    if language and language not in SNIPPETS:
        raise LakeError(f"attach {language}", "there is no snippet for it", f"one of: {', '.join(SNIPPETS)}")
    chosen = [language] if language else list(SNIPPETS)
    return "\n\n".join(SNIPPETS[name].format(path=str(path)) for name in chosen)

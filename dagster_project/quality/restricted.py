"""Whether anything of the returns area itself is in a candidate: its tables, its columns of true counts, its paths.

Restricted tables are those of the warehouse's schema `restricted`; nothing of that name leaves, whatever an exposure or a policy says.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from dagster_project.contracts.check import CheckResult
from dagster_project.duck import quote_identifier as q
from dagster_project.quality.safe_counts import declarations
from dagster_project.release.contents import columns_of, qualified, tables_of
from dagster_project.release.dbt_artifacts import ExposedModel

NAME = "disclosure.restricted"
RESTRICTED = "restricted"
STATUS = "_status"
COMMON = frozenset({"numerator", "denominator", "value"})
"""Words of published statistics as well as of returns: their names say nothing about where they come from."""
PATHS = r"(^|/)returns/(inbox|received|clean|quarantine)(/|$)"
"""Where a path into the returns area leads; asked only of texts that hold PIECE, because a pattern over a whole release takes seconds."""
PIECE = "returns/"


def audit_restricted(con: duckdb.DuckDBPyConnection, models: tuple[ExposedModel, ...], data_folder: str) -> CheckResult:
    """Return the result `disclosure.restricted`; the candidate is attached as `draft`, the warehouse as `warehouse`."""
    try:
        found = [*_schemas(con), *_names(con, models), *_texts(con, data_folder)]
    except duckdb.Error as error:
        found = [f"could not be audited: {error}"]
    summary = "; ".join(found) or "nothing of the returns area is in the candidate"
    return CheckResult(NAME, "disclosure", "", not found, "critical", summary, {"violations": len(found)})


def _schemas(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    query = "select schema_name from duckdb_schemas() where database_name = 'draft' and schema_name like ? order by all"
    for (name,) in con.execute(query, [f"%{RESTRICTED}%"]).fetchall():
        yield f"the candidate has a schema {name}"


def _names(con: duckdb.DuckDBPyConnection, models: tuple[ExposedModel, ...]) -> Iterator[str]:
    """Tables named like a restricted one, and columns named like one of true counts that no declaration answers for."""
    columns = _restricted_columns(con)
    counts = {name for names in columns.values() for name in names if name + STATUS in names} - COMMON
    answered = {(model.name, name) for model, safe in declarations(models) for name in safe.number_columns()}
    for schema, table in tables_of(con, "draft"):
        if table in columns:
            yield f"{schema}.{table} has the name of a restricted table"
        for column, _ in columns_of(con, qualified("draft", schema, table)):
            if column in counts and (table, column) not in answered:
                yield f"{table}.{column} has the name of a count of the returns"


def _restricted_columns(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Columns of every restricted table and view; a count of a return has a status beside it.

    Asked of the catalogue: a view over the returns' files opens them when it is described, by paths that only dbt's process knows.
    """
    query = "select table_name, column_name from duckdb_columns() where database_name = 'warehouse' and schema_name = ?"
    found: dict[str, set[str]] = {}
    for table, column in con.execute(query, [RESTRICTED]).fetchall():
        found.setdefault(table, set()).add(column)
    return found


def _texts(con: duckdb.DuckDBPyConnection, data_folder: str) -> Iterator[str]:
    """Texts that lead into the returns area or name the data folder."""
    for schema, table in tables_of(con, "draft"):
        relation = qualified("draft", schema, table)
        texts = [name for name, kind in columns_of(con, relation) if kind == "VARCHAR"]
        if not texts:
            continue
        looked = ", ".join(f"bool_or(contains({q(name)}, ?)), bool_or(contains({q(name)}, ?))" for name in texts)
        row = con.execute(f"select {looked} from {relation}", [PIECE, data_folder] * len(texts)).fetchone() or ()
        for name, piece, folder in zip(texts, row[::2], row[1::2], strict=True):
            led = f"select bool_or(regexp_matches({q(name)}, ?)) from {relation}"
            if folder or (piece and con.execute(led, [PATHS]).fetchone() == (True,)):
                yield f"{table}.{name} holds a path into the data folder"

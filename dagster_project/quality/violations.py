"""Rows of a candidate that break a condition, counted and named by their keys: what every disclosure policy reports."""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from dagster_project.release.contents import MAIN, columns_of, qualified
from dagster_project.release.dbt_artifacts import ExposedModel

Violation = tuple[str, int, list[tuple[object, ...]]]
"""What is wrong, in how many rows, and the keys of some of them. Never a value."""
Violations = Iterator[Violation]
ORIGINS = {"published": ("published", "return"), "synthetic": ("synthetic",)}
"""data_origin of a release -> what its rows may say. Returns are real figures, so they never mix with synthetic ones."""


def draft_of(model: ExposedModel) -> str:
    """Return the mart's table in the candidate, which is attached as `draft`."""
    return qualified("draft", MAIN, model.name)


def types_of(con: duckdb.DuckDBPyConnection, model: ExposedModel) -> dict[str, str]:
    """Column -> type, of the mart in the candidate."""
    return dict(columns_of(con, draft_of(model)))


def violations(
    con: duckdb.DuckDBPyConnection,
    model: ExposedModel,
    condition: str,
    text: str,
    values: list[object] | None = None,
) -> Violations:
    """Return the rows of the mart for which `condition` holds, as one violation; nothing where there is none."""
    key = ", ".join(qualified(name) for name in model.key)
    query = f"select {key}, count(*) over () from {draft_of(model)} where {condition} order by all limit 20"
    rows = con.execute(query, values or []).fetchall()
    if rows:
        yield f"{rows[0][-1]:,} {text}", int(rows[0][-1]), [row[:-1] for row in rows]

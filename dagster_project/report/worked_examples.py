"""Show the worked example of a table: given rows, expected rows and the sum, from meta.worked_examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dagster_project.report.blocks import Block, Paragraph, Tabular
from dagster_project.report.context import Context
from dagster_project.report.tables import plain_table

TABLE = "meta.worked_examples"
TITLES = {"given": "Given: rows of {}", "expected": "Expected: rows of {}"}
Rows = Sequence[Mapping[str, Any]]


def example_of(context: Context, table: str) -> list[Block]:
    """Return the blocks of the example of one table; none where the release holds none."""
    if not context.marts.has(TABLE, "table_name", "rows_json"):
        return []
    parts = context.marts.pairs(
        "select explanation, part, relation, rows_json from meta.worked_examples where table_name = ? order by part_no",
        [table],
    )
    shown: list[Block] = [Paragraph(str(parts[0][0]))] if parts else []
    for _, part, relation, rows in parts:
        shown += _rows(TITLES[part].format(relation), json.loads(rows))
    return shown


def _rows(title: str, rows: Rows) -> list[Block]:
    """A table of what tells the rows apart; what all of them share is one sentence."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    told = [column for column in columns if len({str(row.get(column)) for row in rows}) > 1] or columns
    shared = ", ".join(f"{column} {_words(rows[0][column])}" for column in columns if column not in told)
    lines = [[_words(row.get(column)) for column in told] for row in rows]
    said = [Paragraph(f"In every row: {shared}.")] if shared else []
    return [Tabular(plain_table(title, told, lines)), *said]


def _words(value: Any) -> str:
    return "NULL" if value is None else str(value)

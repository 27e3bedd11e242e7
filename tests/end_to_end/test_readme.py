"""The queries of the README and the results printed under them, run on the real published files.

To write the results anew after a change of the marts: HIW_WRITE_README=1 pytest tests/end_to_end/test_readme.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import pytest

from tests.warehouses import Warehouse

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"```sql\n(?P<query>.*?)```\n\n```text\n(?P<result>.*?)```", re.DOTALL)
QUERIES = 11
LONGEST_RESULT = 14


def render(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """A result as aligned columns; at most the first rows."""
    cursor = connection.execute(query)
    names = [str(column[0]) for column in cursor.description or []]
    rows = cursor.fetchall()
    cells = [names, *([_text(cell) for cell in row] for row in rows[:LONGEST_RESULT])]
    widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    if len(rows) > LONGEST_RESULT:
        lines.append(f"... {len(rows) - LONGEST_RESULT} more rows")
    return "\n".join(lines) + "\n"


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


@pytest.mark.requires_mirror
def test_the_first_queries_of_the_readme_give_the_results_that_it_shows(mirror_warehouse: Warehouse) -> None:
    text = README.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == QUERIES
    with duckdb.connect(str(mirror_warehouse.lake / "published" / "marts.duckdb"), read_only=True) as connection:
        results = [render(connection, block["query"]) for block in blocks]
    if os.environ.get("HIW_WRITE_README"):
        for block, result in zip(reversed(blocks), reversed(results), strict=True):
            text = text[: block.start("result")] + result + text[block.end("result") :]
        README.write_text(text, encoding="utf-8")
        return
    for block, result in zip(blocks, results, strict=True):
        assert result == block["result"], block["query"]

"""Run the queries of the README and of the guides on the real published files, and compare the results printed under them.

To write the results again after a change of the marts: HIW_WRITE_README=1 pytest tests/end_to_end/test_readme.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import pytest

from tests.fixtures.guides import GUIDES
from tests.warehouses import Warehouse

BLOCK = re.compile(r"```sql\n(?P<query>.*?)```\n\n```text\n(?P<result>.*?)```", re.DOTALL)
QUERIES = 18
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
def test_the_queries_of_the_guides_give_the_results_that_they_show(mirror_warehouse: Warehouse) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in GUIDES}
    blocks = [(path, block) for path, text in texts.items() for block in BLOCK.finditer(text)]
    assert len(blocks) == QUERIES == sum(text.count("```sql\n") for text in texts.values())
    with duckdb.connect(str(mirror_warehouse.lake / "published" / "marts.duckdb"), read_only=True) as connection:
        results = [render(connection, block["query"]) for _, block in blocks]
    if os.environ.get("HIW_WRITE_README"):
        _write(texts, blocks, results)
        return
    for (path, block), result in zip(blocks, results, strict=True):
        assert result == block["result"], f"{path}: {block['query']}"


def _write(texts: dict[Path, str], blocks: list[tuple[Path, re.Match[str]]], results: list[str]) -> None:
    for (path, block), result in zip(reversed(blocks), reversed(results), strict=True):
        texts[path] = texts[path][: block.start("result")] + result + texts[path][block.end("result") :]
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")

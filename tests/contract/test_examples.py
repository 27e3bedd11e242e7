"""Every published table has one small worked example: rows given, rows expected, and the sum in words.

It is a unit test of dbt tagged `example` in the _examples.yml beside the model, which dbt runs in tests/integration/marts/test_dbt_unit_tests.py;
here is asked that it exists and can be read in a minute.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from dagster_project.release.worked_examples import TAG
from dagster_project.settings import PROJECT_ROOT

MARTS = PROJECT_ROOT / "dbt" / "models" / "marts"
MOST_ROWS, MOST_EXPECTED, MOST_COLUMNS, MOST_CELLS = 12, 10, 8, 60
"""Rows of one input, rows and columns expected, and cells that tell the rows of one input apart."""
FEWEST_LETTERS = 60
Test = Mapping[str, Any]


def faults(tables: Sequence[str], tests: Sequence[Test]) -> Iterator[str]:
    """What is missing or too large, in words that say what to do."""
    examples = [test for test in tests if TAG in test.get("config", {}).get("tags", [])]
    for table in tables:
        own = [test for test in examples if test["model"] == table]
        if len(own) != 1:
            yield f"{table} has {len(own)} worked examples: give it one in the _examples.yml beside it (tags: [{TAG}])"
        for test in own:
            yield from (f"{table}: {fault}" for fault in _too_much(test))


def _too_much(test: Test) -> Iterator[str]:
    if len(test.get("description", "")) < FEWEST_LETTERS:
        yield "the description does not say the sum"
    parts = [*test["given"], test["expect"]]
    if any(part.get("format") == "sql" for part in parts):
        yield "rows in SQL cannot be shown: give them as rows or csv"
        return
    given, expected = [_rows(part) for part in test["given"]], _rows(test["expect"])
    if not expected or len(expected) > MOST_EXPECTED or len(expected[0]) > MOST_COLUMNS:
        yield f"expect 1 to {MOST_EXPECTED} rows of at most {MOST_COLUMNS} columns"
    if any(len(rows) > MOST_ROWS or _telling_cells(rows) > MOST_CELLS for rows in given):
        yield f"give at most {MOST_ROWS} rows of an input, and {MOST_CELLS} cells that tell them apart"


def _rows(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = part.get("rows") or []
    return list(csv.DictReader(io.StringIO(rows))) if isinstance(rows, str) else rows


def _telling_cells(rows: Sequence[Mapping[str, Any]]) -> int:
    columns = {column for row in rows for column in row}
    return sum(len(rows) for column in columns if len({str(row.get(column)) for row in rows}) > 1)


def _published() -> tuple[list[str], list[Test]]:
    files = [yaml.safe_load(path.read_text("utf-8")) or {} for path in sorted(MARTS.rglob("*.yml"))]
    tables = [model["name"] for content in files for model in content.get("models") or []]
    return tables, [test for content in files for test in content.get("unit_tests") or []]


def test_every_published_table_has_one_example_that_can_be_read_in_a_minute() -> None:
    tables, tests = _published()
    assert list(faults(tables, tests)) == []


def test_a_table_without_an_example_or_with_a_large_one_is_named() -> None:
    small = {
        "model": "small",
        "description": "One of four pathways waits over 52 weeks: 1 / 4 = 0.25. " * 2,
        "config": {"tags": [TAG]},
        "given": [{"input": "ref('a')", "rows": [{"numerator": 1, "denominator": 4}]}],
        "expect": {"rows": [{"value": 0.25}]},
    }
    large = small | {"model": "large", "given": [{"input": "ref('a')", "rows": [{"n": n} for n in range(13)]}]}
    silent = small | {"model": "silent", "description": "Works."}
    hidden = small | {"model": "hidden", "given": [{"input": "ref('a')", "format": "sql", "rows": "select 1"}]}
    untagged = small | {"model": "none", "config": {}}
    said = list(faults(["small", "large", "silent", "hidden", "none"], [small, large, silent, hidden, untagged]))
    assert [fault.split(":")[0].split(" ")[0] for fault in said] == ["large", "silent", "hidden", "none"]

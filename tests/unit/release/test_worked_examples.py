"""The worked example of a table: read from dbt's manifest, held in the release, shown on the page of the table."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb

from dagster_project.release.meta import create_meta, insert
from dagster_project.release.worked_examples import read_examples
from dagster_project.report.blocks import Paragraph, Tabular
from dagster_project.report.context import Context
from dagster_project.report.marts import Marts
from dagster_project.report.worked_examples import example_of

GIVEN = [
    {"organisation_code": "R9A", "unit": "share", "numerator": 1},
    {"organisation_code": "R9B", "unit": "share", "numerator": None},
]
EXAMPLE = {
    "name": "example_mart_a",
    "model": "mart_a",
    "description": "1 of 4\n  is 0.25.",
    "config": {"tags": ["example"]},
    "given": [
        {"input": "source('meta', 'sources')", "rows": GIVEN},
        {"input": "ref('dim_group')", "rows": []},
    ],
    "expect": {"rows": [{"value": 0.25}]},
}


def shown(folder: Path, table: str) -> list[Any]:
    manifest = folder / "manifest.json"
    other = EXAMPLE | {"name": "larger", "config": {"tags": []}}
    manifest.write_text(json.dumps({"unit_tests": {"a": EXAMPLE, "b": other}}), encoding="utf-8")
    with duckdb.connect() as con:
        create_meta(con, "memory")
        insert(con, "memory", "worked_examples", read_examples(manifest, ["mart_a"]))
        return example_of(cast(Context, SimpleNamespace(marts=Marts(con))), table)


def test_an_example_is_shown_with_its_sum_and_what_all_its_rows_share_is_said_once(tmp_path: Path) -> None:
    said, given, shared, expected = shown(tmp_path, "mart_a")
    assert (said, shared) == (Paragraph("1 of 4 is 0.25."), Paragraph("In every row: unit share."))
    assert isinstance(given, Tabular) and isinstance(expected, Tabular)
    assert given.table.caption == "Given: rows of meta.sources"
    assert [[cell.text for cell in line.cells] for line in given.table.lines] == [["R9A", "1"], ["R9B", "NULL"]]
    assert expected.table.caption == "Expected: rows of mart_a"
    assert [[cell.text for cell in line.cells] for line in expected.table.lines] == [["0.25"]]


def test_a_table_without_an_example_has_no_blocks(tmp_path: Path) -> None:
    assert shown(tmp_path, "mart_b") == []

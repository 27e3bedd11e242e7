"""Reads the reference vectors and applies the pass rule of their manifest.

The rule: |a - b| <= max(relative * |b|, absolute), labels exact, an empty cell is NULL, rows with `expect` = info are not compared.
"""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

REPOSITORY = Path(__file__).parents[3]
Row = Mapping[str, Any]


def find_vectors() -> Path:
    """The folder of the vectors: HIW_VECTORS, else `../shared/vectors` beside the checkout."""
    return Path(os.environ.get("HIW_VECTORS") or REPOSITORY.parent / "shared" / "vectors")


def read_family(family: str) -> dict[str, Any]:
    """The manifest's entry of one family: files, key, output columns with tolerances, labels."""
    manifest = json.loads((find_vectors() / "manifest.json").read_text(encoding="utf-8"))
    return next(entry for entry in manifest["families"] if entry["id"] == family)


def read_rows(file: str) -> list[dict[str, str]]:
    """The rows of a file of vectors as text; an empty cell is an empty string."""
    with (find_vectors() / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def load_cases(query: str = "select * from inputs", **files: str) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with one table for each file, and `cases`, what `query` makes of them.

    A column `code` is read as text: ethnic category 99 is no number.
    """
    connection = duckdb.connect()
    for table, file in files.items():
        text = ", types = {'code': 'VARCHAR'}" if "code" in read_rows(file)[0] else ""
        source = f"read_csv(?, header = true, sample_size = -1{text})"
        connection.execute(f"create table {table} as select * from {source}", [str(find_vectors() / file)])
    connection.execute(f"create table cases as {query}")
    return connection


def explain_number(value: object, expected: str, relative: float, absolute: float) -> str | None:
    """Why a number fails the pass rule; None when it passes. An empty expectation demands NULL, and NaN is no NULL."""
    if expected == "":
        return None if value is None else f"{value!r} should be NULL"
    if not isinstance(value, int | float) or not math.isfinite(value):
        return f"{value!r} should be {expected}"
    limit = max(relative * abs(float(expected)), absolute)
    return None if abs(value - float(expected)) <= limit else f"{value!r} should be {expected}"


def explain_label(value: object, expected: str) -> str | None:
    """Why a label is not exactly the expected one; None when it is. An empty expectation demands NULL."""
    if expected == "":
        return None if value is None else f"{value!r} should be NULL"
    same = value == float(expected) if isinstance(value, float) else str(value) == expected
    return None if same else f"{value!r} should be {expected}"


def index_rows(rows: Iterable[Row], keys: list[str]) -> dict[tuple[str, ...], Row]:
    """Rows by key, compared as text. Raises AssertionError for a key that comes twice."""
    indexed: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(str(row[column]) for column in keys)
        assert key not in indexed, f"{key} comes twice"
        indexed[key] = row
    return indexed


def explain_row(got: Row, expected: Mapping[str, str], family: Mapping[str, Any], scale: float = 1.0) -> list[str]:
    """Every deviation of one row; `scale` multiplies the absolute tolerances. An undefined row must give a reason."""
    deviations = []
    for column, (relative, absolute) in family.get("outputs", {}).items():
        why = explain_number(got[column], expected[column], relative, absolute * scale)
        deviations += [f"{column}: {why}"] if why else []
    for column in family.get("labels", []):
        why = explain_label(got[column], expected[column])
        deviations += [f"{column}: {why}"] if why else []
    if expected.get("expect") == "undefined" and not got["reason"]:
        deviations.append("no reason is given")
    return deviations


def explain_family(
    expected: Iterable[Mapping[str, str]],
    got: Iterable[Row],
    family: Mapping[str, Any],
    scales: Mapping[str, float] | None = None,
) -> list[str]:
    """Every deviation of a family, one line each; an empty list is the pass.

    `scales` multiplies the absolute tolerance by case (first key). A row that is expected and not given is a deviation.
    """
    indexed = index_rows(got, family["key"])
    deviations = []
    for row in expected:
        key = tuple(row[column] for column in family["key"])
        if row.get("expect") == "info":
            continue
        scale = (scales or {}).get(key[0], 1.0)
        found = explain_row(indexed[key], row, family, scale) if key in indexed else ["no row"]
        deviations += [f"{'/'.join(key)} {why}" for why in found]
    return deviations


def take_part(family: Mapping[str, Any], outputs: Iterable[str] = (), labels: Iterable[str] = ()) -> dict[str, Any]:
    """The family with these outputs and labels only, for a family whose columns lie in two files."""
    wanted = set(outputs)
    kept = {column: rule for column, rule in family.get("outputs", {}).items() if column in wanted}
    return {"key": family["key"], "outputs": kept, "labels": list(labels)}

"""Reads the reference vectors and applies the pass rule of their manifest: |a - b| <= max(relative * |b|, absolute), labels exact."""

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
Tolerance = tuple[float, float]


def find_vectors() -> Path:
    """The folder of the vectors: HIW_VECTORS, else `../shared/vectors` beside the checkout."""
    return Path(os.environ.get("HIW_VECTORS") or REPOSITORY.parent / "shared" / "vectors")


def read_family(folder: Path, family: str) -> dict[str, Any]:
    """The manifest's entry of one family."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return next(entry for entry in manifest["families"] if entry["id"] == family)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file of vectors as text; an empty cell is an empty string."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load_cases(path: Path, text_columns: Iterable[str] = ()) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB whose table `cases` holds a file of inputs; `text_columns` are never read as numbers."""
    connection = duckdb.connect()
    types = ", ".join(f"'{column}': 'VARCHAR'" for column in text_columns)
    options = "header = true, sample_size = -1" + (f", types = {{{types}}}" if types else "")
    connection.execute(f"create table cases as select * from read_csv(?, {options})", [str(path)])
    return connection


def is_missing(value: object) -> bool:
    """True for SQL NULL only: a NaN or an infinity is a wrong answer."""
    return value is None


def explain_number(value: object, expected: str, tolerance: Tolerance) -> str | None:
    """Why a number fails the pass rule; None when it passes. An empty expectation demands NULL."""
    if expected == "":
        return None if is_missing(value) else f"{value!r} should be NULL"
    if not isinstance(value, int | float) or not math.isfinite(value):
        return f"{value!r} should be {expected}"
    relative, absolute = tolerance
    limit = max(relative * abs(float(expected)), absolute)
    return None if abs(value - float(expected)) <= limit else f"{value!r} should be {expected}"


def explain_label(value: object, expected: str) -> str | None:
    """Why a label is not exactly the expected one; None when it is. An empty expectation demands NULL."""
    if expected == "":
        return None if is_missing(value) else f"{value!r} should be NULL"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    wanted = f"{float(expected):g}" if isinstance(value, float) else expected
    return None if shown == wanted else f"{value!r} should be {expected}"


def index_rows(rows: Iterable[Row], keys: list[str]) -> dict[tuple[str, ...], Row]:
    """Rows by key; keys are compared as text. Raises AssertionError for a key that comes twice."""
    indexed: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(str(row[column]) for column in keys)
        assert key not in indexed, f"{key} comes twice"
        indexed[key] = row
    return indexed


def explain_family(
    expected: Iterable[Mapping[str, str]],
    got: Iterable[Row],
    keys: list[str],
    numbers: Mapping[str, Tolerance],
    labels: Iterable[str] = (),
    absolute_scale: Mapping[str, float] | None = None,
) -> list[str]:
    """Every deviation of a family, one line each; the pass is an empty list.

    `absolute_scale` multiplies the absolute tolerance by case (first key). Rows whose `expect` is `info` are not compared. A row that
    is expected and not given is a deviation.
    """
    indexed = index_rows(got, keys)
    deviations: list[str] = []
    for row in expected:
        if row.get("expect") == "info":
            continue
        key = tuple(row[column] for column in keys)
        if key not in indexed:
            deviations.append(f"{key}: no row")
            continue
        scale = (absolute_scale or {}).get(key[0], 1.0)
        for column, (relative, absolute) in numbers.items():
            why = explain_number(indexed[key][column], row[column], (relative, absolute * scale))
            deviations += [f"{key} {column}: {why}"] if why else []
        for column in labels:
            why = explain_label(indexed[key][column], row[column])
            deviations += [f"{key} {column}: {why}"] if why else []
    return deviations

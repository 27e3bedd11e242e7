"""Reading a built report as a reader does, and looking its figures up in the published file, past the code that wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from bs4 import BeautifulSoup, Tag

SHORTHAND = {"[c]", "[x]", "[z]"}
HIDDEN = {
    "suppressed": "[c]",
    "bounded": "[c]",
    "not_collected": "[x]",
    "missing": "[x]",
    "not_available": "[x]",
    "not_known": "[x]",
    "not_measured": "[x]",
    "not_shown": "[x]",
    "not_applicable": "[z]",
}
NUMBER = re.compile(r"[+−-]?\d(?:[\d,]*\d)?(?:\.\d+)?%?")


@dataclass(frozen=True)
class Shown:
    """A figure on a page and the cell it claims to be."""

    page: str
    table: str
    key: tuple[tuple[str, str | None], ...]
    column: str
    form: str
    text: str


@dataclass(frozen=True)
class Site:
    folder: Path
    marts: Path
    names: tuple[str, ...]

    @property
    def pages(self) -> list[str]:
        return [name for name in self.names if name.endswith(".html")]

    def page(self, name: str) -> BeautifulSoup:
        """A page, parsed once for all tests."""
        if name not in self._parsed:
            self._parsed[name] = BeautifulSoup((self.folder / name).read_text(encoding="utf-8"), "html.parser")
        return self._parsed[name]

    @cached_property
    def _parsed(self) -> dict[str, BeautifulSoup]:
        return {}

    @cached_property
    def cells(self) -> Cells:
        return Cells(self.marts)


class Cells:
    """Cells of the published file by table, key and column."""

    def __init__(self, marts: Path) -> None:
        self._marts = marts
        self._tables: dict[tuple[str, tuple[str, ...]], dict[tuple[str | None, ...], list[dict[str, Any]]]] = {}

    def names(self) -> list[str]:
        """Names of indicators, groups and organisations, which may hold digits."""
        with duckdb.connect(str(self._marts), read_only=True) as con:
            sql = "select indicator_name from dim_indicator union select group_name from dim_group union select organisation_name from dim_organisation"
            return [row[0] for row in con.execute(sql).fetchall() if row[0]]

    def row(self, table: str, key: tuple[tuple[str, str | None], ...]) -> dict[str, Any]:
        """The one row that has this key; fails where there is none or more than one."""
        names = tuple(name for name, _ in key)
        rows = self._index(table, names).get(tuple(value for _, value in key), [])
        assert len(rows) == 1, f"{table}: {len(rows)} rows have the key {key}"
        return rows[0]

    def _index(self, table: str, names: tuple[str, ...]) -> dict[tuple[str | None, ...], list[dict[str, Any]]]:
        if (table, names) not in self._tables:
            with duckdb.connect(str(self._marts), read_only=True) as con:
                listed = ", ".join(f'cast("{name}" as varchar) as "key_{place}"' for place, name in enumerate(names))
                found = con.execute(f"select {listed}, * from {table}")
                columns = [column[0] for column in found.description]
                rows = found.fetchall()
            index: dict[tuple[str | None, ...], list[dict[str, Any]]] = {}
            for row in rows:
                index.setdefault(row[: len(names)], []).append(dict(zip(columns, row, strict=True)))
            self._tables[table, names] = index
        return self._tables[table, names]


def figures_of(page: str, soup: BeautifulSoup) -> Iterator[Shown]:
    """Every figure of a page: cells of tables, and figures within sentences."""
    for table in soup.select("table[data-table]"):
        if not table["data-table"]:
            continue
        heads = table.select("thead th")
        common = json.loads(str(table["data-key"]))
        for line in table.select("tbody tr"):
            key = common | json.loads(str(line["data-key"]))
            for head, cell in zip(heads, line.find_all(["th", "td"], recursive=False), strict=True):
                if head.has_attr("data-column"):
                    yield _shown(page, str(table["data-table"]), key, head, cell)
    for span in soup.select("span[data-table]"):
        yield _shown(page, str(span["data-table"]), json.loads(str(span["data-key"])), span, span)


def _shown(page: str, table: str, key: dict[str, str | None], described: Tag, cell: Tag) -> Shown:
    column, form = str(described["data-column"]), str(cell.get("data-format") or described["data-format"])
    return Shown(page, table, tuple(key.items()), column, form, cell.get_text(strip=True))


CORE20PLUS5 = {
    "all_value": "all_value_status",
    "all_ci_lower_95": "all_value_status",
    "all_ci_upper_95": "all_value_status",
    "core20_value": "core20_value_status",
    "rest_value": "rest_value_status",
    "core20_gap": "core20_value_status rest_value_status",
    "core20_gap_ci_lower_95": "core20_value_status rest_value_status",
    "core20_gap_ci_upper_95": "core20_value_status rest_value_status",
    "target": "target_reading",
}
STATUS = {
    "mart_hi_rate": {"": "value_status", "denominator": "denominator_status"},
    "mart_inclusion_health": {
        "value": "value_status",
        "reference_value": "reference_value_status",
        "": "rate_ratio_status",
    },
    "mart_target_progress": {"value": "value_status", "core20_value": "core20_value_status"},
    "mart_plus_group": {"": "gap_status"},
    "mart_workforce_equality": {"numerator": "numerator_status", "denominator": "denominator_status"},
    "mart_five_priorities": {"core20_gap": "core20_gap_reading"},
    "mart_core20plus5_adults": CORE20PLUS5,
    "mart_core20plus5_children": CORE20PLUS5,
}
"""Table -> column ("" for the others) -> the column that says why a figure is not there; value_status elsewhere. Of several the first that is
not `published`."""


def shorthand_of(shown: Shown, row: dict[str, Any]) -> tuple[str, str]:
    """The shorthand that a missing figure should have, and the status behind it."""
    columns = STATUS.get(shown.table, {})
    asked = columns.get(shown.column, columns.get("", "value_status")).split()
    status = next((s for s in (str(row.get(name)) for name in asked) if s != "published"), "published")
    if status == "withheld":
        return ("[c]" if "small number" in str(row["withheld_reason"]) else "[x]"), status
    return HIDDEN.get(status, "[z]"), status


def _problem_with_bounds(shown: Shown, row: dict[str, Any]) -> str | None:
    """A value with hidden counts is shown as the two ends between which it lies."""
    ends, column = shown.text.split(" to "), shown.column
    if len(ends) != 2 or row[column] is not None:
        return f"{shown} is bounded, so two ends and no value"
    as_value = row | {"value_status": "published"}
    parts = [
        problem_with(replace(shown, text=end), as_value | {column: row[f"{column}_{name}"]})
        for end, name in zip(ends, ("low", "high"), strict=True)
    ]
    return next((part for part in parts if part), None)


def problem_with(shown: Shown, row: dict[str, Any]) -> str | None:
    """Why the text is not the cell, None where it is: the same to the digits shown, or the right shorthand."""
    value = row[shown.column]
    if value is None and row.get("value_status") == "bounded" and row.get(f"{shown.column}_low") is not None:
        return _problem_with_bounds(shown, row)
    if value is None:
        wanted, status = shorthand_of(shown, row)
        return None if shown.text == wanted else f"{shown} is NULL with status {status}, so {wanted}"
    if shown.text in SHORTHAND:
        return f"{shown} is {value} in the file"
    if not NUMBER.fullmatch(shown.text):
        return f"{shown} is no number"
    digits = shown.text.replace("−", "-").replace(",", "").lstrip("+")
    number, scale = Decimal(digits.rstrip("%")), 100 if shown.form.startswith(("percent", "points")) else 1
    if digits.endswith("%") != shown.form.startswith(("percent", "share")):
        return f"{shown} has the wrong unit"
    places = -int(number.as_tuple().exponent)
    off = abs(number - Decimal(repr(float(value))) * scale)
    return None if off <= Decimal("0.5").scaleb(-places) + Decimal("1e-9") else f"{shown} is {value} in the file"

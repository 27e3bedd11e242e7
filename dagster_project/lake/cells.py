"""A second look at a sheet, by another reader than the one that takes its cells (calamine).

Calamine gives an error (`#REF!`) and a formula without a stored result as an empty cell, which would be read as a gap.
openpyxl reads .xlsx workbooks again; the XML of .ods workbooks is walked, where an error is in the text of a cell only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile

from defusedxml.ElementTree import iterparse

from dagster_project.lake.archives import DAMAGE, PIECE_BYTES
from dagster_project.lake.files import LakeError

MAXIMUM_NAMED = 3
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
OVERLAP_BYTES = 64
ERROR_TEXT = re.compile(r"#(REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!)|Err:\d+")
"""How a sheet shows an error: as Excel does, or as LibreOffice does for its own."""


class UnreadableCell(LakeError):
    """A cell of a table that holds an error or a formula without a result."""


def count_rows(path: Path, title: str, name: str, *, columns: Collection[int] | None = None) -> int:
    """Return how many rows of a sheet of an .xlsx or .ods workbook hold something; `columns`: those, counted from 0, that are a table's.

    Raises UnreadableCell, naming sheet and cells, where one of these columns holds an error or a formula without a stored
    result. `name` is how the error calls the file.
    """
    return count_rows_of_sheets(path, [title], name, columns=columns)[0]


def count_rows_of_sheets(
    path: Path, titles: Sequence[str], name: str, *, columns: Collection[int] | None = None
) -> list[int]:
    """Return the same of several sheets of a workbook that is opened once."""
    if path.suffix.lower() == ".ods":
        return _count_in_document(path, titles, name, columns)
    from openpyxl import load_workbook

    try:
        stored = load_workbook(path, read_only=True, data_only=True)
        # Each look at the 1.5 million cells of a month of MSDS takes seconds; a sheet of data mostly has no formula to look for.
        written = load_workbook(path, read_only=True) if _holds_formulas(path) else None
    except (*DAMAGE, KeyError) as error:
        raise LakeError(name, f"it cannot be read as a workbook: {error}", "look at the file") from error
    try:
        return [_count(title, stored[title], written[title] if written else None, name, columns) for title in titles]
    finally:
        stored.close()
        if written is not None:
            written.close()


def _count(title: str, stored: Any, written: Any, name: str, columns: Collection[int] | None) -> int:
    """The rows of one sheet, by its results and, where there are any, its formulas."""
    rows, faults = 0, []
    beside = repeat(None) if written is None else written.iter_rows(min_row=1)
    for results, formulas in zip(stored.iter_rows(min_row=1), beside, strict=written is not None):
        rows += any(str(cell.value).strip() for cell in results if cell.value is not None)
        for place, result in enumerate(results):
            if columns is not None and place not in columns:
                continue
            if result.data_type == "e":
                faults.append(f"{result.coordinate} holds {result.value}")
            elif formulas is not None and formulas[place].data_type == "f" and result.value is None:
                faults.append(f"{formulas[place].coordinate} holds a formula without a stored result")
    _refuse(title, name, faults)
    return rows


def _refuse(title: str, name: str, faults: Sequence[str]) -> None:
    if faults:
        more = f" and {len(faults) - MAXIMUM_NAMED:,} more" if len(faults) > MAXIMUM_NAMED else ""
        raise UnreadableCell(
            name,
            f"sheet {title!r}: {', '.join(faults[:MAXIMUM_NAMED])}{more}",
            "ask the publisher for a workbook in which these cells hold their values",
        )


# -- OpenDocument ----------------------------------------------------------------------------------------------------


def _count_in_document(path: Path, titles: Sequence[str], name: str, columns: Collection[int] | None) -> list[int]:
    """The rows of the sheets of an .ods workbook, each sheet freed once it is read."""
    counts: dict[str, int] = {}
    try:
        with ZipFile(path) as archive, archive.open("content.xml") as content:
            for _, element in iterparse(content):
                if _tag(element) == "table":
                    title = _attributes(element).get("name", "")
                    if title in titles:
                        counts[title] = _count_rows_of_table(element, title, name, columns)
                    element.clear()
    except (*DAMAGE, KeyError, ParseError) as error:
        raise LakeError(name, f"it cannot be read as a workbook: {error}", "look at the file") from error
    return [counts.get(title, 0) for title in titles]


def _count_rows_of_table(table: Element, title: str, name: str, columns: Collection[int] | None) -> int:
    from openpyxl.utils import get_column_letter

    rows, number, faults = 0, 0, []
    for row in table.iter():
        if _tag(row) != "table-row":
            continue
        many = int(_attributes(row).get("number-rows-repeated", 1))
        cells = list(_cells_of(row))
        rows += many * any(text for _, text, _ in cells)
        for place, text, formula in cells:
            coordinate = f"{get_column_letter(place + 1)}{number + 1}"
            if columns is not None and place not in columns:
                continue
            if ERROR_TEXT.fullmatch(text):
                faults.append(f"{coordinate} holds {text}")
            elif formula:
                faults.append(f"{coordinate} holds a formula without a stored result")
        number += many
    _refuse(title, name, faults)
    return rows


def _cells_of(row: Element) -> Iterator[tuple[int, str, bool]]:
    """Place from 0, text, and whether it is a formula without a result, of the cells of a row that hold something."""
    place = 0
    for cell in row:
        if _tag(cell) not in ("table-cell", "covered-table-cell"):
            continue
        attributes = _attributes(cell)
        text = "\n".join("".join(part.itertext()) for part in cell if _tag(part) == "p").strip()
        bare = "formula" in attributes and "value-type" not in attributes
        repeated = int(attributes.get("number-columns-repeated", 1))
        if text or bare:
            yield from ((place + step, text, bare) for step in range(repeated))
        place += repeated


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _attributes(element: Element) -> dict[str, str]:
    return {name.rpartition("}")[2]: value for name, value in element.attrib.items()}


def _holds_formulas(path: Path) -> bool:
    """Whether any part of the workbook has the mark of a formula; in a text it would be written `&lt;f`."""
    with ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as part:
                end = b""
                while piece := part.read(PIECE_BYTES):
                    if FORMULA.search(end + piece):
                        return True
                    end = piece[-OVERLAP_BYTES:]
    return False

"""A second look at a sheet, by another reader than the one that takes its cells (calamine).

Calamine gives an error (`#REF!`) and a formula without a stored result as an empty cell, which would be read as a gap.
The XML of both kinds of workbook is walked; in .ods an error is in the text of a cell only. openpyxl took 10 of the 12 seconds
of a month of MSDS: it walks a sheet that does not state its size once more before it gives a cell, and makes an object of each.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile

from defusedxml.ElementTree import iterparse

from dagster_project.lake.archives import DAMAGE, PIECE_BYTES
from dagster_project.lake.files import LakeError

MAXIMUM_NAMED = 3
ERRORS_OF_EXCEL = (
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CONNECT!",
    "#BLOCKED!", "#UNKNOWN!", "#FIELD!", "#CALC!", "#BUSY!", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!",
)  # fmt: skip
ERRORS_OF_LIBREOFFICE = "Err:[0-9]+"
ERROR_TEXT = re.compile(rf"{'|'.join(map(re.escape, ERRORS_OF_EXCEL))}|{ERRORS_OF_LIBREOFFICE}")
"""How a sheet shows an error, and a CSV that was saved from it: as Excel does, or as LibreOffice does for its own."""


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
    counted = _count_in_document if path.suffix.lower() == ".ods" else _count_in_package
    try:
        return counted(path, titles, name, columns)
    except (*DAMAGE, KeyError, ParseError, ExpatError) as error:
        raise LakeError(name, f"it cannot be read as a workbook: {error}", "look at the file") from error


def _refuse(title: str, name: str, faults: Sequence[str]) -> None:
    if faults:
        more = f" and {len(faults) - MAXIMUM_NAMED:,} more" if len(faults) > MAXIMUM_NAMED else ""
        raise UnreadableCell(
            name,
            f"sheet {title!r}: {', '.join(faults[:MAXIMUM_NAMED])}{more}",
            "ask the publisher for a workbook in which these cells hold their values",
        )


# -- Office Open XML -------------------------------------------------------------------------------------------------


def _count_in_package(path: Path, titles: Sequence[str], name: str, columns: Collection[int] | None) -> list[int]:
    """The rows of the sheets of an .xlsx workbook, each part read once and never held."""
    with ZipFile(path) as package:
        (workbook,) = _related(package, "", "officeDocument").values()
        sheets, texts = _related(package, workbook, "worksheet"), _related(package, workbook, "sharedStrings")
        parts = {
            sheet["name"]: sheets[sheet["id"]]
            for sheet in map(_attributes, _elements(package, workbook, "sheet"))
            if sheet["id"] in sheets
        }
        blank = frozenset(
            str(number)
            for text in texts.values()
            for number, element in enumerate(_elements(package, text, "si"))
            if not "".join(element.itertext()).strip()
        )
        counts = []
        for title in titles:
            rows = _Rows(blank, columns)
            rows.read(package, parts[title])
            _refuse(title, name, rows.faults)
            counts.append(rows.filled)
        return counts


def _related(package: ZipFile, part: str, kind: str) -> dict[str, str]:
    """Relation id -> part, of the parts of a kind that a part names; "" is the package itself."""
    folder, _, file = part.rpartition("/")
    listed = map(_attributes, _elements(package, f"{folder}/_rels/{file}.rels".lstrip("/"), "Relationship"))
    return {
        relation["Id"]: posixpath.normpath(posixpath.join("/", folder, relation["Target"])).lstrip("/")
        for relation in listed
        if relation["Type"].endswith(f"/{kind}")
    }


def _elements(package: ZipFile, part: str, tag: str) -> Iterator[Element]:
    """The elements of that tag, each freed once it was looked at."""
    with package.open(part) as content:
        for _, element in iterparse(content):
            if _tag(element) == tag:
                yield element
                element.clear()


class _Rows:
    """Count the rows of one sheet while its XML goes by: a month of MSDS has 1.5 million elements, which no reader should hold."""

    def __init__(self, blank: Collection[str], columns: Collection[int] | None) -> None:
        """`blank`: numbers of the shared texts that hold nothing; `columns`: where faults are looked for."""
        self.filled, self.faults = 0, list[str]()
        self._blank, self._columns = blank, columns
        self._row, self._place, self._row_is_filled = 0, -1, False
        self._kind, self._formula, self._result = "n", False, False
        self._text: list[str] | None = None
        self._value = ""

    def read(self, package: ZipFile, part: str) -> None:
        """Read the part of a sheet to its end; raises ExpatError or ValueError where it is no XML of a sheet."""
        parser = ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = _refuse_entities
        with package.open(part) as content:
            while piece := content.read(PIECE_BYTES):
                parser.Parse(piece)
            parser.Parse(b"", True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self._place = _place_of(attributes["r"]) if "r" in attributes else self._place + 1
            self._kind, self._formula, self._result, self._value = attributes.get("t", "n"), False, False, ""
        elif tag in ("v", "t"):
            self._text = []
            self._result = True
        elif tag == "f":
            self._formula = True
        elif tag == "row":
            self._row, self._place = int(attributes.get("r", self._row + 1)), -1

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag in ("v", "t"):
            self._value += "".join(self._text or ())
            self._text = None
        elif tag == "c":
            self._judge()
        elif tag == "row":
            self.filled += self._row_is_filled
            self._row_is_filled = False

    def _judge(self) -> None:
        """A cell at its end. A formula with an empty text has a result; one without any, or with an empty number, has none."""
        value = self._value.strip()
        self._row_is_filled |= value != "" and not (self._kind == "s" and value in self._blank)
        if self._columns is not None and self._place not in self._columns:
            return
        if self._kind == "e":
            self.faults.append(f"{self._coordinate} holds {value}")
        elif self._formula and not (value or (self._result and self._kind == "str")):
            self.faults.append(f"{self._coordinate} holds a formula without a stored result")

    @property
    def _coordinate(self) -> str:
        from openpyxl.utils import get_column_letter

        return f"{get_column_letter(self._place + 1)}{self._row}"


@lru_cache(maxsize=20_000)
def _column_of(letters: str) -> int:
    from openpyxl.utils import column_index_from_string

    return int(column_index_from_string(letters)) - 1


def _place_of(coordinate: str) -> int:
    return _column_of(coordinate.rstrip("0123456789"))


def _refuse_entities(entity: str, *_: object) -> None:
    raise ValueError(f"its XML declares the entity {entity}")


# -- OpenDocument ----------------------------------------------------------------------------------------------------


def _count_in_document(path: Path, titles: Sequence[str], name: str, columns: Collection[int] | None) -> list[int]:
    """The rows of the sheets of an .ods workbook, each sheet freed once it is read."""
    counts: dict[str, int] = {}
    with ZipFile(path) as archive, archive.open("content.xml") as content:
        for _, element in iterparse(content):
            if _tag(element) == "table":
                title = _attributes(element).get("name", "")
                if title in titles:
                    counts[title] = _count_rows_of_table(element, title, name, columns)
                element.clear()
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

"""What the parts of a workbook carry beside the cells that people see: hidden rows, links, macros, bombs, and any identifier.

A hidden copy of patients' rows behind a pivot table is how hospitals have published them by mistake; so whatever hides
data is refused, whether or not something was found in it. Which parts there may be is in workbook_package.py. XML is read
by a parser that refuses every DTD (defusedxml), one element at a time: every text, attribute, name and remark of it is searched.
What cannot be searched (a password, damage, a bomb) is reported as such, and is not kept either.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast
from xml.etree.ElementTree import ParseError
from xml.sax import SAXException, handler
from xml.sax.xmlreader import AttributesImpl

import defusedxml.sax
from defusedxml.common import DefusedXmlException
from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.lake.archives import DAMAGE, CorruptArchive, PasswordProtected, UnsafeArchive
from dagster_project.lake.cells import ERROR_TEXT
from dagster_project.lake.content import WrongContent, check_content
from dagster_project.returns.findings import IDENTIFIERS, MAXIMUM_FINDINGS, Finding, Kind
from dagster_project.returns.identifiers import CellScanner
from dagster_project.returns.kinds_of_content import Content
from dagster_project.returns.limits import MAXIMUM_COLUMNS, MAXIMUM_FILE_BYTES, TEMPLATE_SHEETS
from dagster_project.returns.spellings import SHORTEST, scan_name, scan_text
from dagster_project.returns.workbook_package import (
    LARGEST_PRINTER_SETTINGS,
    Workbook,
    read_package,
    scan_bytes,
    shown,
)

MAXIMUM_ROWS = 1_000_000
"""The largest return has, at 210 functions and groups, some 100,000 rows."""
MAXIMUM_STYLED_ROWS = 200_000
"""Rows that hold no value, only a format: a sheet formatted to its last row takes minutes and holds nothing."""
MAXIMUM_CELLS = 5_000_000
"""Of the area up to the last cell with a value: a reader makes room for all of it, repeated cells included."""
_POWER_QUERY = "DataMashup"
_VOLATILE = re.compile(r"\b(NOW|TODAY|RAND|RANDBETWEEN|RANDARRAY|OFFSET|INDIRECT|CELL|INFO|WEBSERVICE|RTD)\s*\(", re.I)
_DDE = re.compile(r"^\s*(?:of:|msoxl:)?[=+\-@]?\s*(?:DDE\s*\(|[A-Za-z][\w.]*\s*\|)", re.IGNORECASE)
_OTHER_FILE = re.compile(r"\[\d+\]|\[[^\]]+\.(xls|ods|csv)\w*\]|'file://", re.IGNORECASE)
_ROLE_WORDS = re.compile(
    r"\b(openpyxl|xlsx?writer|excel|libreoffice|apache|microsoft|warehouse|returns?|team|department|analytics?|information|"
    r"nhs|trust|hospitals?|template|user|admin|system|office|unknown)\b",
    re.IGNORECASE,
)
SHARED_TEXTS = "xl/sharedstrings.xml"
_LONGEST_NAME = 4
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_COLOURS = re.compile(r"(?:.*color|rgb|lastclr|panose)", re.IGNORECASE)
"""Attributes that hold no words: #EE11AB is a colour, and would be a postcode anywhere else."""
_NO_WORKBOOK: dict[Content, Kind] = {"other": "other_format", "zip": "damaged"}
_DAMAGE = (*DAMAGE, WrongContent, CorruptArchive, SAXException, ParseError, CalamineError)
_STORES = frozenset({"the shared texts", "the cells"})


def inspect_workbook(path: Path, content: Content) -> list[Finding]:
    """Everything hidden or unsafe in a workbook, and every identifier in any part of it; raises OSError."""
    if content not in {"xlsx", "ods"}:
        return [_inspect_ole(path) if content == "ole" else Finding(_NO_WORKBOOK[content], "file")]
    try:
        return _tidy(_search(path, cast(Workbook, content)))
    except (DefusedXmlException, UnsafeArchive):
        return [Finding("xml_bomb", "file")]
    except PasswordProtected:
        return [Finding("password_protected", "file")]
    except _DAMAGE:
        return [Finding("damaged", "file")]


def _search(path: Path, content: Workbook) -> list[Finding]:
    check_content(path, content)
    with zipfile.ZipFile(path) as opened:
        if sum(member.file_size for member in opened.infolist()) > MAXIMUM_FILE_BYTES:
            return [Finding("too_large", "file")]
        findings = list(_inspect_parts(path, opened, content))
    if not any(finding.kind in {"xml_bomb", "too_large"} for finding in findings):
        findings += _scan_cells(path)
    return findings


def _tidy(findings: list[Finding]) -> list[Finding]:
    """Each finding once. What the cells explain by row and column is not said again of the part that stores them."""
    in_cells = {finding.kind for finding in findings if finding.row is not None}
    in_sheets = {(finding.kind, finding.part) for finding in findings if finding.row is not None}
    kept = [
        finding
        for finding in findings
        if finding.row is not None
        or finding.kind not in IDENTIFIERS
        or (
            (finding.kind, finding.part) not in in_sheets and not (finding.part in _STORES and finding.kind in in_cells)
        )
    ]
    return list(dict.fromkeys(kept))[:MAXIMUM_FINDINGS]


def _inspect_ole(path: Path) -> Finding:
    """Old Office files are refused whole: what they hide cannot be seen with the available libraries."""
    try:
        check_content(path, "xls")
    except PasswordProtected:
        return Finding("password_protected", "file")
    except WrongContent:
        return Finding("damaged", "file")
    content = path.read_bytes()
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        return Finding("macro", "file")
    return Finding("old_format", "file")


def _inspect_parts(path: Path, opened: zipfile.ZipFile, content: Workbook) -> Iterator[Finding]:
    package, lengths = read_package(path, opened, content), array("L")
    yield from package.findings
    # The shared texts first: how long they are decides how much a sheet that repeats them takes.
    for member in sorted(opened.infolist(), key=lambda one: one.filename.lower() != SHARED_TEXTS):
        name = member.filename
        if member.is_dir():
            continue
        if name in package.refused:
            yield Finding(package.refused[name], shown(name))
        found = list(_inspect_part(opened, member, content, lengths))
        yield from found
        if name in package.unreached and all(finding.kind in IDENTIFIERS for finding in found):
            yield Finding("foreign_part", shown(name))


def _inspect_part(
    opened: zipfile.ZipFile, member: zipfile.ZipInfo, content: Workbook, lengths: array[int]
) -> Iterator[Finding]:
    name = member.filename.lower()
    if name.endswith((".xml", ".rels", ".vml", ".rdf")):
        if member.file_size:
            yield from _read_part(opened, member.filename, content, lengths)
        return
    if "printersettings" in name and member.file_size > LARGEST_PRINTER_SETTINGS:
        yield Finding("foreign_part", shown(member.filename))
    yield from (Finding(kind, shown(member.filename)) for kind in sorted(scan_bytes(opened.read(member))))


def _read_part(opened: zipfile.ZipFile, name: str, content: Workbook, lengths: array[int]) -> Iterator[Finding]:
    reader = _reader_of(name, content, lengths)
    try:
        with opened.open(name) as stream:
            _parse(stream, reader)
    except DefusedXmlException:
        yield Finding("xml_bomb", shown(name))
    except _Enough:
        yield Finding("too_large", reader.part)
    yield from reader.findings


class _Enough(Exception):
    """The part is larger than is accepted."""


def _parse(stream: IO[bytes], reader: PartReader) -> None:
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setFeature(handler.feature_namespaces, False)
    parser.setContentHandler(reader)
    parser.setProperty(handler.property_lexical_handler, reader)
    parser.parse(stream)


def _reader_of(name: str, content: Workbook, lengths: array[int]) -> PartReader:
    lower = name.lower()
    if content == "ods" and lower == "content.xml":
        return OdsContentReader("the cells")
    if re.fullmatch(r"xl/worksheets/[^/]+\.xml", lower):
        number = re.sub(r"\D", "", Path(lower).stem) or "?"
        return SheetReader(f"sheet {number}", lengths=lengths)
    if lower == "xl/workbook.xml":
        return WorkbookReader(shown(name))
    if lower in {"docprops/core.xml", "docprops/app.xml", "meta.xml"}:
        return PropertiesReader("document properties")
    if lower == SHARED_TEXTS:
        return SharedTextsReader("the shared texts", lengths=lengths)
    return PartReader(shown(name))


@dataclass
class PartReader(handler.ContentHandler, handler.LexicalHandler):
    """Searches every text, attribute, name and remark of one part; subclasses look at its structure too."""

    part: str
    findings: list[Finding] = field(default_factory=list)
    prefix: str = ""
    """Of the element that begins."""
    _text: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _seen: set[Kind] = field(default_factory=set)

    def add(self, kind: Kind, row: int | None = None, column: int | None = None, part: str = "") -> None:
        """Note a kind, once for the part."""
        if kind not in self._seen:
            self._seen.add(kind)
            self.findings.append(Finding(kind, part or self.part, row, column))

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's own name
        """Search the attributes, then let the subclass look."""
        local = name.rpartition(":")[2]
        self._search_name(name)
        for key, value in attrs.items():
            self._search_name(key)
            if not _COLOURS.fullmatch(key.rpartition(":")[2]) and not _COLOUR.fullmatch(value):
                self._search(value)
            if _POWER_QUERY in value:
                self.add("query_table")
        if local == _POWER_QUERY:
            self.add("query_table")
        if local not in _RUNS_OF_TEXT:
            self._flush()
        self.prefix = name.rpartition(":")[0]
        self.starts(local, {key.rpartition(":")[2]: value for key, value in attrs.items()})

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's own name
        """Search the text that ends here; runs of one cell (bold, plain) are searched as one."""
        local = name.rpartition(":")[2]
        if local not in _RUNS_OF_TEXT:
            self.ends(local, "".join(self._text))
            self._flush()

    def characters(self, content: str) -> None:
        """Keep the text until its element ends."""
        self._text.append(content)

    def comment(self, content: str) -> None:
        """Search a remark of the XML, which no program shows."""
        self._search(content)

    def processingInstruction(self, target: str, data: str) -> None:  # noqa: N802 - SAX's own name
        """Search an instruction to programs."""
        self._search(f"{target} {data}")

    def _search_name(self, name: str) -> None:
        if name not in self._names:
            self._names.add(name)
            for kind in scan_name(name):
                self.add(kind)

    def _flush(self) -> None:
        if self._text:
            self._search("".join(self._text))
            self._text.clear()

    def _search(self, text: str) -> None:
        if len(text) >= SHORTEST:
            for kind in scan_text(text):
                self.add(kind)

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the beginning of an element."""

    def ends(self, name: str, text: str) -> None:
        """Take in the end of an element, with the text in it."""


_RUNS_OF_TEXT = frozenset({"r", "t", "rPr", "b", "i", "u", "sz", "color", "rFont", "family", "scheme", "span", "s"})


@dataclass
class SharedTextsReader(PartReader):
    """xl/sharedStrings.xml: how long each text is, formatting left out."""

    lengths: array[int] = field(default_factory=lambda: array("L"))

    def ends(self, name: str, text: str) -> None:
        """Search a text of one or many cells."""
        if name == "si":
            self.lengths.append(len(text))


class WorkbookReader(PartReader):
    """xl/workbook.xml: the sheets, and the names that may reach into other files."""

    sheets = 0

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """Note hidden sheets by their place."""
        if name == "sheet":
            self.sheets += 1
            if attributes.get("state", "visible") != "visible":
                self.findings.append(Finding("hidden_sheet", f"sheet {self.sheets}"))
            elif attributes.get("name", "").strip().lower() not in TEMPLATE_SHEETS:
                self.findings.append(Finding("foreign_sheet", f"sheet {self.sheets}"))
        elif name == "externalReference":
            self.add("external_link")

    def ends(self, name: str, text: str) -> None:
        """Search names such as _xlnm.Print_Area; one that points into another file is a link."""
        if name == "definedName" and _OTHER_FILE.search(text):
            self.add("external_link")


class PropertiesReader(PartReader):
    """docProps and meta.xml: who wrote it."""

    def ends(self, name: str, text: str) -> None:
        """Search the creator, the last person to save, the manager."""
        names = {"creator", "lastModifiedBy", "Manager", "initial-creator"}
        if name in names and _looks_like_a_person(text):
            self.add("document_property_name")


def _looks_like_a_person(text: str) -> bool:
    """Two to four capitalised words, "Surname, First" or first.surname; not "NHS Trust", "openpyxl", "Returns Team"."""
    words = re.findall(r"[\w'’-]+", text[:100])
    capitals = all(word[0].isupper() for word in words)
    of_account = re.fullmatch(r"[a-z-]+\.[a-z-]+", text.strip()) is not None
    return ((1 < len(words) <= _LONGEST_NAME and capitals) or of_account) and not _ROLE_WORDS.search(text)


@dataclass
class SheetReader(PartReader):
    """A sheet of an .xlsx: hidden rows and columns that hold cells, formulas without values, errors, size."""

    lengths: array[int] = field(default_factory=lambda: array("L"))
    """Of the shared texts."""
    hidden_columns: list[range] = field(default_factory=list)
    row: int = 0
    column: int = 0
    last_column: int = 0
    characters_of_texts: int = 0
    cell_type: str = ""
    row_is_hidden: bool = False
    rows_are_hidden: bool = False
    """`zeroHeight`: rows that say nothing of themselves are hidden."""
    empty_rows: int = 0
    formula: str | None = None
    has_value: bool = False

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """Follow rows and cells."""
        begin = _STARTS.get(name)
        if begin is not None:
            begin(self, attributes)

    def start_format(self, attributes: dict[str, str]) -> None:
        self.rows_are_hidden = attributes.get("zeroHeight") in _TRUE

    def start_columns(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in _TRUE or _is_zero(attributes.get("width")):
            self.hidden_columns.append(range(int(attributes["min"]), int(attributes["max"]) + 1))

    def start_row(self, attributes: dict[str, str]) -> None:
        self.row = int(attributes.get("r", self.row + 1))
        self.column = 0
        self.row_is_hidden = (
            attributes.get("hidden") in _TRUE
            or _is_zero(attributes.get("ht"))
            or (self.rows_are_hidden and "ht" not in attributes)
        )
        self.empty_rows += 1
        if self.row > MAXIMUM_ROWS or self.empty_rows > MAXIMUM_STYLED_ROWS:
            raise _Enough

    def start_cell(self, attributes: dict[str, str]) -> None:
        reference = re.match(r"([A-Z]{1,3})\d+$", attributes.get("r", ""))
        self.column = _column_number(reference.group(1)) if reference else self.column + 1
        self.formula, self.has_value = None, False
        self.cell_type = attributes.get("t", "n")
        if self.cell_type == "e":
            self.add("error_value", self.row, self.column)
        if self.column > MAXIMUM_COLUMNS:
            raise _Enough

    def ends(self, name: str, text: str) -> None:
        """Judge a cell when it is whole."""
        if name == "f":
            self.formula = text
            self._judge_formula(text)
        elif name == "is" or (name == "v" and (text or self.cell_type == "str")):
            # An empty text is a result too: <v></v> of the type str, as Excel stores the "" of a helper formula.
            self.has_value = True
            self._hold_value(text)
        elif name == "c" and self.formula is not None and not self.has_value:
            self.add("formula_without_value", self.row, self.column)

    def _hold_value(self, text: str) -> None:
        self.empty_rows = 0
        self.last_column = max(self.last_column, self.column)
        if self.cell_type == "s" and text.isdigit() and int(text) < len(self.lengths):
            self.characters_of_texts += self.lengths[int(text)]
        if self.row * self.last_column > MAXIMUM_CELLS or self.characters_of_texts > MAXIMUM_FILE_BYTES:
            raise _Enough
        if self.row_is_hidden:
            self.add("hidden_rows", self.row)
        if any(self.column in hidden for hidden in self.hidden_columns):
            self.add("hidden_columns", None, self.column)

    def _judge_formula(self, formula: str) -> None:
        if _VOLATILE.search(formula):
            self.add("volatile_formula", self.row, self.column)
        if _DDE.search("=" + formula):
            self.add("dde", self.row, self.column)
        elif _OTHER_FILE.search(formula):
            self.add("external_link", self.row, self.column)


_STARTS: dict[str, Callable[[SheetReader, dict[str, str]], None]] = {
    "sheetFormatPr": SheetReader.start_format,
    "col": SheetReader.start_columns,
    "row": SheetReader.start_row,
    "c": SheetReader.start_cell,
    "oleObject": lambda reader, _: reader.add("embedded_object"),
}
_TRUE = frozenset({"1", "true"})


def _is_zero(number: str | None) -> bool:
    return number is not None and re.fullmatch(r"0(\.0+)?", number) is not None


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


@dataclass
class OdsContentReader(PartReader):
    """content.xml of an .ods: hidden tables, rows and columns, annotations, pivot tables, links, formulas, changes."""

    hidden_styles: set[str] = field(default_factory=set)
    style: str = ""
    tables: int = 0
    rows: int = 0
    row_is_hidden: bool = False
    hidden_columns: set[int] = field(default_factory=set)
    columns: int = 0
    column: int = 0
    last_column: int = 0
    repeated: int = 1
    cells_like_this: int = 1
    characters_of_texts: int = 0

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """Follow styles, tables, rows and cells."""
        if name in _ODS_KINDS:
            self.add(_ODS_KINDS[name])
        elif self.prefix in _ODS_PREFIXES:
            self.add(_ODS_PREFIXES[self.prefix])
        elif name == "style":
            self.style = attributes.get("name", "")
        elif name == "table-properties" and attributes.get("display") == "false":
            self.hidden_styles.add(self.style)
        elif name == "table":
            self._start_table(attributes)
        elif name == "table-column":
            self._start_columns(attributes)
        elif name == "table-row":
            self._start_rows(attributes)
        elif name in {"table-cell", "covered-table-cell"}:
            self._start_cell(attributes)

    def _start_table(self, attributes: dict[str, str]) -> None:
        self.tables += 1
        self.rows, self.columns, self.last_column, self.hidden_columns = 0, 0, 0, set()
        if attributes.get("style-name", "") in self.hidden_styles:
            self.findings.append(Finding("hidden_sheet", f"sheet {self.tables}"))
        elif attributes.get("name", "").strip().lower() not in TEMPLATE_SHEETS:
            self.findings.append(Finding("foreign_sheet", f"sheet {self.tables}"))

    def _start_columns(self, attributes: dict[str, str]) -> None:
        first, many = self.columns + 1, int(attributes.get("number-columns-repeated", 1))
        self.columns += many
        if attributes.get("visibility", "visible") != "visible":
            self.hidden_columns |= set(range(first, min(first + many, MAXIMUM_COLUMNS + 2)))

    def _start_rows(self, attributes: dict[str, str]) -> None:
        # The last rows of every sheet are one element repeated a million times: only those with values count.
        self.repeated = int(attributes.get("number-rows-repeated", 1))
        self.rows += self.repeated
        self.column = 0
        self.row_is_hidden = attributes.get("visibility", "visible") != "visible"

    def _start_cell(self, attributes: dict[str, str]) -> None:
        first, many = self.column + 1, int(attributes.get("number-columns-repeated", 1))
        self.column += many
        sheet = f"sheet {self.tables}"
        if "value-type" in attributes:
            self.last_column = max(self.last_column, self.column)
            self.cells_like_this = self.repeated * many
            if (
                self.rows > MAXIMUM_ROWS
                or self.column > MAXIMUM_COLUMNS
                or self.rows * self.last_column > MAXIMUM_CELLS
            ):
                raise _Enough
            if self.row_is_hidden:
                self.add("hidden_rows", self.rows, part=sheet)
            if any(column in self.hidden_columns for column in range(first, first + many)):
                self.add("hidden_columns", None, first, part=sheet)
        if "formula" in attributes:
            self._judge_formula(attributes, sheet)

    def _judge_formula(self, attributes: dict[str, str], sheet: str) -> None:
        formula = attributes["formula"]
        if _VOLATILE.search(formula):
            self.add("volatile_formula", self.rows, self.column, part=sheet)
        if _DDE.search(formula):
            self.add("dde", self.rows, self.column, part=sheet)
        elif _OTHER_FILE.search(formula):
            self.add("external_link", self.rows, self.column, part=sheet)
        if "value-type" not in attributes:
            self.add("formula_without_value", self.rows, self.column, part=sheet)

    def ends(self, name: str, text: str) -> None:
        """Search a cell; one that shows an error says so in its text only. A text is as long as it is often repeated."""
        self.characters_of_texts += len(text) * self.cells_like_this if name == "p" else 0
        if self.characters_of_texts > MAXIMUM_FILE_BYTES:
            raise _Enough
        if name == "p" and ERROR_TEXT.fullmatch(text.strip()):
            self.add("error_value", self.rows, self.column, part=f"sheet {self.tables}")


_ODS_PREFIXES: dict[str, Kind] = {
    "draw": "drawing",
    "form": "drawing",
    "chart": "chart",
    "dr3d": "drawing",
    "math": "embedded_object",
}
"""Elements that only shapes, buttons, charts and formulas as objects are made of."""
_ODS_KINDS: dict[str, Kind] = {
    "annotation": "comment",
    "data-pilot-tables": "pivot_cache",
    "tracked-changes": "tracked_changes",
    "table-source": "external_link",
    "cell-range-source": "external_link",
    "dde-source": "dde",
    "dde-link": "dde",
    "dde-links": "dde",
    "event-listeners": "macro",
    "script": "macro",
    "object": "embedded_object",
    "plugin": "embedded_object",
    "image": "picture",
    "object-ole": "embedded_object",
    "database-source-sql": "query_table",
    "database-source-query": "query_table",
    "database-source-table": "query_table",
}


def _scan_cells(path: Path) -> Iterator[Finding]:
    """Identifiers in the cells of every sheet, hidden ones too, by row and column."""
    with CalamineWorkbook.from_path(str(path)) as workbook:
        for number in range(1, len(workbook.sheet_names) + 1):
            scanner = CellScanner(f"sheet {number}")
            sheet = workbook.get_sheet_by_index(number - 1)
            first_column = sheet.start[1] if sheet.start else 0
            rows = ([""] * first_column + [_as_text(cell) for cell in row] for row in sheet.iter_rows())
            # calamine gives the blank rows above the used area, and leaves out the blank columns on its left.
            scanner.scan(rows)
            yield from scanner.findings


def _as_text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)

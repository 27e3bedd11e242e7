"""What a workbook carries beside the cells that people see: pivot caches, hidden rows, comments, links, macros, bombs.

A hidden copy of patients' rows behind a pivot table is how hospitals have published them by mistake; so whatever hides
data is refused, whether or not something was found in it. XML is read by a parser that refuses every DTD (defusedxml),
one element at a time. What cannot be searched (a password, damage, a bomb) is reported as such, and is not kept either.
"""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal
from xml.sax import SAXException, handler
from xml.sax.xmlreader import AttributesImpl

import defusedxml.sax
from defusedxml.common import DefusedXmlException
from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.lake.archives import CorruptArchive, PasswordProtected, UnsafeArchive
from dagster_project.lake.content import WrongContent, check_content
from dagster_project.returns.identifiers import IDENTIFIERS, MAXIMUM_FINDINGS, CellScanner, Finding, Kind, scan_text

Content = Literal["text", "html", "xlsx", "ods", "ole", "zip"]

MAXIMUM_ROWS, MAXIMUM_COLUMNS = 1_000_000, 256
"""The largest return has 13 columns and, at 210 functions and groups, some 100,000 rows."""
MAXIMUM_STYLED_ROWS = 200_000
"""Rows that hold no value, only a format: a sheet formatted to its last row takes minutes and holds nothing."""

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(rb"\s*<(!doctype\s+html|html|head|body|table|meta|\?xml)", re.IGNORECASE)
_PARTS: tuple[tuple[str, Kind], ...] = (
    (r"xl/pivot(cache|tables)/.*", "pivot_cache"),
    (r"xl/model/.*|xl/customdata/.*", "query_table"),
    (r"xl/(slicer|timeline)(cache)?s?/.*", "pivot_cache"),
    (r"xl/(comments|threadedcomments/).*|xl/notes.*", "comment"),
    (r"xl/externallinks/.*", "external_link"),
    (r"xl/connections\.xml|xl/querytables/.*", "query_table"),
    (r".*vbaproject.*|xl/(macro|dialog)sheets/.*|basic/.*|scripts/.*", "macro"),
    (r"xl/(embeddings|activex|ctrlprops)/.*|object ?\d+(/.*)?|objectreplacements/.*", "embedded_object"),
    (r"xl/revisions/.*", "tracked_changes"),
)
_POWER_QUERY = "DataMashup"
_VOLATILE = re.compile(r"\b(NOW|TODAY|RAND|RANDBETWEEN|RANDARRAY|OFFSET|INDIRECT|CELL|INFO|WEBSERVICE|RTD)\s*\(", re.I)
_DDE = re.compile(r"^\s*(?:of:|msoxl:)?[=+\-@]?\s*(?:DDE\s*\(|[A-Za-z][\w.]*\s*\|)", re.IGNORECASE)
_OTHER_FILE = re.compile(r"\[\d+\]|\[[^\]]+\.(xls|ods|csv)\w*\]|'file://", re.IGNORECASE)
_ROLE_WORDS = re.compile(
    r"\b(openpyxl|xlsx?writer|excel|libreoffice|apache|microsoft|warehouse|returns?|team|department|analytics?|information|"
    r"nhs|trust|hospitals?|template|user|admin|system|office|unknown)\b",
    re.IGNORECASE,
)
_NOT_TEXT = re.compile(r"xl/(styles\.xml|theme/.*|calcchain\.xml|printersettings/.*)|styles\.xml", re.IGNORECASE)
_LONGEST_NAME = 4
_SEARCHED_ATTRIBUTES = frozenset(
    {
        "v",
        "name",
        "caption",
        "description",
        "title",
        "author",
        "tooltip",
        "display",
        "location",
        "connectionString",
        "Target",
    }
)


def kind_of_content(path: Path) -> Content:
    """What the file is by its first bytes and its members, whatever its name says; raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(_OLE_MAGIC):
        return "ole"
    if head.startswith(b"PK"):
        return _kind_of_zip(path)
    return "html" if _HTML.match(head.removeprefix(codecs.BOM_UTF8)) else "text"


def _kind_of_zip(path: Path) -> Content:
    try:
        with zipfile.ZipFile(path) as opened:
            names = set(opened.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
        return "zip"
    if "[Content_Types].xml" in names:
        return "xlsx"
    return "ods" if "content.xml" in names else "zip"


def inspect_workbook(path: Path, content: Content) -> list[Finding]:
    """Everything hidden or unsafe in a workbook, and every identifier in any part of it; raises OSError."""
    if content == "ole":
        return [_inspect_ole(path)]
    if content == "zip":
        return [Finding("damaged", "file")]
    try:
        check_content(path, "ods" if content == "ods" else "xlsx")
        with zipfile.ZipFile(path) as opened:
            findings = list(_inspect_parts(opened, content))
        if not any(finding.kind in {"xml_bomb", "too_large"} for finding in findings):
            findings += _scan_cells(path)
    except PasswordProtected:
        return [Finding("password_protected", "file")]
    except UnsafeArchive:
        return [Finding("xml_bomb", "file")]
    except (WrongContent, CorruptArchive, zipfile.BadZipFile, zlib.error, EOFError, SAXException, CalamineError):
        return [Finding("damaged", "file")]
    return _tidy(findings)


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


_STORES = frozenset({"the shared texts", "the cells"})


def _inspect_ole(path: Path) -> Finding:
    """Old Office files are refused whole: what they hide cannot be seen with the libraries at hand."""
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


def _inspect_parts(opened: zipfile.ZipFile, content: Content) -> Iterator[Finding]:
    for member in opened.infolist():
        kind = next((kind for pattern, kind in _PARTS if re.fullmatch(pattern, member.filename.lower())), None)
        if kind is not None and not member.is_dir():
            yield Finding(kind, _shown(member.filename))
        if member.filename.lower().endswith((".xml", ".rels", ".vml")):
            yield from _read_part(opened, member.filename, content)
        elif member.filename.lower().endswith((".txt", ".csv", ".bin", ".rdf")):
            text = opened.read(member).decode("latin-1")
            yield from (Finding(found, _shown(member.filename)) for found in scan_text(text) if found != "telephone")


def _shown(name: str) -> str:
    """The part's name, fit for a message: names inside an archive are the sender's words too."""
    if scan_text(name) or not re.fullmatch(r"[\w./ \[\]-]{1,100}", name):
        return "a part of the workbook"
    return name


def _read_part(opened: zipfile.ZipFile, name: str, content: Content) -> Iterator[Finding]:
    reader = _reader_of(name, content)
    try:
        with opened.open(name) as stream:
            _parse(stream, reader)
    except DefusedXmlException:
        yield Finding("xml_bomb", _shown(name))
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
    parser.parse(stream)


def _reader_of(name: str, content: Content) -> PartReader:
    lower = name.lower()
    if content == "ods" and lower == "content.xml":
        return OdsContentReader("the cells")
    if re.fullmatch(r"xl/worksheets/[^/]+\.xml", lower):
        number = re.sub(r"\D", "", Path(lower).stem) or "?"
        return SheetReader(f"sheet {number}")
    if lower == "xl/workbook.xml":
        return WorkbookReader(_shown(name))
    if lower in {"docprops/core.xml", "docprops/app.xml", "meta.xml"}:
        return PropertiesReader("document properties")
    if lower == "xl/sharedstrings.xml":
        return PartReader("the shared texts")
    return PartReader(_shown(name), searches=_NOT_TEXT.fullmatch(name) is None)


@dataclass
class PartReader(handler.ContentHandler):
    """Searches every text, and the attributes that hold text, of one part; subclasses look at its structure too."""

    part: str
    searches: bool = True
    findings: list[Finding] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _seen: set[Kind] = field(default_factory=set)

    def add(self, kind: Kind, row: int | None = None, column: int | None = None, part: str = "") -> None:
        """Note a kind, once for the part."""
        if kind not in self._seen:
            self._seen.add(kind)
            self.findings.append(Finding(kind, part or self.part, row, column))

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's own name
        """Search the attributes, then let the subclass look."""
        local = name.rpartition(":")[2]
        for key, value in attrs.items():
            if key.rpartition(":")[2] in _SEARCHED_ATTRIBUTES:
                self._search(value)
            if _POWER_QUERY in value:
                self.add("query_table")
        if local == _POWER_QUERY:
            self.add("query_table")
        if local not in _RUNS_OF_TEXT:
            self._flush()
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

    def _flush(self) -> None:
        if self._text:
            self._search("".join(self._text))
            self._text.clear()

    def _search(self, text: str) -> None:
        if self.searches:
            for kind in scan_text(text):
                self.add(kind)

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def ends(self, name: str, text: str) -> None:
        """An element ends, with the text in it."""


_RUNS_OF_TEXT = frozenset({"r", "t", "rPr", "b", "i", "u", "sz", "color", "rFont", "family", "scheme", "span", "s"})


class WorkbookReader(PartReader):
    """xl/workbook.xml: the sheets, and the names that may reach into other files."""

    sheets = 0

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """Note hidden sheets by their place."""
        if name == "sheet":
            self.sheets += 1
            if attributes.get("state", "visible") != "visible":
                self.findings.append(Finding("hidden_sheet", f"sheet {self.sheets}"))
        elif name == "externalReference":
            self.add("external_link")

    def ends(self, name: str, text: str) -> None:
        """Names such as _xlnm.Print_Area; one that points into another file is a link."""
        if name == "definedName" and _OTHER_FILE.search(text):
            self.add("external_link")


class PropertiesReader(PartReader):
    """docProps and meta.xml: who wrote it."""

    def ends(self, name: str, text: str) -> None:
        """The creator, the last person to save, the manager."""
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

    hidden_columns: list[range] = field(default_factory=list)
    row: int = 0
    column: int = 0
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
        if attributes.get("t") == "e":
            self.add("error_value", self.row, self.column)
        if self.column > MAXIMUM_COLUMNS:
            raise _Enough

    def ends(self, name: str, text: str) -> None:
        """Judge a cell when it is whole."""
        if name == "f":
            self.formula = text
            self._judge_formula(text)
        elif name in {"v", "is"} and (text or name == "is"):
            self.has_value = True
            self._hold_value()
        elif name == "c" and self.formula is not None and not self.has_value:
            self.add("formula_without_value", self.row, self.column)

    def _hold_value(self) -> None:
        self.empty_rows = 0
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

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        """Follow styles, tables, rows and cells."""
        if name in _ODS_KINDS:
            self.add(_ODS_KINDS[name])
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
        self.rows, self.columns, self.hidden_columns = 0, 0, set()
        if attributes.get("style-name", "") in self.hidden_styles:
            self.findings.append(Finding("hidden_sheet", f"sheet {self.tables}"))

    def _start_columns(self, attributes: dict[str, str]) -> None:
        first, many = self.columns + 1, int(attributes.get("number-columns-repeated", 1))
        self.columns += many
        if attributes.get("visibility", "visible") != "visible":
            self.hidden_columns |= set(range(first, min(first + many, MAXIMUM_COLUMNS + 2)))

    def _start_rows(self, attributes: dict[str, str]) -> None:
        # The last rows of every sheet are one element repeated a million times: only those with values count.
        self.rows += int(attributes.get("number-rows-repeated", 1))
        self.column = 0
        self.row_is_hidden = attributes.get("visibility", "visible") != "visible"

    def _start_cell(self, attributes: dict[str, str]) -> None:
        first, many = self.column + 1, int(attributes.get("number-columns-repeated", 1))
        self.column += many
        sheet = f"sheet {self.tables}"
        if "value-type" in attributes:
            if self.rows > MAXIMUM_ROWS or self.column > MAXIMUM_COLUMNS:
                raise _Enough
            if self.row_is_hidden:
                self.add("hidden_rows", self.rows, part=sheet)
            if any(column in self.hidden_columns for column in range(first, first + many)):
                self.add("hidden_columns", None, first, part=sheet)
        for key in ("value", "string-value", "date-value"):
            self._search(attributes.get(key, ""))
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
        """A cell that shows an error says so in its text only."""
        if name == "p" and re.fullmatch(r"#(REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!)|Err:\d+", text.strip()):
            self.add("error_value", self.rows, self.column, part=f"sheet {self.tables}")


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
            first_row = sheet.start[0] + 1 if sheet.start else 1
            first_column = sheet.start[1] if sheet.start else 0
            rows = ([""] * first_column + [_as_text(cell) for cell in row] for row in sheet.iter_rows())
            scanner.scan(rows, first_row)
            yield from scanner.findings


def _as_text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)

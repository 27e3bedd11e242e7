"""What must never be in a return: NHS numbers, postcodes, dates of birth, e-mail addresses, telephone numbers.

`scan_file` is asked before a file is kept for good, and by `hiw returns check` before it is sent. A finding says where and
what kind; the value itself is in no finding, message or log. What a workbook hides beside its cells is workbook_parts.py.

One cell is enough (rule C05): 7 in 100 random ten-digit numbers pass the NHS number's check digit, but no count, code or
date of a return has ten digits, so an innocent match is next to impossible here and a missed patient is not.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from pathlib import Path
from typing import Literal
from urllib.parse import unquote_plus

from nhs_number.validate import is_valid as is_nhs_number

from dagster_project.lake.content import UnreadableText, detect_encoding

Kind = Literal[
    "nhs_number",
    "postcode",
    "date_of_birth",
    "email",
    "telephone",
    "identifier_column",
    "pivot_cache",
    "hidden_sheet",
    "hidden_rows",
    "hidden_columns",
    "comment",
    "external_link",
    "macro",
    "dde",
    "embedded_object",
    "query_table",
    "tracked_changes",
    "formula_without_value",
    "error_value",
    "volatile_formula",
    "document_property_name",
    "password_protected",
    "xml_bomb",
    "too_large",
    "wrong_format",
    "old_format",
    "damaged",
]

IDENTIFIERS: frozenset[Kind] = frozenset(
    {"nhs_number", "postcode", "date_of_birth", "email", "telephone", "identifier_column"}
)
UNSEARCHABLE: frozenset[Kind] = frozenset({"password_protected", "xml_bomb", "too_large", "old_format", "damaged"})
ADVISORY: frozenset[Kind] = frozenset({"document_property_name"})
"""Said to the sender, no reason to refuse. Excel writes the name of whoever is signed in into every workbook it saves, so
that refusing it would refuse nearly all; it is the name of the member of staff who sent the file, not of a patient, and
leaves the kept original for no table, log or release."""

WHAT: dict[Kind, str] = {
    "nhs_number": "a number that passes the check of NHS numbers",
    "postcode": "a full postcode",
    "date_of_birth": "dates that look like dates of birth",
    "email": "an e-mail address",
    "telephone": "a telephone number",
    "identifier_column": "a column whose name says that it identifies people",
    "pivot_cache": "a pivot table, which carries a hidden copy of the rows it was made of",
    "hidden_sheet": "a hidden sheet",
    "hidden_rows": "hidden rows",
    "hidden_columns": "hidden columns",
    "comment": "comments or notes",
    "external_link": "a link to another file",
    "macro": "a macro",
    "dde": "a formula or link that starts a program (DDE)",
    "embedded_object": "an embedded object",
    "query_table": "a data query or connection, which can hold a copy of its rows",
    "tracked_changes": "tracked changes, which hold what the cells held before",
    "formula_without_value": "a formula whose result is not stored",
    "error_value": "an error such as #REF! in place of a value",
    "volatile_formula": "a formula whose result changes by itself",
    "document_property_name": "what looks like a person's name in the document properties",
    "password_protected": "a password or rights protection, so that nothing could be searched",
    "xml_bomb": "a document type definition or entities, which no spreadsheet program writes",
    "too_large": "more than is accepted",
    "wrong_format": "a content that is not what the file's name says",
    "old_format": "an old Office format (.xls), whose hidden parts cannot be searched",
    "damaged": "damage, so that not all of it could be read",
}
MEND: dict[Kind, str] = {
    "nhs_number": "take it out: a return holds counts of groups, never anything about one patient",
    "postcode": "take it out; deprivation deciles say all that is asked about places",
    "date_of_birth": "take them out; age bands say all that is asked about age",
    "email": "take it out: a return names roles, never people",
    "telephone": "take it out: a return names roles, never people",
    "identifier_column": "take the column out and use the template as it stands",
    "pivot_cache": "copy the values into a fresh copy of the template (Paste Special, Values)",
    "hidden_sheet": "unhide it, delete it, or copy the values into a fresh copy of the template",
    "hidden_rows": "unhide them, clear the filter, or delete them",
    "hidden_columns": "unhide them or delete them",
    "comment": "delete all comments and notes (Review, Delete)",
    "external_link": "break the links (Data, Edit Links) so that only values are left",
    "macro": "save it as .xlsx without macros",
    "dde": "replace the formula by its value",
    "embedded_object": "delete the object",
    "query_table": "copy the values into a fresh copy of the template (Paste Special, Values)",
    "tracked_changes": "accept all changes and switch the tracking off",
    "formula_without_value": "open it in a spreadsheet program, let it calculate, save it; or paste values only",
    "error_value": "mend the formula or paste its value",
    "volatile_formula": "replace the formula by its value",
    "document_property_name": "you may take it out with File, Info, Inspect Document",
    "password_protected": "save it without a password and without rights protection",
    "xml_bomb": "use the template as it stands",
    "too_large": "use the template as it stands, without empty formatted rows",
    "wrong_format": "save it again in the format that its name says, or rename it",
    "old_format": "save it as .xlsx, .ods or .csv",
    "damaged": "open it, save it again, and send that copy",
}

MAXIMUM_FINDINGS = 200
MAXIMUM_FIELD_BYTES = 64 << 20
BLOCK_ROWS = 5_000
MAXIMUM_REMEMBERED = 200_000
LONGEST_SHORT_DATE = 9
"""31/10/27 and 31-Oct-27."""
FIRST_YEAR_OF_BIRTH, LAST_YEAR_OF_BIRTH = 1880, 2014
"""No date that a return asks for lies before 2015, the first year of any series here: an older one is taken for a birth."""
DATES_OF_RETURNS = frozenset(
    {
        "census_date",
        "activity_month",
        "snapshot_date",
        "published_date",
        "target_date",
        "period_start",
        "period_end",
        "signed_off_date",
    }
)
"""The date columns of return_templates.csv; another column of dates that spread over years is date-of-birth-shaped."""
IDENTIFYING_NAMES = re.compile(
    r"nhs ?(number|no)|hospital ?(number|no)|local patient id\w*|patient ?(id\w*|name|number|no)|mrn|dob|d o b|"
    r"(date|year) of birth|birth ?date|post ?code|surname|forename|(first|last|family|given|full) ?name|address( line)?.*|"
    r"e ?mail( address)?|(tele)?phone( number| no)?|mobile( number| no)?|ni number|passport( number| no)?|lsoa.*|uprn"
)

_HASH = re.compile(
    r"\b[0-9a-fA-F]{32,128}\b|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
)
_GAP = r"[\s\-\u2010-\u2015]{0,2}"
_TEN_DIGITS = re.compile(
    rf"(?<!\d)(?<!\d\.)(?:\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{4}}|\d{{3}}\.\d{{3}}\.\d{{4}})(?!\d)(?!\.\d*[1-9])"
)
"""Plain, spaced, dashed, dotted; not the digits of a decimal number."""
_OUTWARD, _INWARD = r"[A-Z]{1,2}[0-9][A-Z0-9]?", r"[0-9][ABD-HJLNP-UW-Z]{2}"
_POSTCODE = re.compile(rf"(?<![A-Z0-9_])({_OUTWARD}[ \u00a0]{{0,2}}{_INWARD})(?![A-Z0-9_])", re.IGNORECASE)
_POSTCODE_IN_ADDRESS = re.compile(rf"(?<![A-Z0-9_])({_OUTWARD} {_INWARD})(?![A-Z0-9_])", re.IGNORECASE)
_PSEUDO_POSTCODE = re.compile(r"ZZ99", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.%+'-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
_TELEPHONE = re.compile(
    r"(?<![\w.])(?!\d{1,2}[-. ]\d{1,2}[-. ]\d{4})(?:(?:\+|00)44[ \-.]?(?:\(0\))?|\(?0)[ \-]?[1-35789](?:[ \-.()]{0,2}\d){8,9}(?!\w)"
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    r"(?P<y1>\d{4})[-/.](?:\d{1,2})[-/.](?:\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?"
    rf"|\d{{1,2}}[-/. ](?:\d{{1,2}}|(?:{_MONTHS})[a-z]*)[-/. ,]+(?P<y2>\d{{4}})"
    rf"|\d{{1,2}}[-/](?:\d{{1,2}}|(?:{_MONTHS})[a-z]*)[-/](?P<y3>\d{{2}})",
    re.IGNORECASE,
)
_BORN = re.compile(
    r"\b(?:d\.?o\.?b\.?|date of birth|born(?: on)?)\b\W{0,4}\w{0,3}\W{0,2}\d{1,4}[-/. ](?:\d{1,2}|[a-z]{3,9})[-/. ]\d{2,4}",
    re.IGNORECASE,
)
_SPREAD_YEARS, _SPREAD_DATES = 2, 3
_THIS_CENTURY = 26
_INVISIBLE = dict.fromkeys([0, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])


@dataclass(frozen=True)
class Finding:
    """One thing in a file that must not be there, and where; the value itself is never part of it."""

    kind: Kind
    part: str
    """What was searched: `file name`, `text`, `sheet 2`, or the part of the workbook that holds it."""
    row: int | None = None
    """As a spreadsheet counts: the header is row 1."""
    column: int | None = None
    """From 1."""

    @property
    def refuses(self) -> bool:
        """Whether the file is refused and purged; advisory findings are only said."""
        return self.kind not in ADVISORY

    @property
    def purges(self) -> bool:
        """Whether nothing of the file is kept. A CSV under the name of a workbook was searched like any CSV."""
        return self.refuses and self.kind != "wrong_format"

    @property
    def what(self) -> str:
        """A sentence for the sender, without the value."""
        place = "".join(
            [
                self.part,
                f", row {self.row:,}" if self.row is not None else "",
                f", column {self.column} ({column_letters(self.column)})" if self.column is not None else "",
            ]
        )
        return f"{place}: {WHAT[self.kind]}"

    @property
    def mend(self) -> str:
        """What the sender does about it."""
        return MEND[self.kind]


def column_letters(number: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def scan_file(path: Path, name: str | None = None) -> list[Finding]:
    """Everything in the file, its hidden parts and its name that must not be there; empty for a clean file.

    `name` is the file's name where `path` is a copy under another one. At most MAXIMUM_FINDINGS are listed. Raises OSError.
    """
    from dagster_project.returns.workbook_parts import inspect_workbook, kind_of_content

    name = path.name if name is None else name
    findings = [Finding(kind, "file name") for kind in scan_text(_words_of(name))]
    content, suffix = kind_of_content(path), Path(name).suffix.lower().removeprefix(".")
    if content not in {"text", "html"}:
        findings += inspect_workbook(path, content)
    else:
        findings += scan_csv(path)
    expected = {"xlsx": "xlsx", "ods": "ods", "csv": "text"}.get(suffix, content)
    if content != expected and not any(finding.kind in UNSEARCHABLE for finding in findings):
        findings.append(Finding("wrong_format", "file"))
    return findings[:MAXIMUM_FINDINGS]


def _words_of(name: str) -> str:
    """The name with its underscores as spaces and without `_vNN.csv`; bytes that are no text are left out."""
    return re.sub(r"[_]+", " ", name.encode("utf-8", "replace").decode("utf-8"))


def scan_text(text: str) -> list[Kind]:
    """The kinds of identifier in a text, each once. Hashes (32 hexadecimal digits or more) and GUIDs are passed over."""
    if "\0" in text or not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    if len(text) < 6 or (not any(map(str.isdigit, text)) and "@" not in text):  # noqa: PLR2004 - an e-mail a@b.uk
        return []
    text = _HASH.sub(" ", text) if len(text) >= 32 else text  # noqa: PLR2004 - the shortest hash
    found: list[Kind] = []
    if any(is_nhs_number(re.sub(r"\D", "", match.group())) for match in _TEN_DIGITS.finditer(text)):
        found.append("nhs_number")
    if _has_postcode(text):
        found.append("postcode")
    if "@" in text and _EMAIL.search(text):
        found.append("email")
    if _TELEPHONE.search(text):
        found.append("telephone")
    if _BORN.search(text):
        found.append("date_of_birth")
    return found


def _has_postcode(text: str) -> bool:
    """Full postcodes; not ZZ99 (no fixed abode and the like), nor the short tokens inside web addresses."""
    if "://" in text:
        addresses = " ".join(unquote_plus(match.group()) for match in _WEB_ADDRESS.finditer(text))
        if any(not _PSEUDO_POSTCODE.match(m.group(1)) for m in _POSTCODE_IN_ADDRESS.finditer(addresses)):
            return True
        text = _WEB_ADDRESS.sub(" ", text)
    return any(not _PSEUDO_POSTCODE.match(match.group(1)) for match in _POSTCODE.finditer(text))


def year_of_date(text: str) -> int | None:
    """The year where the whole text is a date in any usual form, else None. Of two digits, 27 to 99 are of the last century."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    if match.group("y3"):
        year = int(match.group("y3"))
        return 2000 + year if year <= _THIS_CENTURY else 1900 + year
    return int(match.group("y1") or match.group("y2"))


def is_identifying_name(header: str) -> bool:
    """Whether a column's name says that it identifies people: nhs_number, DOB, postcode, surname."""
    words = re.sub(r"[^a-z0-9]+", " ", header.strip().lower()).strip()
    return IDENTIFYING_NAMES.fullmatch(words) is not None


@dataclass
class CellScanner:
    """Searches the cells of one table, a block of rows at a time. Equal cells of a column are looked at once."""

    part: str
    findings: list[Finding] = field(default_factory=list)
    _seen: dict[int, set[str]] = field(default_factory=dict)
    _dates: dict[int, set[int]] = field(default_factory=dict)
    _date_counts: dict[int, set[str]] = field(default_factory=dict)
    _headers: dict[int, str] = field(default_factory=dict)

    def scan(self, rows: Iterable[Sequence[str]], first_row: int = 1) -> None:
        """Search all rows; the first one is taken for the header, and searched like the others."""
        numbered, row = iter(rows), first_row
        while block := list(islice(numbered, BLOCK_ROWS)):
            if row == first_row:
                self._read_header(block[0], first_row)
            for column, cells in enumerate(zip_longest(*block, fillvalue=""), start=1):
                self._scan_column(column, cells, row)
                if len(self.findings) >= MAXIMUM_FINDINGS:
                    return
            row += len(block)
        self._judge_dates()

    def _read_header(self, header: Sequence[str], row: int) -> None:
        for column, name in enumerate(header, start=1):
            self._headers[column] = name.strip().lower()
            if is_identifying_name(name):
                self.findings.append(Finding("identifier_column", self.part, row, column))

    def _scan_column(self, column: int, cells: Sequence[str], first_row: int) -> None:
        seen = self._seen.setdefault(column, set())
        if len(seen) > MAXIMUM_REMEMBERED:
            seen.clear()
        new = set(cells) - seen
        seen |= new
        for cell in new:
            for kind in self._kinds(column, cell):
                self.findings.append(Finding(kind, self.part, first_row + cells.index(cell), column))
                if len(self.findings) >= MAXIMUM_FINDINGS:
                    return

    def _kinds(self, column: int, cell: str) -> list[Kind]:
        kinds = scan_text(cell)
        year = year_of_date(cell) if 6 <= len(cell) <= 32 else None  # noqa: PLR2004 - 1/1/70 to a spelt month
        if year is None:
            return kinds
        known = self._headers.get(column, "") in DATES_OF_RETURNS
        # 31/10/27 is a target date in a column of dates, and a pensioner's birthday anywhere else.
        if FIRST_YEAR_OF_BIRTH <= year <= LAST_YEAR_OF_BIRTH and not (known and len(cell) <= LONGEST_SHORT_DATE):
            return [*kinds, "date_of_birth"]
        self._dates.setdefault(column, set()).add(year)
        self._date_counts.setdefault(column, set()).add(cell)
        return kinds

    def _judge_dates(self) -> None:
        """A column of dates that the templates do not know, spread over years, is date-of-birth-shaped (children)."""
        for column, years in self._dates.items():
            spread = max(years) - min(years) >= _SPREAD_YEARS and len(self._date_counts[column]) >= _SPREAD_DATES
            if spread and self._headers.get(column, "") not in DATES_OF_RETURNS:
                self.findings.append(Finding("date_of_birth", self.part, None, column))


def scan_csv(path: Path) -> list[Finding]:
    """Findings of a text file, whatever its encoding and its separator: every character stands in some cell."""
    csv.field_size_limit(MAXIMUM_FIELD_BYTES)
    scanner = CellScanner("text")
    with path.open(encoding=_encoding(path), errors="replace", newline="") as text:
        try:
            scanner.scan(csv.reader(text))
        except csv.Error:
            scanner.findings.append(Finding("too_large", "text"))
    return scanner.findings


def _encoding(path: Path) -> str:
    """As the reader would decode it; text of no known encoding is searched byte by byte, which keeps all ASCII."""
    try:
        return detect_encoding(path)
    except UnreadableText:
        return "utf-16" if path.read_bytes()[:2] in {b"\xff\xfe", b"\xfe\xff"} else "latin-1"

"""A file as a trust sends it (CSV, XLSX, ODS) to a table of text in DuckDB, with row numbers as the sheet shows them.

Nothing is sniffed and nothing is padded: the header is that of the template, a row that is too short or too long is named
and refused. A plain CSV goes straight through DuckDB; anything unusual about it (quotes, blank lines, another encoding) sends
it through Python's csv module, which says in which row it stands. Not here: what the cells mean (typed.py).
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter or a quoted path
from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import duckdb
import numpy as np
from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.contracts.collection import load_common
from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.content import check_content
from dagster_project.lake.files import LakeError
from dagster_project.returns.limits import DATA_SHEET, MANIFEST_SHEET, MAXIMUM_COLUMNS, MAXIMUM_FILE_BYTES

MAXIMUM_ROWS = 2_000_000
MAXIMUM_CELL_CHARACTERS = 32_767
"""The longest cell of a workbook."""
MAXIMUM_RAGGED = 1_000
HEADER_ROWS = 1
TITLE_ROWS = 20
"""So many rows below the first are searched for headings that are not in it."""
BATCH_ROWS = 5_000
WORKBOOKS = {".xlsx": "xlsx", ".ods": "ods"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OUTER_BLANKS = (b" ,", b", ", b" \r", b" \n", b"\n ", b"\t")
_LINE_FEED, _BLANK = 10, 32
_BEGINS_OF_BLANK_LINES = np.frombuffer(b"\n\r, ", np.uint8)
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars", ":": "colons", "^": "circumflexes", "~": "tildes"}
"""As continental settings of Windows, "Unicode text" of Excel and exports of databases write them."""
Record = tuple[int, list[str]]
"""The row as the sheet shows it, and its cells."""


class Unreadable(Exception):
    """A file that cannot be read at all; `why` holds no content of it."""

    def __init__(self, why: str, row: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.row = row


class WrongLayout(Unreadable):
    """A table whose header is the template's, but for one thing: `what` says it, `mend` how it is put right, `lacking` why the
    rows are not read."""

    def __init__(self, what: str, mend: str, lacking: str) -> None:
        super().__init__(f"{what}; {mend}", HEADER_ROWS)
        self.what, self.mend, self.lacking = what, mend, lacking


def _wrong_separator(separator: str) -> WrongLayout:
    return WrongLayout(
        f"the cells are separated by {SEPARATORS[separator]}, the template separates them by commas",
        "save it as 'CSV UTF-8 (Comma delimited)' on a computer whose list separator is the comma "
        "(Windows: Region, Additional settings), or fill in and send the workbook of the template instead",
        "the cells of a row cannot be told apart",
    )


@dataclass(frozen=True)
class Header:
    """How the first row compares with the template."""

    wanted: tuple[str, ...]
    found: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Say whether it is the template's, column by column."""
        return self.found == self.wanted

    @property
    def missing(self) -> list[str]:
        """Return columns of the template that are not there."""
        return [name for name in self.wanted if name not in self.found]

    @property
    def unknown(self) -> list[int]:
        """Places, from 1, of headings that the template does not have or has already had. Their text is never shown."""
        seen: set[str] = set()
        places = []
        for place, name in enumerate(self.found, start=1):
            if name not in self.wanted or name in seen:
                places.append(place)
            seen.add(name)
        return places

    def place(self, name: str) -> int:
        """Return where a column is in the file, from 0."""
        return self.found.index(name)


@dataclass
class Reading:
    """What was read: the table `cells` of the connection (row_number and the template's columns as text)."""

    header: Header
    rows: int = 0
    ragged: list[tuple[int, int]] = field(default_factory=list)
    """Sheet row and number of cells of rows that are too short or too long; they are not in `cells`."""
    ragged_count: int = 0


def read_data(con: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str], table: str = "cells") -> Reading:
    """Fill `table` from the file and say how its header compares with `columns`; raises Unreadable or WrongLayout."""
    _check_size(path)
    if path.suffix.lower() in WORKBOOKS:
        return _fill(con, _sheet(path, DATA_SHEET), columns, table)
    content = Content(path)
    _require_commas(content.header, columns)
    if content.is_plain:
        reading = _read_plain(con, path, content, columns, table)
        if reading is not None:
            return reading
    return _fill(con, _csv_records(path), columns, table)


def read_manifest_record(data: Path, sidecar: Path | None) -> list[dict[str, str]]:
    """Return the rows of the manifest as heading -> text: of the sidecar, or of a workbook's sheet `manifest`; raises Unreadable."""
    if data.suffix.lower() in WORKBOOKS and sidecar is None:
        records = _sheet(data, MANIFEST_SHEET)
    elif sidecar is None:
        raise Unreadable("the manifest is missing: a CSV needs its .manifest.csv beside it")
    else:
        _check_size(sidecar)
        _require_commas(Content(sidecar).header, [column.name for column in load_common().manifest])
        records = _csv_records(sidecar)
    found = [cells for _, cells in islice(records, 1 + MAXIMUM_RAGGED)]
    if not found:
        raise Unreadable("the manifest is empty")
    return [dict(zip(found[0], cells, strict=False)) for cells in found[1:]]


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Unreadable("it is not there, or may not be opened") from error
    if not path.is_file():
        raise Unreadable("it is not a regular file")
    if size > MAXIMUM_FILE_BYTES:
        raise Unreadable(f"it is larger than {MAXIMUM_FILE_BYTES:,} bytes")
    if size == 0:
        raise Unreadable("it is empty")


def _require_commas(first_line: bytes, columns: Sequence[str]) -> None:
    """Raises WrongLayout where the line gives headings of the template once it is cut at another mark than the comma,
    or names that mark, as Excel's `sep=;` does.
    """
    line = first_line.decode("utf-8", "replace").strip()
    names = re.fullmatch(r'"?sep=(.)"?', first_line.decode("utf-8", "replace").strip("\r\n "), re.IGNORECASE)
    if names and names[1] in SEPARATORS:
        raise _wrong_separator(names[1])
    if names:
        raise Unreadable("its first row names the separator (sep=); take that row out, the header must be in row 1", 1)
    for separator in SEPARATORS:
        cells = {cell.strip().strip("\"'").strip() for cell in line.split(separator)}
        if len(cells & set(columns)) > 1:
            raise _wrong_separator(separator)


# -- CSV through DuckDB ------------------------------------------------------------------------------------------------


class Content:
    """What the bytes of a CSV are like, each question one pass at the speed of memory."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        signs = np.frombuffer(content, np.uint8)
        ends = np.flatnonzero(signs == _LINE_FEED)
        self.lines = int(ends.size) + (not content.endswith(b"\n"))
        self.header = content[: ends[0]].rstrip(b"\r") if ends.size else content
        begins = signs[ends[ends < signs.size - 1] + 1]
        self.is_plain = (
            content.isascii()
            and b'"' not in content
            and int(np.count_nonzero(signs < _BLANK)) == ends.size + content.count(b"\t") + content.count(b"\r")
            and b"\x7f" not in content
            and content.count(b"\r") == content.count(b"\r\n")
            # blank lines; rows of separators alone are blank rows of a sheet
            and not np.isin(begins, _BEGINS_OF_BLANK_LINES).any()
            and not content.startswith((b"\n", b"\r"))
            and len(self.header) <= MAXIMUM_CELL_CHARACTERS
        )
        has_blanks = b" " in content or b"\t" in content
        self.has_outer_blanks = has_blanks and (
            content.endswith(b" ") or any(blank in content for blank in _OUTER_BLANKS)
        )


def _read_plain(
    con: duckdb.DuckDBPyConnection, path: Path, content: Content, columns: Sequence[str], table: str
) -> Reading | None:
    """None where DuckDB stumbles or loses a row: the careful way then says why."""
    header = Header(tuple(columns), tuple(map(_fold, content.header.decode("ascii").split(","))))
    if not header.is_right:
        return None
    if content.lines - HEADER_ROWS > MAXIMUM_ROWS:
        raise _too_many_rows()
    names = ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in columns)
    # Taking blanks off eleven columns costs half as much again as reading them, so it is done where there are any.
    text = "nullif(trim({0}), '') as {0}" if content.has_outer_blanks else "{0}"
    texts = ", ".join(text.format(quote_identifier(name)) for name in columns)
    try:
        con.execute(
            f"create or replace table {quote_identifier(table)} as "
            f"select row_number() over () as row_number, {texts} from {_strict_csv(path, names, ',', 'true')}"
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return None
    rows = _count(con, table)
    return Reading(header, rows) if rows == content.lines - HEADER_ROWS else None


def different_cells(path: Path, content: Content, separator: str) -> list[list[str]] | None:
    """The different cells of each column, the first row among them, of a plain CSV of which every line is a row of as many
    cells as the first; None where it is another. Raises OSError.
    """
    width = content.header.count(separator.encode("ascii")) + 1
    if not content.is_plain or width > MAXIMUM_COLUMNS:
        return None
    names = [f"column {place}" for place in range(width)]
    types = ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in names)
    lists = ", ".join(f"list(distinct {quote_identifier(name)})" for name in names)
    try:
        with scratch_connection() as con:
            found = con.execute(
                f"select count(*), {lists} from {_strict_csv(path, types, separator, 'false')}"
            ).fetchone()
    except duckdb.Error:
        return None
    if found is None or found[0] != content.lines:
        return None
    return [[cell for cell in cells or [] if cell] for cells in found[1:]]


def _strict_csv(path: Path, types: str, separator: str, header: str) -> str:
    return (
        f"read_csv({quote_literal(_literal_path(path))}, columns = {{{types}}}, header = {header}, auto_detect = false, "
        f"delim = {quote_literal(separator)}, quote = '\"', escape = '\"', strict_mode = true, null_padding = false, "
        f"max_line_size = {MAXIMUM_CELL_CHARACTERS})"
    )


def _literal_path(path: Path) -> str:
    """DuckDB reads a path as a glob; brackets make its signs plain."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


# -- CSV through Python ------------------------------------------------------------------------------------------------


def _csv_records(path: Path) -> Iterator[Record]:
    try:
        check_content(path, "csv")
    except LakeError as error:
        raise Unreadable(error.why, _row_in(error.why)) from error
    with io.StringIO(_text(path), newline="") as stream:
        yield from _records(csv.reader(stream, strict=True))


def _row_in(why: str) -> int | None:
    found = re.search(r"line ([0-9,]+)", why)
    return int(found.group(1).replace(",", "")) if found else None


def _text(path: Path) -> str:
    """UTF-8, with or without its mark, else cp1252; a lone byte that neither knows stops the file."""
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("it is written in UTF-16; save it as CSV UTF-8")
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            row = content.count(b"\n", 0, error.start) + 1
    raise Unreadable("it is neither UTF-8 nor Windows-1252 text", row)


def _records(reader: Iterable[list[str]]) -> Iterator[Record]:
    """Records numbered as a spreadsheet does, where a quoted line end opens no new row and a blank line is a row."""
    row = 0
    try:
        for row, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield row, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Unreadable("quotation marks are not closed, or stand inside a cell", row + 1) from error


# -- workbooks ---------------------------------------------------------------------------------------------------------


def _sheet(path: Path, name: str) -> Iterator[Record]:
    format_ = WORKBOOKS[path.suffix.lower()]
    try:
        check_content(path, "xlsx" if format_ == "xlsx" else "ods")
        with CalamineWorkbook.from_path(path) as workbook:
            if name not in workbook.sheet_names:
                raise Unreadable(f"the workbook has no sheet '{name}'")
            sheet = workbook.get_sheet_by_name(name)
            # calamine leaves out blank columns on the left of the used area, but not blank rows above it.
            margin = [""] * (sheet.start[1] if sheet.start else 0)
            for row, cells in enumerate(sheet.iter_rows(), start=1):
                texts = margin + [_cell_text(cell) for cell in cells]
                if any(texts):
                    yield row, texts
    except LakeError as error:
        raise Unreadable(error.why) from error
    except (CalamineError, OSError, ValueError, KeyError) as error:
        raise Unreadable("the workbook is damaged") from error


def _cell_text(cell: object) -> str:
    """As it would be in the CSV of the template: ISO dates, whole numbers without a point."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell).strip()


# -- into DuckDB -------------------------------------------------------------------------------------------------------


def _fill(con: duckdb.DuckDBPyConnection, records: Iterator[Record], columns: Sequence[str], table: str) -> Reading:
    first = next(records, None)
    if first is None:
        raise Unreadable("it holds no row at all")
    row, cells = first
    if row != HEADER_ROWS:
        raise Unreadable("its first row is blank; the header must be in row 1", 1)
    header = Header(tuple(columns), tuple(_without_blank_end(list(map(_fold, cells)))))
    records = _below_title(records, header)
    if (
        len(header.found) == 1
        and len({name.strip("\"' ") for name in re.split("[,;\t|]", cells[0])} & set(columns)) > 1
    ):
        raise Unreadable("each row is in one cell; put every column of the template into its own column", row)
    names = ", ".join(f"{quote_identifier(name)} varchar" for name in columns)
    con.execute(f"create or replace table {quote_identifier(table)} (row_number bigint, {names})")
    reading = Reading(header)
    for batch in _batches(_even(records, reading)):
        _insert(con, table, header, batch)
        reading.rows += len(batch)
        if reading.rows > MAXIMUM_ROWS:
            raise _too_many_rows()
    return reading


def _fold(heading: str) -> str:
    """A heading whatever its case and the signs between its words; those of the templates are in small letters."""
    return re.sub(r"[\s_-]+", "_", heading.strip()).lower()


def _below_title(records: Iterator[Record], header: Header) -> Iterator[Record]:
    """The records below the first row; raises WrongLayout where the headings stand among them."""
    first = list(islice(records, TITLE_ROWS))
    if not set(header.found) & set(header.wanted):
        for row, cells in first:
            if len(set(map(_fold, cells)) & set(header.wanted)) > len(header.wanted) / 2:
                raise WrongLayout(
                    f"the headings of the template are in row {row}",
                    f"take out the rows above them: the header must be in row {HEADER_ROWS}",
                    "the header does not stand above them",
                )
    return chain(first, records)


def _without_blank_end(cells: list[str]) -> list[str]:
    """A sheet's used area may reach beyond the header; a heading that is blank in the middle stays, and is refused."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _even(records: Iterator[Record], reading: Reading) -> Iterator[Record]:
    """The records that have as many cells as the header; others are noted."""
    width = len(reading.header.found)
    for row, cells in records:
        if any(len(cell) > MAXIMUM_CELL_CHARACTERS for cell in cells):
            raise Unreadable(f"a cell is longer than {MAXIMUM_CELL_CHARACTERS:,} characters", row)
        if any(_CONTROL.search(cell) for cell in cells):
            raise Unreadable("a cell holds a control character", row)
        if len(cells) > width and not any(cells[width:]):
            del cells[width:]
        if len(cells) == width:
            yield row, cells
        else:
            reading.ragged_count += 1
            if reading.ragged_count <= MAXIMUM_RAGGED:
                reading.ragged.append((row, len(cells)))


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, BATCH_ROWS)):
        yield batch


def _insert(con: duckdb.DuckDBPyConnection, table: str, header: Header, batch: list[Record]) -> None:
    """Column by column, because a list for each column is one parameter and a row for each record is thousands."""
    lists: list[Sequence[object]] = [[row - HEADER_ROWS for row, _ in batch]]
    for name in header.wanted:
        if name in header.found:
            place = header.place(name)
            lists.append([cells[place] or None for _, cells in batch])
        else:
            lists.append([None] * len(batch))
    values = ", ".join(f"unnest(cast(? as {'bigint' if not place else 'varchar'}[]))" for place in range(len(lists)))
    con.execute(f"insert into {quote_identifier(table)} select {values}", lists)


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    found = con.execute(f"select count(*) from {quote_identifier(table)}").fetchone()
    return int(found[0]) if found else 0


def _too_many_rows() -> Unreadable:
    return Unreadable(f"it holds more than {MAXIMUM_ROWS:,} rows")

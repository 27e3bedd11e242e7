"""Snapshot to clean table: the toolkit that every sources/<slug>/parse.py uses, and the writer of the Parquet.

The rules are in source.yml; this module turns them into one DuckDB query. Nothing is sniffed: the dialect is pinned, every
column is named and read as text, and an independent count of the records proves that rows in = loaded + rejected.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import io
import json
import os
import re
import shutil
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import duckdb
from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.contracts.source import CleanColumn, Correction, Entity, FileColumn, Source
from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.archives import ArchiveLimits, extract_only_member
from dagster_project.lake.cells import count_rows
from dagster_project.lake.content import (
    cells_of_unended_line,
    check_content,
    count_records,
    detect_encoding,
    lines_ending_in_counts,
    rewrite_as_utf8,
)
from dagster_project.lake.discovery import period_bounds
from dagster_project.lake.files import LakeError, part_of, sync_folder, write_atomically
from dagster_project.lake.snapshots import Snapshot

STREAMED_BYTES = 20_000_000
"""Text files above this are read by a view, twice if need be, instead of being held as a table of text."""
COUNT = "(0|[1-9][0-9]{0,14})"
NO_COUNT = r"[^0-9\x1f]|(^|\x1f)0[0-9]|[0-9]{16}"
"""Found in cells joined by the unit separator when one of them is no COUNT. To look for what is wrong is faster than to
match what is right; a comma as separator would let `1,234` through as two counts."""
LEAST_TOO_LARGE = 10**15
"""The least whole number that COUNT does not match."""
THOUSANDS = "[1-9][0-9]{0,2}(,[0-9]{3})+"
"""A count with thousands marks, as Excel writes it to a CSV ("2,390"). Nothing else than a whole number can be meant by it."""
DECIMAL = r"[0-9]{1,15}([.][0-9]+)?([eE][-+]?[0-9]{1,3})?"
SIGNED = f"-?{DECIMAL}"
NO_BREAK_SPACE = "chr(160)"
MAXIMUM_LISTED_LINES = 40
MACHINE_ERRORS = (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.FatalException, duckdb.InternalException)
Rule = tuple[str, str, str]
"""Column, the rule in words, and SQL that is true for a valid cell."""


class ParseError(LakeError):
    """A file that breaks its contract as a whole: the source is held at its last good snapshot."""


@dataclass
class ParseReport:
    """What became of every record of a file."""

    source: str
    entity: str
    period: str
    sha256: str
    file: str
    parser: str
    encoding: str = ""
    preamble: list[str] = field(default_factory=list)
    footer: list[str] = field(default_factory=list)
    ignored_headings: list[str] = field(default_factory=list)
    records_in: int = 0
    records_loaded: int = 0
    records_rejected: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    """Records that were used as a checksum and left out, by reason."""
    statuses: dict[str, int] = field(default_factory=dict)
    """How many cells are not published, by status."""
    corrections_applied: dict[str, int] = field(default_factory=dict)
    thousands_marks: dict[str, int] = field(default_factory=dict)
    """Cells of a count that were written with thousands marks and read without them, by column."""
    clean_rows: int = 0
    rejects_file: str = ""

    @property
    def name(self) -> str:
        """How errors call the file."""
        return f"{self.source} {self.entity} {self.period} ({self.file})"


class ParseJob:
    """One snapshot on its way to a clean table; what parse.py works with."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        entity: Entity,
        snapshot: Snapshot,
        workspace: Path,
        report: ParseReport,
    ) -> None:
        self.connection = connection
        self.source = source
        self.entity = entity
        self.snapshot = snapshot
        self.workspace = workspace
        self.report = report
        self.streamed = False
        self._text_sql = ""
        self._text_path = snapshot.path
        self._pending: tuple[list[Rule], _Layout | None] = ([], None)
        self.period_start, self.period_end = period_bounds(snapshot.period)
        connection.execute(
            "create or replace temp table rejects (record_number bigint, column_name varchar, rule varchar, cell varchar)"
        )

    # -- reading ---------------------------------------------------------------------------------------------------

    def read_csv(self) -> str:
        """Read the snapshot's CSV under the contract; the name of a relation with typed, valid rows.

        Raises ParseError naming file, column and rule when the file as a whole breaks its contract.
        """
        path = self._text_file()
        layout = _Layout.find(path, self)
        trimmed = layout.trim(path, self.workspace)
        records, breaks_in_cells = count_records(trimmed)
        self.report.records_in = records - layout.has_header
        self._refuse_cut_line(trimmed, len(layout.names))
        self.streamed = trimmed.stat().st_size > STREAMED_BYTES
        self._text_sql, self._text_path = _csv_sql(trimmed, layout), trimmed
        proved = frozenset() if breaks_in_cells else self._proved_counts(layout)
        return self._type(layout.names, layout, breaks_in_cells, proved)

    def _refuse_cut_line(self, path: Path, columns: int) -> None:
        cells = cells_of_unended_line(path)
        if cells is not None and cells < columns:
            raise self.error(
                f"its last line has {cells} of {columns} cells and no line end, so the file was cut",
                "fetch the file again; if it is the same, ask its publisher for the whole of it",
            )

    def read_rows(
        self, rows: Iterable[tuple[int, Mapping[str, str | None]]], names: Sequence[str] | None = None
    ) -> str:
        """The same for rows that parse.py took out of a workbook: (row number in the sheet, cells by contract name)."""
        columns = list(names or [column.name for column in self.entity.file_columns])
        listed = list(rows)
        definitions = ", ".join(f"{_q(name)} varchar" for name in columns)
        self.connection.execute(f"create or replace temp table workbook_rows (_record bigint, {definitions})")
        if listed:
            lists = ", ".join(f"unnest(${place})" for place in range(1, len(columns) + 2))
            values = [[number for number, _ in listed], *([cells.get(name) for _, cells in listed] for name in columns)]
            self.connection.execute(f"insert into workbook_rows select {lists}", values)
        self.report.records_in = len(listed)
        self._text_sql = "select * from workbook_rows"
        return self._type(columns, None)

    def _text_file(self) -> Path:
        path = self.snapshot.path
        if self.entity.format == "csv_or_xlsx" and path.suffix.lower() == ".xlsx":
            path = _sheet_as_csv(path, self.workspace / "sheet.csv", self)
        elif self.entity.format_of(path.name) == "zip_csv":
            unpacked = self.workspace / "unpacked.csv"
            limits = ArchiveLimits(maximum_total_bytes=self.entity.max_unpacked_bytes)
            self.report.file += " > " + extract_only_member(path, unpacked, suffix=".csv", limits=limits)
            check_content(unpacked, "csv")
            path = unpacked
        self.report.encoding = detect_encoding(path)
        if self.report.encoding != "utf-8":
            path = rewrite_as_utf8(path, self.report.encoding, self.workspace / "utf8.csv")
        return path

    # -- typing ----------------------------------------------------------------------------------------------------

    def _proved_counts(self, layout: _Layout) -> frozenset[str]:
        """The counts at the end of the lines of a large file, if its bytes show that all of them are whole numbers or blank.

        The 108 of RTT need no look at each cell then: a fifth of the time of a month.
        """
        unmarked = {column.name for column in self.entity.file_columns if _is_unmarked_count(column)}
        last = list(takewhile(unmarked.__contains__, reversed(layout.names)))
        if not self.streamed or not last:
            return frozenset()
        proved = lines_ending_in_counts(self._text_path, len(last)) == self.report.records_in
        return frozenset(last if proved else ())

    def _type(
        self,
        names: Sequence[str],
        layout: _Layout | None,
        breaks_in_cells: bool = False,
        proved: frozenset[str] = frozenset(),
    ) -> str:
        columns = [column for column in self.entity.file_columns if column.name in names]
        if not proved:
            self._take_off_thousands_marks(columns)
        extras = [name for name in names if name.startswith("_extra_")]
        rules = [rule for column in columns for rule in _rules(column)]
        rules += [_extra_rule(name) for name in extras]
        valid = _all_valid(columns, rules, proved)
        texts = [column.name for column in columns if column.type == "text" and not column.allowed]
        if texts and breaks_in_cells:
            # Of the 60 real CSV files none holds a line break in a cell; a stray quotation mark makes one.
            rules += [(name, "the cell must not hold a line break", _without_break(_q(name))) for name in texts]
            valid += " and " + _without_break(f"concat_ws('', {', '.join(map(_q, texts))})")
        typed = ", ".join(expression for column in columns for expression in _typed(column, column.name in proved))
        text_sql = _csv_sql(self._text_path, layout, proved) if layout is not None and proved else self._text_sql
        self._create_typed(f"select {typed} from ({text_sql}) where {valid}")
        if not self.streamed:
            self.report.records_loaded = self.count("typed")
            self._prove(rules, layout)
        else:
            self._pending = (rules, layout)
        return "typed"

    def _take_off_thousands_marks(self, columns: list[FileColumn]) -> None:
        """Read "2,390" as 2390 in a column of counts, and count the cells. A file without a comma in a count is left as it is."""
        counts = [column for column in columns if column.type == "count"]
        if not counts:
            return
        marked = {c.name: f"regexp_full_match({_trimmed(c)}, {quote_literal(THOUSANDS)})" for c in counts}
        sums = ", ".join(f"count(*) filter (where {condition})" for condition in marked.values())
        joined = ", ".join(map(_q, marked))
        some = f"contains(concat_ws(chr(31), {joined}), ',')"
        found = self._on_text(f"select {sums} from ({self._text_sql}) where {some}").fetchone() or ()
        self.report.thousands_marks = {name: cells for name, cells in zip(marked, found, strict=True) if cells}
        without = [
            f"case when {marked[name]} then replace({_q(name)}, ',', '') else {_q(name)} end as {_q(name)}"
            for name in self.report.thousands_marks
        ]
        if without:
            self._text_sql = f"select * replace ({', '.join(without)}) from ({self._text_sql})"

    def _create_typed(self, select: str) -> None:
        kind = "view" if self.streamed else "table"
        self._on_text(f"create or replace temp {kind} typed as {select}")

    def _on_text(self, statement: str) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(statement)
        except MACHINE_ERRORS:  # no fault of the file: it must be parsed again when there is room
            raise
        except duckdb.Error as error:
            raise self.error(f"it cannot be read as CSV: {str(error).splitlines()[0]}", "look at the file") from error

    def prove_streamed(self, loaded: int) -> None:
        """The same proof for a file that was streamed: the rows are counted once they are written."""
        self.report.records_loaded = loaded
        self._prove(*self._pending)

    def _prove(self, rules: list[Rule], layout: _Layout | None) -> None:
        """Rows in = loaded + rejected, or ParseError. Looks for the rejected rows only when the counts differ."""
        if self.report.records_loaded != self.report.records_in:
            self._collect_rejects(rules, layout)
            found = "select count(distinct record_number) from rejects"
            self.report.records_rejected = int(_one(self.connection, found))
        total = self.report.records_loaded + self.report.records_rejected
        if total != self.report.records_in:
            raise self.error(
                f"{self.report.records_in:,} records by an independent count, but {self.report.records_loaded:,} loaded and "
                f"{self.report.records_rejected:,} rejected",
                "look for a stray quote, an embedded line break or a change of separator",
            )
        self._check_volume()

    def _collect_rejects(self, rules: list[Rule], layout: _Layout | None) -> None:
        if layout is not None:
            self._collect_broken_lines(layout)
            kept = f"select row_number() over () as _place, * from ({self._text_sql})"
            numbered = (
                f"select line as _record, kept.* exclude (_place) from ({kept}) kept join whole on place = _place"
            )
        else:
            numbered = self._text_sql
        condition = " and ".join(f"({valid})" for _, _, valid in rules) or "true"
        self._on_text(
            f"create or replace temp table suspects as select * from ({numbered}) where ({condition}) is not true"
        )
        if layout is not None:
            self._pass_over_blank_rows(layout.names)
        for name, rule, valid in rules:
            self.connection.execute(
                f"insert into rejects select _record, ?, ?, {_q(name)} from suspects where ({valid}) is not true",
                [name, rule],
            )

    def _pass_over_blank_rows(self, names: Sequence[str]) -> None:
        """Lines of separators alone, as a spreadsheet saves the blank rows of a sheet, are no records."""
        cells = f"concat_ws('', {', '.join(map(_q, names))})"
        (blank,) = self._on_text(
            f"delete from suspects where trim({cells}, ' ' || {NO_BREAK_SPACE}) = ''"
        ).fetchone() or (0,)
        if blank:
            self.set_aside("blank rows", blank)
            self.report.records_in -= blank

    def _collect_broken_lines(self, layout: _Layout) -> None:
        """Lines with too few or too many cells, by DuckDB's own rejects table; `whole` numbers the rows that it returns."""
        reading = self._text_sql.replace("ignore_errors=true", "store_rejects=true")
        self._on_text(f"select count(*) from ({reading})").fetchall()
        counted, lines = _record_lines(self._text_path, layout)
        self.connection.execute(
            "create or replace temp table records as select unnest(?::bigint[]) as counted, unnest(?::bigint[]) as line",
            [counted, lines],
        )
        self.connection.execute(
            "insert into rejects select records.line, null, 'a line that does not have one cell a column: ' || "
            "any_value(error_type::varchar), null from reject_errors join records on counted = reject_errors.line group by all"
        )
        self.connection.execute(
            "create or replace temp table whole as select line, row_number() over (order by line) as place from records "
            "where counted not in (select line from reject_errors)"
        )

    def _check_volume(self) -> None:
        entity, report = self.entity, self.report
        if not entity.minimum_records <= report.records_in <= entity.maximum_records:
            raise self.error(
                f"{report.records_in:,} records, where {entity.minimum_records:,} to {entity.maximum_records:,} are expected",
                "look whether the publisher cut the file; change minimum_records in source.yml if it is genuine",
            )
        if report.records_rejected > entity.maximum_rejected_share * report.records_in:
            found = self.connection.execute(
                "select record_number, column_name, rule from rejects order by all limit 3"
            ).fetchall()
            named = [f"row {line}{f', column {column}' if column else ''}: {rule}" for line, column, rule in found]
            allowed = {
                "zero": "and a row that is left out would be read as 0",
                "added_up": "and a row that is left out would be missing from a total",
                "gap": f"more than the share of {entity.maximum_rejected_share:.1%} that is let through",
            }[entity.absent_row]
            raise self.error(
                f"{report.records_rejected:,} of {report.records_in:,} rows break a rule, {allowed}; "
                f"the first is {'; then '.join(named)}",
                "compare the file with the contract in source.yml",
            )

    # -- what parse.py may ask ---------------------------------------------------------------------------------------

    def count(self, relation: str, condition: str = "true") -> int:
        """How many rows of a relation meet a condition."""
        return int(_one(self.connection, f"select count(*) from {quote_identifier(relation)} where {condition}"))

    def count_records(self, condition: str) -> int:
        """How many records of the file meet a condition over its texts as written, whatever the rules say of them."""
        return int(self._on_text(f"select count(*) from ({self._text_sql}) where {condition}").fetchall()[0][0])

    def corrected_text(self, column: str) -> str:
        """SQL for a text column of `typed` with the publisher's known errors of this period put right, which are counted."""
        known = [c for c in self.entity.text_corrections if c.column == column and c.period == self.snapshot.period]
        for row in known:
            covered = f"{_q(column)} = {quote_literal(row.as_written)}"
            applied = self.report.corrections_applied
            applied[column] = applied.get(column, 0) + self.count("typed", covered)
        cases = " ".join(f"when {quote_literal(row.as_written)} then {quote_literal(row.means)}" for row in known)
        return f"case {_q(column)} {cases} else {_q(column)} end" if known else _q(column)

    def set_aside(self, reason: str, rows: int) -> None:
        """Say that rows of the file were used and left out (a TOTAL row that served as a checksum)."""
        self.report.set_aside[reason] = self.report.set_aside.get(reason, 0) + rows

    def require_none(self, query: str, rule: str, next_step: str) -> None:
        """Refuse the file if the query returns a row; the first three are named in the error."""
        rows = self.connection.execute(query).fetchmany(3)
        if rows:
            shown = "; ".join(", ".join("" if cell is None else str(cell) for cell in row) for row in rows)
            raise self.error(f"{rule}: {shown}", next_step)

    def error(self, why: str, next_step: str) -> ParseError:
        """A refusal of the whole file."""
        if self.source.format_status_of(self.entity.name) == "unconfirmed":
            next_step += "; this format was never confirmed: columns that are guessed say so in source.yml"
        return ParseError(self.report.name, why, next_step)


@dataclass(frozen=True)
class _Layout:
    """Where the data of a text file begins and ends, and which column stands where."""

    has_header: bool
    names: tuple[str, ...]
    skipped_lines: int
    data_lines: int | None
    """Lines of data when a footer follows; None: to the end."""
    blank_lines: int = 0
    """Blank lines between the headings and the data (Nomis: one)."""

    @classmethod
    def find(cls, path: Path, job: ParseJob) -> _Layout:
        entity = job.entity
        if not entity.has_header:
            return cls(False, tuple(column.name for column in entity.file_columns), 0, None)
        with path.open(encoding="utf-8", newline="") as lines:
            head = list(islice(lines, entity.preamble_lines + 1))
        rows = [next(csv.reader(io.StringIO(line)), []) for line in head]
        for skipped, headings in enumerate(rows):
            names = _match_headings(headings, job)
            if names is not None:
                job.report.preamble = [line.strip() for line in head[:skipped] if line.strip()]
                return cls(
                    True, names, skipped, _footer_start(path, skipped, job), _count_blank_lines(path, skipped + 1)
                )
        columns = entity.file_columns
        closest = max(rows, key=lambda row: sum(_match_heading(cell, columns) is not None for cell in row), default=[])
        raise _lacking(closest, job)

    def trim(self, path: Path, workspace: Path) -> Path:
        """The file without preamble and footer (itself when it has neither)."""
        if self.skipped_lines == 0 and self.data_lines is None and self.blank_lines == 0:
            return path
        trimmed = workspace / "trimmed.csv"
        end = None if self.data_lines is None else self.data_lines - 1
        with path.open(encoding="utf-8", newline="") as lines, trimmed.open("w", encoding="utf-8", newline="") as out:
            out.writelines(islice(lines, self.skipped_lines, self.skipped_lines + 1))
            out.writelines(islice(lines, self.blank_lines, end))
        return trimmed


def _count_blank_lines(path: Path, start: int) -> int:
    with path.open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in takewhile(lambda line: not line.strip(), islice(lines, start, None)))


def _footer_start(path: Path, skipped: int, job: ParseJob) -> int | None:
    pattern = job.entity.footer_pattern
    if not pattern:
        return None
    with path.open(encoding="utf-8", newline="") as lines:
        for number, line in enumerate(islice(lines, skipped, None)):
            if number and re.search(pattern, line):
                job.report.footer = [line.strip(), *(rest.strip() for rest in islice(lines, MAXIMUM_LISTED_LINES))]
                return number
    return None


def _record_lines(path: Path, layout: _Layout) -> tuple[list[int], list[int]]:
    """Of every record below the headings: the line number that DuckDB gives it, and its line in the publisher's file.

    DuckDB counts blank lines, but not those inside quotation marks.
    """
    counted, lines, number, quoted = [], [], 0, False
    above = layout.skipped_lines
    with path.open("rb") as stream:
        for line, text in enumerate(stream, start=1):
            if not quoted:
                number += 1
                if text.strip(b"\r\n"):
                    counted.append(number)
                    lines.append(line + above + (layout.blank_lines if line > 1 else 0))
            quoted ^= text.count(b'"') % 2 == 1
    first = int(layout.has_header)
    return counted[first:], lines[first:]


def _sheet_as_csv(path: Path, destination: Path, job: ParseJob) -> Path:
    """A sheet of a workbook as the CSV that it was saved from: whole numbers without `.0`, dates as yyyy-mm-dd.

    The only sheet, or the only one with the headings of the contract. Raises UnreadableCell where it holds an error.
    """
    try:
        workbook = CalamineWorkbook.from_path(path)
        sheets = {title: workbook.get_sheet_by_name(title).to_python() for title in workbook.sheet_names}
    except CalamineError as error:
        raise job.error(f"it cannot be read as a workbook: {error}", "look at the file") from error
    titles = [title for title, rows in sheets.items() if len(sheets) == 1 or _has_headings(rows, job)]
    if len(titles) != 1:
        raise job.error(
            f"{len(titles)} of its {len(sheets)} sheets have the headings of the contract where one is expected",
            "look at the workbook",
        )
    rows = [[cell_text(cell) or "" for cell in row] for row in sheets[titles[0]]]
    counted = count_rows(path, titles[0], job.report.name)
    if counted != sum(any(cell.strip() for cell in row) for row in rows):
        raise job.error(f"sheet {titles[0]!r}: another reader counts {counted:,} rows", "look at the file")
    with destination.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(rows)
    return destination


def _has_headings(rows: list[list[Any]], job: ParseJob) -> bool:
    columns = job.entity.file_columns
    found = [
        {_match_heading(cell_text(cell) or "", columns) for cell in row}
        for row in rows[: job.entity.preamble_lines + 1]
    ]
    return any({column.name for column in columns} <= names for names in found)


def cell_text(cell: object) -> str | None:
    """A cell of a workbook as the text that a CSV would hold; None where it is empty."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return None if cell is None or cell == "" else str(cell)


def fold(heading: str) -> str:
    """A heading without differences that mean nothing: case, white space (no-break spaces too), footnote blanks."""
    return " ".join(heading.replace("\u00a0", " ").split()).casefold()


def _match_headings(headings: list[str], job: ParseJob) -> tuple[str, ...] | None:
    """The column that stands at each place, or None where the line lacks one; raises ParseError for one too many."""
    columns = job.entity.file_columns
    names = [_match_heading(heading, columns) for heading in headings]
    if not {column.name for column in columns} <= set(names):
        return None
    _refuse_duplicates(names, job)
    return tuple(
        _extra(name, heading, place, job) for place, (name, heading) in enumerate(zip(names, headings, strict=True))
    )


def _lacking(headings: list[str], job: ParseJob) -> ParseError:
    """What the line that comes closest to the headings of the contract lacks."""
    columns = job.entity.file_columns
    names = [_match_heading(heading, columns) for heading in headings]
    missing = [column.header or column.name for column in columns if column.name not in names]
    if len(missing) > len(columns) // 2:
        shown = ", ".join(repr(heading) for heading in headings[:6])
        return job.error(f"its headings are not those of the contract; they begin {shown}", "look at the file")
    others = [heading for heading, name in zip(headings, names, strict=True) if name is None]
    found = f" (missing: {missing}; not in the contract: {others})" if len(missing) > 1 or others else ""
    return job.error(
        f"column {missing[0]!r} is missing{found}",
        "add the new heading to `aliases` in source.yml if it was renamed",
    )


def _match_heading(heading: str, columns: list[FileColumn]) -> str | None:
    folded = fold(heading)
    for column in columns:
        if folded in {fold(column.header or column.name), *map(fold, column.aliases)}:
            return column.name
    for column in columns:
        if column.header_pattern and re.search(column.header_pattern, " ".join(heading.replace("\u00a0", " ").split())):
            return column.name
    return None


def _refuse_duplicates(names: list[str | None], job: ParseJob) -> None:
    for name in names:
        if name is not None and names.count(name) > 1:
            raise job.error(f"column {name!r} stands {names.count(name)} times", "look at the file")


def _extra(name: str | None, heading: str, place: int, job: ParseJob) -> str:
    if name is not None:
        return name
    policy = job.entity.extra_columns
    if policy == "refuse" or (policy == "ignore_blank" and len(heading.strip()) > 1):
        raise job.error(
            f"column {place + 1}, {heading!r}, is not in the contract", "add it to source.yml or leave it out there"
        )
    job.report.ignored_headings.append(heading)
    return f"_extra_{place}" if policy == "ignore_blank" else f"_ignored_{place}"


def _csv_sql(path: Path, layout: _Layout, counts: frozenset[str] = frozenset()) -> str:
    """Every column as text, but `counts` as numbers."""
    columns = ", ".join(
        f"{quote_literal(name)}: '{'BIGINT' if name in counts else 'VARCHAR'}'" for name in layout.names
    )
    return (
        f"select * from read_csv({quote_literal(str(path))}, auto_detect=false, columns={{{columns}}}, "
        f"header={str(layout.has_header).lower()}, delim=',', quote='\"', escape='\"', nullstr='', "
        "strict_mode=true, null_padding=false, ignore_errors=true, max_line_size=1000000)"
    )


def _q(name: str) -> str:
    return quote_identifier(name)


def _trimmed(column: FileColumn) -> str:
    name = _q(column.name)
    return name if column.exact else f"nullif(trim({name}, ' ' || {NO_BREAK_SPACE}), '')"


def _rules(column: FileColumn) -> list[Rule]:
    """The rules of one column."""
    rules: list[Rule] = []
    cell = _trimmed(column)
    if column.blank == "refuse":
        rules.append((column.name, "the cell must not be empty", f"{cell} is not null"))
    if column.type == "text":
        if column.pattern:
            pattern = quote_literal(column.pattern)
            rules.append(
                (
                    column.name,
                    f"the text must match {column.pattern}",
                    _or_blank(cell, f"regexp_full_match({cell}, {pattern})"),
                )
            )
        if column.allowed:
            allowed = ", ".join(quote_literal(value) for value in column.allowed)
            rules.append(
                (
                    column.name,
                    "the text must be one of: " + ", ".join(column.allowed),
                    _or_blank(cell, f"{cell} in ({allowed})"),
                )
            )
        return rules
    number, words = _number(column)
    marked = f" or {cell} in ({', '.join(map(quote_literal, column.markers))})" if column.markers else ""
    known = "".join(f" or {sign}" for sign in column.markers)
    cell = _q(column.name) if _is_plain(column) else cell
    rules.append(
        (
            column.name,
            f"must be {words}{known}",
            _or_blank(cell, f"regexp_full_match({cell}, {quote_literal(number)}){marked}"),
        )
    )
    return rules


def _number(column: FileColumn) -> tuple[str, str]:
    """The regular expression of the whole cell, and what it says in words."""
    if column.type == "count":
        return COUNT + ("([.]0+)?" if column.whole_number_text else ""), "a whole number that is not negative"
    return (SIGNED, "a number") if column.may_be_negative else (DECIMAL, "a number that is not negative")


def _extra_rule(name: str) -> Rule:
    place = int(name.removeprefix("_extra_")) + 1
    return (name, f"a value in column {place}, whose heading is not in the contract", f"{_q(name)} is null")


def _without_break(cell: str) -> str:
    return f"not coalesce(contains({cell}, chr(10)) or contains({cell}, chr(13)), false)"


def _is_unmarked_count(column: FileColumn) -> bool:
    return column.type == "count" and not column.markers and not column.whole_number_text


def _is_plain(column: FileColumn) -> bool:
    """Counts without further rules (the week bands of RTT): tested and cast as they stand, blanks are not taken off."""
    return _is_unmarked_count(column) and column.blank != "refuse"


def _or_blank(cell: str, condition: str) -> str:
    return f"({cell} is null or {condition})"


def _all_valid(columns: list[FileColumn], rules: list[Rule], proved: frozenset[str]) -> str:
    """One condition for a valid row; plain counts are tested together, as one text, which is five times faster.

    Of `proved` counts, which are read as numbers, only that is left to be tested which their bytes do not show.
    """
    plain = {column.name for column in columns if _is_plain(column)} - proved
    conditions = [valid for name, _, valid in rules if name not in plain | proved]
    if plain:
        joined = ", ".join(_q(column.name) for column in columns if column.name in plain)
        conditions.append(f"not regexp_matches(concat_ws(chr(31), {joined}), {quote_literal(NO_COUNT)})")
    if proved:
        largest = f"greatest({', '.join(map(_q, sorted(proved)))})"
        conditions.append(f"coalesce({largest}, 0) < {LEAST_TOO_LARGE}")
        conditions += [f"{_q(c.name)} is not null" for c in columns if c.name in proved and c.blank == "refuse"]
    return " and ".join(conditions) or "true"


def _typed(column: FileColumn, proved: bool) -> list[str]:
    name = _q(column.name)
    cell = name if proved else _trimmed(column)
    if column.type == "text":
        return [f"{cell} as {name}"]
    plain = proved or _is_plain(column)
    raw = name if plain else cell  # a cell is cast as it was tested: what passes must not become NULL
    number = f"try_cast({raw} as double)" if column.type == "decimal" else f"try_cast({raw} as bigint)"
    if column.whole_number_text:
        number = f"try_cast(try_cast({raw} as decimal(38, 6)) as bigint)"
    if column.blank == "zero":
        number = f"coalesce({number}, 0)" if plain else f"case when {raw} is null then 0 else {number} end"
    return [f"{number} as {name}", *([_status(column, cell)] if column.has_status else [])]


def _status(column: FileColumn, cell: str) -> str:
    marked = " ".join(f"when {cell} = {quote_literal(sign)} then '{status}'" for sign, status in column.markers.items())
    blank = "published" if column.blank == "zero" else column.blank.replace("refuse", "missing")
    return f"case when {cell} is null then '{blank}' {marked} else 'published' end as {_q(column.name + '_status')}"


def _one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = con.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always returns a row
    return row[0]


# -- writing -------------------------------------------------------------------------------------------------------


def build_clean_table(
    source: Source, snapshot: Snapshot, destination: Path, workspace: Path, *, memory_limit: str, threads: int
) -> ParseReport:
    """Parse one snapshot into `destination` (Parquet), with its report and its rejected rows beside it.

    Raises LakeError (ParseError, or what an archive or a text file may raise); nothing is left at `destination` then.
    """
    entity = source.entity(snapshot.entity)
    report = ParseReport(
        source.slug, entity.name, snapshot.period, snapshot.sha256, snapshot.path.name, source.fingerprint
    )
    parse = importlib.import_module(f"dagster_project.sources.{source.slug}.parse").parse
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(destination)
    try:
        with scratch_connection(memory_limit=memory_limit, threads=threads, temp_directory=workspace.parent) as con:
            job = ParseJob(con, source, entity, snapshot, workspace, report)
            with _said_of_the_file(job):
                _write(job, parse(job), part)
            _check_clean(job, part)
            _write_rejects(job, destination.with_suffix(".rejects.parquet"))
        write_atomically(destination.with_suffix(".report.json"), json.dumps(asdict(report), indent=1).encode())
        _put_in_place(part, destination)
    finally:
        part.unlink(missing_ok=True)
    return report


def read_report(clean: Path) -> dict[str, Any]:
    """What was written down when a clean table was made (the fields of ParseReport); raises OSError and ValueError."""
    report: dict[str, Any] = json.loads(clean.with_suffix(".report.json").read_text(encoding="utf-8"))
    return report


@contextmanager
def _said_of_the_file(job: ParseJob) -> Iterator[None]:
    """Refuse a file whose layout a parser did not foresee, instead of ending the night of all others."""
    try:
        yield
    except MACHINE_ERRORS:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, duckdb.Error) as error:
        places = [frame for frame in traceback.extract_tb(error.__traceback__) if job.source.slug in frame.filename]
        where = f" (line {places[-1].lineno} of its parse.py)" if places else ""
        raise job.error(
            f"it is not laid out as its parser expects{where}", "look whether rows or columns of the file are missing"
        ) from error


def _write_rejects(job: ParseJob, path: Path) -> None:
    if job.report.records_rejected:
        query = f"copy (select * from rejects order by all) to {quote_literal(str(path))} (format parquet)"
        job.connection.execute(query)
        job.report.rejects_file = "/".join(path.parts[-6:])


def _put_in_place(part: Path, destination: Path) -> None:
    """Give a file that DuckDB wrote its name, so that after a power loss it is whole or absent."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(destination)
    sync_folder(destination.parent)


def _write(job: ParseJob, select: str, part: Path) -> None:
    columns = job.entity.clean_columns
    job.connection.execute(f"create or replace temp view refined as {select}")
    found = [row[0] for row in job.connection.execute("describe refined").fetchall()]
    if set(found) != {column.name for column in columns}:
        difference = sorted(set(found) ^ {column.name for column in columns})
        raise job.error(
            f"the parser and the contract disagree about the columns {difference}", "mend parse.py or source.yml"
        )
    select_list = ", ".join(_corrected(column, job) for column in columns)
    sha256 = quote_literal(job.snapshot.sha256)
    job._on_text(
        f"copy (select {select_list}, {sha256} as snapshot_sha256 from refined) to {quote_literal(str(part))} "
        "(format parquet, compression zstd, row_group_size 32768)"
    )
    job.report.clean_rows = int(_one(job.connection, f"select count(*) from {_parquet(part)}"))
    if job.streamed:  # a row is in the table or set aside
        job.prove_streamed(job.report.clean_rows + sum(job.report.set_aside.values()))


def _corrected(column: CleanColumn, job: ParseJob) -> str:
    """The column, cast to its clean type, with the publisher's known errors put right."""
    value = f"cast({_q(column.name)} as {column.type})"
    for correction in job.entity.corrections:
        covered = _covered(correction)
        if not correction.first_period <= job.snapshot.period <= correction.last_period:
            continue
        if column.name == correction.column:
            value = f"case when {covered} then null else {value} end"
        if column.name == f"{correction.column}_status":
            value = f"case when {covered} then '{correction.status}' else {value} end"
    return f"{value} as {_q(column.name)}"


def _covered(correction: Correction) -> str:
    codes = ", ".join(quote_literal(code) for code in correction.organisation_codes)
    return f"organisation_code in ({codes})"


def _parquet(path: Path) -> str:
    return f"read_parquet({quote_literal(str(path))})"


def _check_clean(job: ParseJob, part: Path) -> None:
    entity, relation = job.entity, _parquet(part)
    key = ", ".join(_q(name) for name in entity.key)
    repeated = f"select {key}, count(*) from {relation} group by {key} having count(*) > 1 order by all limit 3"
    if job.connection.execute(repeated).fetchone() is not None:
        _leave_out_equal_rows(job, part)
    job.require_none(
        repeated,
        f"rows with the same key ({', '.join(entity.key)})",
        "look whether the file holds two editions of the same rows",
    )
    if entity.period_column:
        job.require_none(
            f"select distinct {_q(entity.period_column)} from {relation} "
            f"where {_q(entity.period_column)} is distinct from date {quote_literal(job.period_start.isoformat())}",
            f"the file is listed as {job.snapshot.period} but holds another period",
            "look whether the publisher linked the wrong file; the snapshot is kept",
        )
    _guard_corrections(job)
    _count_statuses(job, relation)


def _leave_out_equal_rows(job: ParseJob, part: Path) -> None:
    """Rows that are equal in every column, the key included, say one thing twice; others are left to be refused."""
    once = job.workspace / "once.parquet"
    job.connection.execute(
        f"copy (select distinct * from {_parquet(part)}) to {quote_literal(str(once))} "
        "(format parquet, compression zstd, row_group_size 32768)"
    )
    shutil.move(once, part)
    rows = int(_one(job.connection, f"select count(*) from {_parquet(part)}"))
    job.set_aside("rows equal to another row", job.report.clean_rows - rows)
    job.report.clean_rows = rows


def _guard_corrections(job: ParseJob) -> None:
    for correction in job.entity.corrections:
        if not correction.first_period <= job.snapshot.period <= correction.last_period:
            continue
        column = _q(correction.column)
        job.require_none(
            f"select organisation_code, {column} from refined where {_covered(correction)} and {column} <> {correction.when_value}",
            f"the correction of {correction.column} no longer fits, the publisher seems to have mended it",
            "take the correction out of source.yml, or narrow its organisations or periods",
        )
        applied = job.report.corrections_applied
        applied[correction.column] = applied.get(correction.column, 0) + job.count("refined", _covered(correction))


def _count_statuses(job: ParseJob, relation: str) -> None:
    statuses = [column.name for column in job.entity.clean_columns if column.name.endswith("_status")]
    for name in statuses:
        query = f"select {_q(name)}, count(*) from {relation} where {_q(name)} <> 'published' group by 1 order by 1"
        for status, cells in job.connection.execute(query).fetchall():
            job.report.statuses[status] = job.report.statuses.get(status, 0) + cells


def write_empty(entity: Entity, path: Path) -> None:
    """An empty table of the entity's shape, so that staging finds columns before the first file has come."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"cast(null as {column.type}) as {_q(column.name)}" for column in entity.clean_columns)
    part = path.with_name(path.name + ".part")
    with scratch_connection() as con:
        con.execute(
            f"copy (select {columns}, cast(null as varchar) as snapshot_sha256 limit 0) to {quote_literal(str(part))} (format parquet)"
        )
    part.replace(path)

"""Find the headings of the contract in a text file or a workbook, and where its data begin and end."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Protocol

from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.contracts.source import Entity, FileColumn
from dagster_project.duck import quote_literal
from dagster_project.lake.cells import count_rows
from dagster_project.lake.parse_report import MAXIMUM_LISTED_LINES, ParseError, ParseReport


class Contracted(Protocol):
    """A file under its contract (`ParseJob`): what it must hold, its outcome, and how it is refused."""

    @property
    def entity(self) -> Entity:
        """Return the contract."""

    @property
    def report(self) -> ParseReport:
        """Return the outcome of its records."""

    def error(self, why: str, next_step: str) -> ParseError:
        """Return a refusal of the whole file."""


@dataclass(frozen=True)
class Layout:
    """Where the data of a text file begins and ends, and which column stands where."""

    has_header: bool
    names: tuple[str, ...]
    skipped_lines: int
    data_lines: int | None
    """Lines of data when a footer follows; None: to the end."""
    blank_lines: int = 0
    """Blank lines between the headings and the data (Nomis: one)."""

    @classmethod
    def find(cls, path: Path, job: Contracted) -> Layout:
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
        """Return the file without preamble and footer (itself when it has neither)."""
        if self.skipped_lines == 0 and self.data_lines is None and self.blank_lines == 0:
            return path
        trimmed = in_folder(workspace / "trimmed", path.name)
        end = None if self.data_lines is None else self.data_lines - 1
        with path.open(encoding="utf-8", newline="") as lines, trimmed.open("w", encoding="utf-8", newline="") as out:
            out.writelines(islice(lines, self.skipped_lines, self.skipped_lines + 1))
            out.writelines(islice(lines, self.blank_lines, end))
        return trimmed


def in_folder(folder: Path, name: str) -> Path:
    """Return a file for a step between snapshot and table; it keeps the publisher's name, which errors say."""
    folder.mkdir(exist_ok=True)
    return folder / name


def _count_blank_lines(path: Path, start: int) -> int:
    with path.open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in takewhile(lambda line: not line.strip(), islice(lines, start, None)))


def _footer_start(path: Path, skipped: int, job: Contracted) -> int | None:
    pattern = job.entity.footer_pattern
    if not pattern:
        return None
    with path.open(encoding="utf-8", newline="") as lines:
        for number, line in enumerate(islice(lines, skipped, None)):
            if number and re.search(pattern, line):
                job.report.footer = [line.strip(), *(rest.strip() for rest in islice(lines, MAXIMUM_LISTED_LINES))]
                return number
    return None


def record_lines(path: Path, layout: Layout) -> tuple[list[int], list[int]]:
    """Return, of every record below the headings, the line number that DuckDB gives it, and its line in the publisher's file.

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


def sheet_as_csv(path: Path, destination: Path, job: Contracted) -> Path:
    """Return a sheet of a workbook as the CSV that it was saved from: whole numbers without `.0`, dates as yyyy-mm-dd.

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


def _has_headings(rows: list[list[Any]], job: Contracted) -> bool:
    columns = job.entity.file_columns
    found = [
        {_match_heading(cell_text(cell) or "", columns) for cell in row}
        for row in rows[: job.entity.preamble_lines + 1]
    ]
    return any({column.name for column in columns} <= names for names in found)


def cell_text(cell: object) -> str | None:
    """Return a cell of a workbook as the text that a CSV would hold; None where it is empty."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return None if cell is None or cell == "" else str(cell)


def fold(heading: str) -> str:
    """Return a heading without differences that mean nothing: case, white space (no-break spaces too), footnote blanks."""
    return " ".join(heading.replace("\u00a0", " ").split()).casefold()


def _match_headings(headings: list[str], job: Contracted) -> tuple[str, ...] | None:
    """The column that stands at each place, or None where the line lacks one; raises ParseError for one too many."""
    columns = job.entity.file_columns
    of_period = [c.model_copy(update={"header": c.header_in.get(job.report.period, c.header)}) for c in columns]
    for wanted in (columns, of_period):
        names = [_match_heading(heading, wanted) for heading in headings]
        if {column.name for column in columns} <= set(names):
            break
    else:
        return None
    _refuse_duplicates(names, job)
    return tuple(
        _extra(name, heading, place, job) for place, (name, heading) in enumerate(zip(names, headings, strict=True))
    )


def _lacking(headings: list[str], job: Contracted) -> ParseError:
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


def _refuse_duplicates(names: list[str | None], job: Contracted) -> None:
    for name in names:
        if name is not None and names.count(name) > 1:
            raise job.error(f"column {name!r} stands {names.count(name)} times", "look at the file")


def _extra(name: str | None, heading: str, place: int, job: Contracted) -> str:
    if name is not None:
        return name
    policy = job.entity.extra_columns
    if policy == "refuse" or (policy == "ignore_blank" and len(heading.strip()) > 1):
        raise job.error(
            f"column {place + 1}, {heading!r}, is not in the contract", "add it to source.yml or leave it out there"
        )
    job.report.ignored_headings.append(heading)
    return f"_extra_{place}" if policy == "ignore_blank" else f"_ignored_{place}"


def csv_sql(path: Path, layout: Layout, counts: frozenset[str] = frozenset()) -> str:
    """Return every column as text, but `counts` as numbers.

    DuckDB takes 32 MB for each buffer by itself: at 8 MB a month of MHSDS needs 70 MB less, in the same time.
    """
    columns = ", ".join(
        f"{quote_literal(name)}: '{'BIGINT' if name in counts else 'VARCHAR'}'" for name in layout.names
    )
    return (
        f"select * from read_csv({quote_literal(str(path))}, auto_detect=false, columns={{{columns}}}, "
        f"header={str(layout.has_header).lower()}, delim=',', quote='\"', escape='\"', nullstr='', "
        "strict_mode=true, null_padding=false, ignore_errors=true, buffer_size=8000000, max_line_size=1000000)"
    )

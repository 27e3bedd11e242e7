"""Tables out of workbooks and JSON documents, by the headings of the contract; what differs from it is said in full.

Used by parsers whose format is known in part: the first file that differs must say which sheet, which columns were
expected and which were found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.contracts.source import FileColumn
from dagster_project.lake.cells import count_rows_of_sheets
from dagster_project.lake.clean import ParseJob
from dagster_project.lake.columns import SIGNED
from dagster_project.lake.headings import fold
from dagster_project.lake.parse_report import MAXIMUM_LISTED_LINES

HEADER_ROWS = 30
COMPARE = "compare the file with source.yml and fix the one that is wrong"
Cells = tuple[int, dict[str, str | None]]
"""Number of the row in its sheet, or of the record in its document (from 1), and its cells by contract name."""


def read_sheet(
    job: ParseJob,
    title_pattern: str,
    names: Sequence[str] | None = None,
    *,
    optional: Sequence[str] = (),
    holding: str = "",
    until: str = "",
) -> list[Cells]:
    """Return the table of the sheet whose title matches, of several the one with the headings; `names`: the contract's columns it must have.

    `optional` are columns that some editions lack: their cells are blank then. `holding` is a column that tells the wanted
    sheet from the others, for publishers who rename their sheets. `until` is a pattern of the line with which another table
    begins below the wanted one; its rows are set aside. Lines above the headings are listed in the report. The headings are in one of the first 30 rows. Blank rows
    are passed over; the table ends where the notes begin (_is_note), which are listed in the report as a footer. Raises
    ParseError naming the sheets, or the columns expected, missing and not known, or a row of the table below the notes;
    UnreadableCell naming cells that hold an error.
    """
    columns = [column for column in job.entity.file_columns if names is None or column.name in names]
    needed = [column for column in columns if column.name == holding] if holding else columns
    title, rows = _find_sheet(job, title_pattern, [c for c in needed if c.name not in optional], bool(holding))
    header, places = _find_header(job, title, rows, columns, optional)
    count_again(job, [(title, rows)], columns=set(places.values()))
    job.report.preamble += [text for row in rows[:header] if (text := " ".join(filter(None, map(_text, row))))]
    end = _find_end(rows, header, until)
    _refuse_repeated(job, title, rows[:end], header, places)
    if end < len(rows):
        job.set_aside("rows of other tables of the sheet", sum(any(map(_text, row)) for row in rows[end:]))
    return list(_cells(job, title, rows[:end], header, places))


def read_document(job: ParseJob, key: str, texts: Sequence[str] = ()) -> list[Cells]:
    """Return the records of a JSON document `{key: [{heading: value, ...}, ...]}`; numbers stay as they are written.

    `texts` are keys that may be next to the list and hold a text (a copyright). Raises ParseError where the document is
    no such thing, holds other keys (a page of several would), or a record has other headings than the contract.
    """
    records = _load_records(job, key, texts)
    names = {column.header or column.name: column.name for column in job.entity.file_columns}
    for number, record in enumerate(records, start=1):
        if not isinstance(record, dict) or set(record) != set(names):
            raise job.error(f"record {number} of {key!r}: {_difference(list(names), list(record))}", COMPARE)
    return [
        (number, {names[heading]: _scalar(job, number, heading, value) for heading, value in record.items()})
        for number, record in enumerate(records, start=1)
    ]


def list_elsewhere(job: ParseJob, codes: Collection[str], pattern: str) -> dict[str, list[str | None]]:
    """Return the row of each code that other sheets of the workbook list beside all of `codes`: what a table of them lacks.

    A sheet lists them where one of its columns holds every one of `codes`; further cells of it that match `pattern` are codes
    too. Of several sheets the first row of a code counts.
    """
    workbook = CalamineWorkbook.from_path(str(job.snapshot.path))
    found: dict[str, list[str | None]] = {}
    for title in workbook.sheet_names:
        rows = [list(map(_text, row)) for row in workbook.get_sheet_by_name(title).to_python()]
        for column in zip(*rows, strict=True):
            if set(codes) <= set(column):
                for text, row in zip(column, rows, strict=True):
                    if text and text not in codes and re.fullmatch(pattern, text):
                        found.setdefault(text, row)
    return found


# -- workbooks -------------------------------------------------------------------------------------------------------


def _find_sheet(
    job: ParseJob, title_pattern: str, needed: Sequence[FileColumn], renamed: bool
) -> tuple[str, list[list[Any]]]:
    """The sheet by its title; of several, and always where publishers rename it, by the columns that it needs."""
    try:
        workbook = CalamineWorkbook.from_path(str(job.snapshot.path))
        titled = [title for title in workbook.sheet_names if re.search(title_pattern, title.strip(), re.IGNORECASE)]
        sheets = {title: workbook.get_sheet_by_name(title).to_python(skip_empty_area=False) for title in titled}
    except CalamineError as error:
        raise job.error(f"it cannot be read as a workbook: {error}", "look at the file") from error
    if renamed or len(titled) > 1:
        held = [t for t in titled if any(len(_match(row, needed)) == len(needed) for row in sheets[t][:HEADER_ROWS])]
        titled = held if renamed or len(held) == 1 else titled
    if len(titled) != 1:
        wanted = f"hold the column {needed[0].name}" if renamed else f"have a title like {title_pattern!r}"
        raise job.error(f"{len(titled)} sheets {wanted}, its sheets are {workbook.sheet_names}", COMPARE)
    return titled[0], sheets[titled[0]]


def count_again(
    job: ParseJob, sheets: Sequence[tuple[str, Sequence[Sequence[Any]]]], *, columns: Collection[int] | None = None
) -> None:
    """Count the rows of sheets by another reader, which also sees errors, where calamine shows a gap.

    `sheets`: title and rows as they were read. Raises ParseError where the other reader finds more or fewer rows with
    something in them, UnreadableCell naming cells of the columns that hold an error or a formula without a result.
    """
    counts = count_rows_of_sheets(job.snapshot.path, [title for title, _ in sheets], job.report.name, columns=columns)
    for (title, rows), counted in zip(sheets, counts, strict=True):
        taken = sum(any(map(_text, row)) for row in rows)
        if counted != taken:
            raise job.error(
                f"sheet {title!r}: {taken:,} rows were read where {counted:,} are counted", "look at the file"
            )


def _find_header(
    job: ParseJob, title: str, rows: list[list[Any]], columns: Sequence[FileColumn], optional: Sequence[str]
) -> tuple[int, dict[str, int]]:
    matches = [_match(row, columns) for row in rows[:HEADER_ROWS]]
    best = max(range(len(matches)), key=lambda number: len(matches[number]), default=-1)
    if best < 0:
        raise job.error(f"sheet {title!r} is empty", COMPARE)
    found = [text for text in map(_text, rows[best]) if text]
    known = {
        fold(text) for place, text in enumerate(map(_text, rows[best])) if text and place in matches[best].values()
    }
    strange = [text for text in found if fold(text) not in known]
    job.report.ignored_headings += strange if job.entity.extra_columns == "ignore" else []
    missing = [c.header or c.name for c in columns if c.name not in matches[best] and c.name not in optional]
    if missing or (strange and job.entity.extra_columns != "ignore"):
        expected = [column.header or column.name for column in columns]
        raise job.error(
            f"sheet {title!r}, row {best + 1}: expected the columns {expected}, missing {missing}, not known {strange}",
            COMPARE,
        )
    return best, matches[best]


def _refuse_repeated(job: ParseJob, title: str, rows: list[list[Any]], header: int, places: dict[str, int]) -> None:
    """Raise ParseError where a heading of the table stands twice over other cells: which of them is meant is not known.

    The workbook of cancer waits prints WITHIN 31 DAYS twice, with the same cells.
    """
    headings = [fold(_text(cell) or "") for cell in rows[header]]
    repeated = sorted(
        headings[taken]
        for taken in places.values()
        for other, heading in enumerate(headings)
        if other != taken
        and heading == headings[taken]
        and any(_text(row[other]) != _text(row[taken]) for row in rows[header + 1 :])
    )
    if repeated:
        raise job.error(
            f"sheet {title!r}, row {header + 1}: these headings stand more than once, over other cells: {repeated}",
            COMPARE,
        )


def _find_end(rows: list[list[Any]], header: int, until: str) -> int:
    """The number of the first row below the headings whose text matches; without one, that of the last row and one."""
    if not until:
        return len(rows)
    below = range(header + 1, len(rows))
    return next((n for n in below if re.search(until, " ".join(filter(None, map(_text, rows[n]))))), len(rows))


def _match(row: list[Any], columns: Sequence[FileColumn]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(row):
        heading = fold(_text(cell) or "")
        for column in columns:
            plain = heading in {fold(column.header or column.name), *map(fold, column.aliases)}
            if heading and (plain or (column.header_pattern and re.search(column.header_pattern, heading))):
                places.setdefault(column.name, place)
    return places


def _cells(job: ParseJob, title: str, rows: list[list[Any]], header: int, places: dict[str, int]) -> Iterator[Cells]:
    notes = 0
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        filled = [text for text in map(_text, row) if text]
        cells = {name: _text(row[place]) for name, place in places.items()}
        if not filled:
            continue
        if _is_note(job, cells, len(filled)):
            notes = notes or number
            job.report.footer += [" ".join(filled)] if len(job.report.footer) < MAXIMUM_LISTED_LINES else []
        elif notes:
            raise job.error(
                f"sheet {title!r}, row {number} has the shape of the table, but notes begin above it in row {notes}",
                "look whether a row lost its cells; the notes must stand below the table",
            )
        else:
            yield number, cells


def _is_note(job: ParseJob, cells: dict[str, str | None], filled: int) -> bool:
    """One or two filled cells, fewer than half of the table's columns, none of which its column would take by its own rule.

    So a row that lost all but its code is no note: it is rejected by name.
    """
    most = max(1, min(2, (len(cells) - 1) // 2))
    columns = {column.name: column for column in job.entity.file_columns}
    fits = any(text and _fits(columns[name], text) for name, text in cells.items())
    return len(cells) > 1 and filled <= most and not fits


def _fits(column: FileColumn, text: str) -> bool:
    """Whether the column has a rule for its cells, and the text keeps it."""
    if column.type != "text":
        return text in column.markers or bool(re.fullmatch(SIGNED, text))
    by_pattern = bool(column.pattern) and re.fullmatch(column.pattern, text) is not None
    return by_pattern or text in column.allowed


def _text(cell: Any) -> str | None:
    """A cell as text; whole numbers without `.0`, because a sheet does not tell 12 from 12.0."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip(" \u00a0") or None


# -- documents -------------------------------------------------------------------------------------------------------


def _load_records(job: ParseJob, key: str, texts: Sequence[str]) -> list[Any]:
    try:
        text = job.snapshot.path.read_text(encoding="utf-8-sig")
        document = json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise job.error(f"it cannot be read as JSON: {error}", "fetch it again, or ask its publisher") from error
    beside = {name: value for name, value in document.items() if name != key} if isinstance(document, dict) else None
    known = beside is not None and all(name in texts and isinstance(value, str) for name, value in beside.items())
    if not known or not isinstance(document.get(key), list):
        shown: object = type(document).__name__
        if beside is not None:
            kinds = {name: type(value).__name__ for name, value in document.items()}
            shown = kinds if set(beside) <= set(texts) else list(document)
        allowed = f" but a text {' or '.join(map(repr, texts))}" if texts else ""
        raise job.error(f"the document should hold a list {key!r} and nothing else{allowed}, it holds {shown}", COMPARE)
    records: list[Any] = document[key]
    return records


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _difference(expected: list[str], found: list[str]) -> str:
    missing = [heading for heading in expected if heading not in found]
    strange = [heading for heading in found if heading not in expected]
    return f"expected the columns {expected}, missing {missing}, not known {strange}"


def _scalar(job: ParseJob, number: int, heading: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise job.error(f"record {number}, {heading!r}: expected a text or a number, found {type(value).__name__}", COMPARE)

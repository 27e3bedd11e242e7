"""Search the cells of a table for what must never be in a return: where it is and of what kind, never the value itself.

How identifiers are written is in spellings.py; the search of a whole file in search.py.

One cell is enough (rule C05): 9 in 100 random ten-digit numbers pass the NHS number's check digit, but no count, code or
date of a return has ten digits, so an innocent match is next to impossible here and a missed patient is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, zip_longest

from dagster_project.returns.findings import MAXIMUM_FINDINGS, Finding, Kind
from dagster_project.returns.limits import MAXIMUM_COLUMNS
from dagster_project.returns.spellings import (
    FIRST_YEAR_OF_BIRTH,
    LAST_YEAR_OF_BIRTH,
    date_of,
    is_identifying_name,
    scan_text,
)

HEADER_ROWS = 20
"""A heading may stand below a title and blank rows."""
BLOCK_ROWS = 500
"""Few enough that Python's collector of cycles leaves their lists alone: with 5,000 a 50 MB CSV takes twice as long."""
MAXIMUM_BAD = 5_000
"""Different cells of one kind in a column whose repetitions are counted."""
MAXIMUM_REMEMBERED, LONGEST_REMEMBERED = 200_000, 100
"""Cells that have been read, in all columns together."""
SHORTEST_DATE, LONGEST_SHORT_DATE = 6, 9
"""1/1/70; 31/10/27 and 31-Oct-27."""
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
"""The date columns of the templates; another column of dates that spread over years is date-of-birth-shaped."""
_SPREAD_YEARS, _SPREAD_DATES, _WEEKS = 2, 3, 8
MAXIMUM_DATES = 1_000


@dataclass
class CellScanner:
    """Searches the cells of one table, a block of rows at a time. Equal cells of a column are searched once, and counted."""

    part: str
    findings: list[Finding] = field(default_factory=list)
    _seen: dict[int, set[str]] = field(default_factory=dict)
    _remembered: int = 0
    _bad: dict[tuple[int, Kind], set[str]] = field(default_factory=dict)
    _places: dict[tuple[int | None, Kind], int] = field(default_factory=dict)
    """Column and kind -> the place in `findings`."""
    _dates: dict[int, set[dt.date]] = field(default_factory=dict)
    _headers: dict[int, str] = field(default_factory=dict)

    def scan(self, rows: Iterable[Sequence[str]]) -> None:
        """Search all rows, a block at a time."""
        numbered = iter(rows)
        self.scan_blocks(iter(lambda: list(islice(numbered, BLOCK_ROWS)), []))

    def scan_blocks(self, blocks: Iterable[Sequence[Sequence[str]]]) -> None:
        """Search blocks of rows from row 1 on; the first rows may hold the heading, and are searched like the others."""
        row = 1
        for block in blocks:
            for number, cells in enumerate(block[: max(0, HEADER_ROWS + 1 - row)], start=row):
                self._read_header(cells, number)
            for column, cells_below in enumerate(zip_longest(*block, fillvalue=""), start=1):
                self._scan_column(column, cells_below, row)
            self._scan_overlong_rows(block, row)
            row += len(block)
        self._judge_dates()

    def finds_nothing(self, columns: Sequence[Sequence[str]], first: Sequence[Sequence[str]]) -> bool:
        """Search the different cells of each column of rows of one width; `first` are the rows that may hold the heading."""
        for number, cells in enumerate(first, start=1):
            self._read_header(cells, number)
        for column, cells_below in enumerate(columns, start=1):
            self._scan_column(column, cells_below, 1)
        self._judge_dates()
        # rows wider than their heading are read as texts too, which takes the rows
        return not self.findings and len(columns) <= max(self._headers, default=0)

    def _read_header(self, header: Sequence[str], row: int) -> None:
        for column, name in enumerate(header[:MAXIMUM_COLUMNS], start=1):
            if name.strip():
                self._headers.setdefault(column, name.strip().lower())
                if is_identifying_name(name):
                    self._note("identifier_column", row, column)

    def _scan_column(self, column: int, cells: Sequence[str], first_row: int) -> None:
        for (of_column, kind), bad in list(self._bad.items()):
            if of_column == column and (times := sum(cell in bad for cell in cells)):
                self._note(kind, first_row, column, times)
        seen = self._seen.setdefault(min(column, MAXIMUM_COLUMNS), set())
        new = set(cells) - seen
        for cell in new:
            # Most cells of a return are short counts, in which nothing can stand.
            if len(cell) < SHORTEST_DATE and cell.isdigit():
                continue
            for kind in self._kinds(column, cell):
                self._note(kind, first_row + cells.index(cell), column, cells.count(cell))
                self._remember_bad(column, kind, cell)
        self._remember(seen, new)

    def _remember(self, seen: set[str], new: set[str]) -> None:
        if self._remembered >= MAXIMUM_REMEMBERED:
            for one in self._seen.values():
                one.clear()
            self._remembered = 0
        short = {cell for cell in new if len(cell) <= LONGEST_REMEMBERED}
        seen |= short
        self._remembered += len(short)

    def _remember_bad(self, column: int, kind: Kind, cell: str) -> None:
        bad = self._bad.setdefault((column, kind), set())
        if len(bad) < MAXIMUM_BAD and len(cell) <= LONGEST_REMEMBERED and column <= MAXIMUM_COLUMNS:
            bad.add(cell)

    def _scan_overlong_rows(self, block: Sequence[Sequence[str]], first_row: int) -> None:
        """9,434,765,919 without quotation marks is four cells: a row with more cells than its heading is read as one text too."""
        width = max(self._headers, default=MAXIMUM_COLUMNS)
        if max(map(len, block)) <= width:
            return
        for row, cells in enumerate(block, start=first_row):
            if width < len(cells) <= MAXIMUM_COLUMNS and any(cells[width:]):
                for kind in scan_text(",".join(cells)):
                    self._note(kind, row, width)

    def _kinds(self, column: int, cell: str) -> list[Kind]:
        kinds = list(scan_text(cell))
        day = date_of(cell) if len(cell) >= SHORTEST_DATE else None
        if day is None:
            return kinds
        known = self._headers.get(column, "") in DATES_OF_RETURNS
        # 31/10/27 is a target date in a column of dates, and a pensioner's birthday anywhere else.
        if FIRST_YEAR_OF_BIRTH <= day.year <= LAST_YEAR_OF_BIRTH and not (known and len(cell) <= LONGEST_SHORT_DATE):
            return list(dict.fromkeys([*kinds, "date_of_birth"]))
        days = self._dates.setdefault(column, set())
        if len(days) < MAXIMUM_DATES:
            days.add(day)
        return kinds

    def _judge_dates(self) -> None:
        """A column of dates that the templates do not know, spread over years, is date-of-birth-shaped (children)."""
        for column, days in self._dates.items():
            if self._headers.get(column, "") not in DATES_OF_RETURNS and _are_spread(days) and not _are_periods(days):
                self._note("date_of_birth", None, column)

    def _note(self, kind: Kind, row: int | None, column: int | None, times: int = 1) -> None:
        """List the first of a kind in a column, and count the others."""
        place = self._places.get((column, kind))
        if place is not None:
            one = self.findings[place]
            first = row if one.row is not None and row is not None and row < one.row else one.row
            self.findings[place] = replace(one, row=first, times=one.times + times)
        elif len(self.findings) < MAXIMUM_FINDINGS:
            self._places[column, kind] = len(self.findings)
            self.findings.append(Finding(kind, self.part, row, column, times))


def _are_spread(days: set[dt.date]) -> bool:
    return len(days) >= _SPREAD_DATES and max(days).year - min(days).year >= _SPREAD_YEARS


def _are_periods(days: set[dt.date]) -> bool:
    """First and last days of months, or one day of the week throughout: periods, as NHS England's files have them."""
    ends = all(day.day == 1 or (day + dt.timedelta(days=1)).day == 1 for day in days)
    return ends or (len(days) >= _WEEKS and len({day.weekday() for day in days}) == 1)

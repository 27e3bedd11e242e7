"""Continuity of a source: a new clean table beside the vintage that it replaces or, for a new period, the period before.

A file that was cut, lost an organisation or a single row, or had two of its headings exchanged still parses, and where the
publisher gives no total nothing inside it is wrong. What is wrong shows beside what was published before: rows and codes
that are gone, figures that are blank, or figures that stand where others stood. Growth is let through. How much may change is declared in
expectations/thresholds.yml.
"""
# ruff: noqa: S608 - names come from the contract of the source through duck.quote_identifier; no value of a file enters the text

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts.source import CleanColumn, Entity
from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.clean_writer import read_report
from dagster_project.lake.exchanged import figure_columns, find_exchanged, find_moved, read_figures

SHOWN = 5
FEW_LOST = 0.01
"""Share of the rows of the period before up to which those that are gone are named; in a table whose rows come and go, more are."""
COUNTED_SHARE = 0.1
"""A code counts as lost when it had at least this share of the rows that a code of its column has on average: in RTT a
commissioner with one row of 183,417 comes and goes, in A&E one row is a whole trust."""


@dataclass(frozen=True)
class Earlier:
    """What a new table is compared with."""

    clean: Path
    same_period: bool

    @property
    def name(self) -> str:
        """Return how sentences call it."""
        report = read_report(self.clean)
        words = "the edition that it replaces" if self.same_period else "the period before"
        return f"{words}, {report['period']} ({report['file']})"


@dataclass(frozen=True)
class Limits:
    """How much may change."""

    least_rows: float
    """Share of the earlier rows that must be there."""
    most_codes_lost: float
    """Share of the codes of a key column that may be gone."""
    most_rows_lost: float
    """Share of the rows of an edition that may be gone in one that changes more figures than it loses rows."""
    exchanged: float
    """Two columns are exchanged when they are so much nearer each other's earlier figures than their own."""


@dataclass
class Breaks:
    """Sentences about what changed too much, and about codes that are gone within what may change."""

    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find_breaks(entity: Entity, clean: Path, earlier: Earlier, limits: Limits) -> Breaks:
    """Compare a clean table with an earlier one: rows, codes of its key columns, columns and categories exchanged."""
    found = Breaks()
    with scratch_connection() as con:
        pair = _Pair(con, entity, clean, earlier)
        _compare_rows(pair, limits, found)
        _compare_codes(pair, limits, found)
        if not found.failures:
            _compare_keys(pair, limits, found)
        if not found.failures:
            _compare_figures(pair, limits, found)
    return found


def find_small_first(records: int, usual: int, least: float) -> Breaks:
    """Return a first file beside the number of records that its contract calls usual, of which the share `least` must be there."""
    if records >= least * usual:
        return Breaks()
    return Breaks([f"{records:,} records, where {usual:,} are usual and {least:.0%} of them must be there"])


class _Pair:
    """The two tables as the views `new_rows` and `old_rows` of a connection."""

    def __init__(self, con: duckdb.DuckDBPyConnection, entity: Entity, clean: Path, earlier: Earlier) -> None:
        self.con, self.entity, self.earlier = con, entity, earlier
        for name, path in (("new_rows", clean), ("old_rows", earlier.clean)):
            con.execute(f"create or replace temp view {name} as select * from read_parquet({quote_literal(str(path))})")
        con.execute("create or replace temp table lost_codes (column_name varchar, code varchar)")
        self.columns = {column.name: column for column in entity.clean_columns}
        self.codes = [name for name in entity.key if not _is_time(self.columns[name])]
        self.times = [name for name in entity.key if _is_time(self.columns[name]) and self._overlaps(name)]
        self.other_times = [n for n in entity.key if _is_time(self.columns[n]) and n not in self.times]

    def _overlaps(self, name: str) -> bool:
        column = quote_identifier(name)
        query = f"select count(*) from (select {column} from new_rows intersect select {column} from old_rows)"
        return bool(self.one(query))

    @property
    def joined(self) -> str:
        """Return the rows that both have; where the periods differ, those of the newest day of each."""
        newest = " and ".join(self.newest(table) for table in ("new_rows", "old_rows"))
        return f"from new_rows join old_rows on {self._same} where {newest}"

    @property
    def gone(self) -> str:
        """Return the rows of the earlier table whose key the new one lacks, but for codes that are lost as a whole and, in a rolling
        window, days that left it."""
        left = [
            f"{name} >= (select min({name}) from new_rows) or (select max({name}) from new_rows) <= (select max({name}) from old_rows)"
            for name in map(quote_identifier, self.times)
        ]
        lost = [
            f"not exists (select 1 from lost_codes where column_name = {quote_literal(name)} "
            f"and code = cast(old_rows.{quote_identifier(name)} as varchar))"
            for name in self.codes
        ]
        there = f"exists (select 1 from new_rows where {self._same} and {self.newest('new_rows')})"
        conditions = [self.newest("old_rows"), *(f"({condition})" for condition in left), *lost, f"not {there}"]
        return f"from old_rows where {' and '.join(conditions)}"

    @property
    def _same(self) -> str:
        names = map(quote_identifier, [*self.codes, *self.times])
        return " and ".join(f"new_rows.{name} is not distinct from old_rows.{name}" for name in names) or "true"

    def newest(self, table: str) -> str:
        """Return SQL: a row is of the newest day of its table, where the two have no day in common."""
        names = map(quote_identifier, self.other_times)
        return " and ".join(f"{table}.{name} = (select max({name}) from {table})" for name in names) or "true"

    def one(self, query: str) -> Any:
        """Return the only cell of a query."""
        (row,) = self.con.execute(query).fetchall()
        return row[0]


def _is_time(column: CleanColumn) -> bool:
    return column.type == "DATE" or column.name.endswith("_year")


def _compare_rows(pair: _Pair, limits: Limits, found: Breaks) -> None:
    new, old = (pair.one(f"select count(*) from {table}") for table in ("new_rows", "old_rows"))
    if new < limits.least_rows * old:
        found.failures.append(
            f"{new:,} rows, where {pair.earlier.name} has {old:,} and {limits.least_rows:.0%} of them must be there"
        )


def _compare_codes(pair: _Pair, limits: Limits, found: Breaks) -> None:
    """Codes of the key columns; of an edition also its days and years, of which the oldest may go when newer ones come."""
    for name in [*pair.codes, *(pair.times if pair.earlier.same_period else [])]:
        column = quote_identifier(name)
        old, new = (
            pair.con.execute(
                f"select {column}, count(*) from {table} where {column} is not null group by 1 order by 1"
            ).fetchall()
            for table in ("old_rows", "new_rows")
        )
        kept, usual = {code for code, _ in new}, sum(count for _, count in old) / max(len(old), 1)
        lost = [code for code, count in old if code not in kept and count >= COUNTED_SHARE * usual]
        if name in pair.times and new[-1][0] > old[-1][0]:
            lost = [code for code in lost if code > new[0][0]]
        if lost:
            pair.con.execute("insert into lost_codes select ?, unnest(?::varchar[])", [name, list(map(str, lost))])
            many = len(lost) > limits.most_codes_lost * len(old)
            (found.failures if many else found.warnings).append(
                f"{len(lost):,} of {len(old):,} values of {name} in {pair.earlier.name} are not in it ({name_first(lost)})"
            )


def _compare_keys(pair: _Pair, limits: Limits, found: Breaks) -> None:
    """Rows that are gone although their codes are there, and figures of an edition that are blank without a mark.

    A revision changes figures, so an edition that loses some and changes fewer others lost them on the way. Between periods
    rows come and go; a few that go where nearly all stay are named, so that what is missing is counted.
    """
    rows = int(pair.one(f"select count(*) from old_rows where {pair.newest('old_rows')}"))
    lost, named = _name_rows(pair, "old_rows", pair.gone)
    sentence = f"{lost:,} of {rows:,} rows in {pair.earlier.name} are not in it ({named})"
    if not pair.earlier.same_period:
        if 0 < lost <= FEW_LOST * rows:
            read_as = "they are read as 0" if pair.entity.absent_row == "zero" else "their figures are missing"
            found.warnings.append(f"{sentence}; {read_as}")
        return
    blank, blank_named = _name_rows(pair, "new_rows", f"{pair.joined} and ({_went_blank(pair)})")
    if not lost + blank:
        return
    changed = _count_changed(pair) - blank
    others = f"and the figures of {changed:,} others changed"
    if lost:
        revised = changed > lost and lost <= limits.most_rows_lost * rows
        (found.warnings if revised else found.failures).append(f"{sentence}, {others}")
    if blank:
        (found.warnings if changed > blank else found.failures).append(
            f"{blank:,} rows have a blank, and no mark, for a figure that {pair.earlier.name} has ({blank_named}), {others}"
        )


def _name_rows(pair: _Pair, table: str, rows: str) -> tuple[int, str]:
    """How many rows a FROM gives, and the keys of the first five."""
    key = ", ".join(f"{table}.{quote_identifier(name)}" for name in pair.entity.key)
    first = pair.con.execute(f"select concat_ws(' / ', {key}) {rows} order by all limit {SHOWN + 1}").fetchall()
    count = int(pair.one(f"select count(*) {rows}")) if first else 0
    return count, name_first([name for (name,) in first])


def _went_blank(pair: _Pair) -> str:
    """SQL: a figure of the earlier row is blank now, and no status says that the publisher hides it or has none."""
    conditions = []
    for name in figure_columns(pair.entity):
        status = next((s for s in (f"{name}_status", "value_status") if s in pair.columns), None)
        unmarked = f"new_rows.{quote_identifier(status)} in ('missing', 'published')" if status else "true"
        column = quote_identifier(name)
        conditions.append(f"(new_rows.{column} is null and old_rows.{column} is not null and {unmarked})")
    return " or ".join(conditions) or "false"


def _count_changed(pair: _Pair) -> int:
    """Rows of both with another figure; of a table without figures, with another text."""
    names = figure_columns(pair.entity) or [column.name for column in pair.entity.clean_columns if not column.key]
    differs = (f"new_rows.{name} is distinct from old_rows.{name}" for name in map(quote_identifier, names))
    return int(pair.one(f"select count(*) {pair.joined} and ({' or '.join(differs) or 'false'})"))


def name_first(codes: Sequence[object]) -> str:
    """Return the first five of them, for a sentence."""
    return ", ".join(map(str, codes[:SHOWN])) + (", ..." if len(codes) > SHOWN else "")


def _compare_figures(pair: _Pair, limits: Limits, found: Breaks) -> None:
    what_to_do = "compare the headings of the two files"
    figures = read_figures(pair.con, pair.entity, pair.joined)
    exchanged = find_exchanged(pair.con, pair.entity, pair.joined, figures, limits.exchanged)
    moved = find_moved(figures) if pair.earlier.same_period and not exchanged else []
    if exchanged:
        pairs = "; ".join(exchanged[:SHOWN])
        found.failures.append(
            f"{pairs} look exchanged: each has what the other has in {pair.earlier.name}; {what_to_do}"
        )
    if moved:
        found.failures.append(
            f"figures of {name_first(moved)} are blank or far from those in {pair.earlier.name}, nearly all of them; {what_to_do}"
        )

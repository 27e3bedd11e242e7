"""Continuity of a source: a new clean table beside the vintage that it replaces or, for a new period, the period before.

A file that was cut, lost an organisation, or had two of its headings exchanged still parses, and where the publisher gives
no total nothing inside it is wrong. What is wrong shows beside what was published before: rows and codes that are gone, or
figures that stand where others stood. Growth is let through. How much may change is declared in expectations/thresholds.yml.
"""
# ruff: noqa: S608 - names come from the contract of the source through duck.quote_identifier; no value of a file enters the text

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.clean import read_report
from dagster_project.lake.exchanged import find_exchanged, find_moved, read_figures
from dagster_project.sources.contract import CleanColumn, Entity

SHOWN = 5
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
        """How sentences call it."""
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
            _compare_figures(pair, limits, found)
    return found


def find_small_first(records: int, usual: int, limits: Limits) -> Breaks:
    """A first file beside the number of records that its contract calls usual."""
    if records >= limits.least_rows * usual:
        return Breaks()
    return Breaks([f"{records:,} records, where {usual:,} are usual and {limits.least_rows:.0%} of them must be there"])


class _Pair:
    """The two tables as the views `new_rows` and `old_rows` of a connection."""

    def __init__(self, con: duckdb.DuckDBPyConnection, entity: Entity, clean: Path, earlier: Earlier) -> None:
        self.con, self.entity, self.earlier = con, entity, earlier
        for name, path in (("new_rows", clean), ("old_rows", earlier.clean)):
            con.execute(f"create or replace temp view {name} as select * from read_parquet({quote_literal(str(path))})")
        self.columns = {column.name: column for column in entity.clean_columns}
        self.codes = [name for name in entity.key if not _is_time(self.columns[name])]
        self.times = [name for name in entity.key if _is_time(self.columns[name]) and self._overlaps(name)]

    def _overlaps(self, name: str) -> bool:
        column = quote_identifier(name)
        query = f"select count(*) from (select {column} from new_rows intersect select {column} from old_rows)"
        return bool(self.one(query))

    @property
    def joined(self) -> str:
        """The rows that both have; where the periods differ, those of the newest day of each."""
        same = " and ".join(
            f"new_rows.{name} is not distinct from old_rows.{name}"
            for name in map(quote_identifier, [*self.codes, *self.times])
        )
        times = [n for n in self.entity.key if _is_time(self.columns[n]) and n not in self.times]
        newest = " and ".join(
            f"{table}.{name} = (select max({name}) from {table})"
            for name in map(quote_identifier, times)
            for table in ("new_rows", "old_rows")
        )
        return f"from new_rows join old_rows on {same or 'true'} where {newest or 'true'}"

    def one(self, query: str) -> Any:
        """The only cell of a query."""
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
            many = len(lost) > limits.most_codes_lost * len(old)
            (found.failures if many else found.warnings).append(
                f"{len(lost):,} of {len(old):,} values of {name} in {pair.earlier.name} are not in it ({name_first(lost)})"
            )


def name_first(codes: Sequence[object]) -> str:
    """The first five of them, for a sentence."""
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

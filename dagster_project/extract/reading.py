"""From a trust's files to the relation `records`: the columns of a layout, typed, read in place.

Files are read where they lie, every column as text; the mapping says how dates are written and what values mean. Nothing here counts
or judges: that is SQL in dbt/macros/extract.
"""

# ruff: noqa: S608 - names are quoted by duck.quote_identifier, texts of the mapping by duck.quote_literal
from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.duck import quote_identifier as _q
from dagster_project.duck import quote_literal as _t
from dagster_project.extract.layouts import Element, Layout, plain_name
from dagster_project.extract.mapping import NONE, Input, Place, place_of
from dagster_project.extract.refused import Refused, silent

ENCODINGS = {"cp1252": "latin-1"}
"""DuckDB's name; the two differ in typographic marks only, which no code, date or key holds."""
NEVER = "in (date '1900-01-01', date '9999-12-31')"
"""Dates that stand for none."""
TIMES = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", "")
LONGEST_HEADER = 1_000_000


@dataclass(frozen=True)
class Source:
    """One file as a relation: SQL, and for each column its name in the file, its name in the SQL and its type."""

    sql: str
    columns: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Found:
    """Which element stands where: what the methods note says."""

    layout: Layout
    columns: dict[str, str]
    """Element -> the column of the trust, or "one value for all rows"; elements that are not there are left out."""

    def has(self, element_name: str) -> bool:
        """Whether the element is there."""
        return element_name in self.columns


def make_records(
    con: duckdb.DuckDBPyConnection, layout: Layout, given: Input, files: Sequence[Path], view: str
) -> Found:
    """Make the view `view`: a column for each element of the layout (NULL where it is not there), and `unread_<column>` for each date.

    Raises Refused where a file cannot be read, an element that is needed stands nowhere, or the files do not have the same.
    """
    sources = [_source(con, given, file) for file in files]
    found = [_found(layout, given, source) for source in sources]
    if any(one.columns.keys() != found[0].columns.keys() for one in found):
        raise Refused(
            "the files do not have the same elements", "one lacks a column of another", "make them in one way"
        )
    selects = [_select(layout, given, source) for source in sources]
    with silent(f"the files of {layout.name} cannot be read"):
        con.execute(f"create temp view {_q(view)} as {' union all '.join(selects)}")
    return found[0]


# -- files ------------------------------------------------------------------------------------------------------------


def _source(con: duckdb.DuckDBPyConnection, given: Input, file: Path) -> Source:
    if not file.is_file():
        raise Refused("the extract is not there", f"{file.name} is no file", "name the files of the extract")
    if given.format == "csv":
        return csv_source(given, file)
    sql = f"read_parquet({_t(str(file))})"
    with silent(f"{file.name} cannot be read"):
        if given.format == "database":
            _attach(con, file)
            sql = f"({given.query.strip().rstrip(';')})"
        described = con.execute(f"select column_name, column_type from (describe select * from {sql})").fetchall()
    return Source(sql, tuple((name, name, kind) for name, kind in described))


def _attach(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Attach a database as `source`. Raises Refused for a second one: the queries of both would read the first."""
    attached = con.execute("select path from duckdb_databases() where database_name = 'source'").fetchone()
    if attached is None:
        con.execute(f"attach {_t(str(file))} as source (read_only)")
    elif not file.samefile(attached[0]):
        raise Refused(
            "the extract is in several databases",
            f"{file.name} is a second one",
            "put all tables into one database, or give the others as Parquet",
        )


def csv_source(given: Input, file: Path) -> Source:
    """A CSV as a relation, every column as text; its header is read here, so that no name of it reaches SQL."""
    encoding = "utf-8-sig" if given.encoding == "utf-8" else given.encoding
    with (
        silent(f"the header of {file.name} cannot be read as {given.encoding}"),
        file.open(encoding=encoding, newline="") as stream,
    ):
        lines = iter(lambda: stream.readline(LONGEST_HEADER), "")
        # Without a quote sign Python still asks for one: NUL, which no header holds.
        header = next(csv.reader(lines, delimiter=given.separator, quotechar=given.quote or "\0"), [])
    if not header:
        raise Refused(
            "the extract is empty", f"{file.name} has no header", "add a first row with the names of the columns"
        )
    names = [f"c{place}" for place in range(len(header))]
    columns = ", ".join(f"{_t(name)}: 'VARCHAR'" for name in names)
    sql = (
        f"read_csv({_t(str(file))}, header = true, auto_detect = false, delim = {_t(given.separator)}, quote = {_t(given.quote)}, "
        f"escape = {_t(given.quote)}, encoding = {_t(ENCODINGS.get(given.encoding, given.encoding))}, columns = {{{columns}}})"
    )
    return Source(sql, tuple((title, name, "VARCHAR") for title, name in zip(header, names, strict=True)))


# -- elements ---------------------------------------------------------------------------------------------------------


def _found(layout: Layout, given: Input, source: Source) -> Found:
    columns: dict[str, str] = {}
    for element in layout.elements:
        place = place_of(given, layout, element.name) or Place()
        if place.constant:
            columns[element.name] = "one value for all rows"
        elif column := _column(element, place, source):
            columns[element.name] = column[0]
    _judge_needed(layout, given, columns)
    return Found(layout, columns)


def _column(element: Element, place: Place, source: Source) -> tuple[str, str, str] | None:
    """The column in which an element stands; None where it is not there. Raises Refused for one that is named and not there."""
    if place.column.lower() == NONE:
        return None
    wanted = {plain_name(place.column)} if place.column else element.names
    hits = [column for column in source.columns if plain_name(column[0]) in wanted]
    if len(hits) > 1:
        raise Refused(
            f"{element.name} is in several columns",
            "two names of the header fit it",
            "name the column in the mapping",
        )
    if place.column and not hits:
        raise Refused(
            f"there is no column {place.column}",
            f"the mapping names it for {element.name}, and the header does not have it",
            "compare header and mapping",
        )
    if not hits and any(
        plain_name(name) in {plain_name(one[0]) for one in source.columns} for name in element.unverified_aliases
    ):
        raise Refused(
            f"{element.name} may be in a column whose codes are not verified",
            f"the header has one of {', '.join(element.unverified_aliases)}",
            "name it in the mapping, with a value map that says what its codes mean",
        )
    return hits[0] if hits else None


def _judge_needed(layout: Layout, given: Input, columns: dict[str, str]) -> None:
    lacking = [
        element
        for element in layout.elements
        if element.name not in columns
        and (element.needed == "Y" or (element.needed == "said" and place_of(given, layout, element.name) is None))
    ]
    if lacking:
        told = "; ".join(f"{one.name} (known names: {', '.join((one.name, *one.aliases))})" for one in lacking)
        raise Refused(
            f"the header of {layout.name} lacks elements",
            told,
            f"name the column of each in the mapping; write `{NONE}` for one that you do not have, where the template allows it",
        )
    for names in layout.groups.values():
        if not any(name in columns for name in names):
            raise Refused(
                f"{layout.name} lacks an element",
                f"one of {', '.join(names)} is needed",
                "name its column in the mapping",
            )


def _select(layout: Layout, given: Input, source: Source) -> str:
    columns: list[str] = []
    for element in layout.elements:
        place = place_of(given, layout, element.name) or Place()
        value, unread = _value(element, given, place, _column(element, place, source))
        columns.append(f"{value} as {_q(element.column)}")
        if element.kind in {"date", "moment"}:
            columns.append(f"{unread} as {_q('unread_' + element.column)}")
    return f"select {', '.join(columns)} from {source.sql}"


def _value(element: Element, given: Input, place: Place, column: tuple[str, str, str] | None) -> tuple[str, str]:
    """SQL of an element, and for a date the condition under which it is there and cannot be read."""
    if column is None and not place.constant:
        return f"cast(null as {_type(element)})", "false"
    kind = "VARCHAR" if place.constant else column[2] if column else ""
    name = _t(place.constant) if place.constant else _q(column[1]) if column else ""
    text = f"nullif(trim(cast({name} as varchar)), '')"
    if given.missing:
        text = f"case when {text} in ({', '.join(map(_t, given.missing))}) then null else {text} end"
    if place.values:
        cases = " ".join(f"when {_t(value)} then {_t(code)}" for value, code in place.values.items())
        text = f"case coalesce({text}, '') {cases} else {text} end"
    if element.kind in {"date", "moment"} and kind.startswith(("DATE", "TIMESTAMP")):
        value = f"cast({text if given.missing or place.values else name} as {_type(element)})"
        return (f"case when {value} {NEVER} then null else {value} end" if element.kind == "date" else value), "false"
    if element.kind == "number":
        return f"try_cast({text} as integer)", "false"
    if element.kind in {"code", "text"}:
        return text, "false"
    form = place.dates or given.dates
    if not form:
        raise Refused(
            f"{element.name} is a date",
            "the mapping does not say how dates are written, and nobody guesses it",
            "fill in `dates`, such as %d/%m/%Y",
        )
    times = TIMES if element.kind == "moment" else tuple(reversed(TIMES))
    forms = "[" + ", ".join(_t(form + time) for time in times) + "]"
    value = f"cast(try_strptime({text}, {forms}) as {_type(element)})"
    is_plain = element.kind == "date" and not (place.values or place.constant or given.missing)
    quick = _quick_date(name, form) if is_plain else ""
    if quick:
        value = f"coalesce({quick}, {value})"
    unread = f"({value} is null and {text} is not null)"
    return (f"case when {value} {NEVER} then null else {value} end" if element.kind == "date" else value), unread


def _quick_date(name: str, form: str) -> str:
    """SQL of a date of fixed width, three times as fast as strptime, which reads what this does not; "" for other formats."""
    places, at = {}, 1
    for part in re.split("(%[Ymd])", form):
        width = {"%Y": 4, "%m": 2, "%d": 2}.get(part, len(part))
        places[part], at = f"{name}[{at}:{at + width - 1}]", at + width
    if not {"%Y", "%m", "%d"} <= places.keys() or "%" in re.sub("%[Ymd]", "", form):
        return ""
    iso = name if form == "%Y-%m-%d" else f"{places['%Y']} || '-' || {places['%m']} || '-' || {places['%d']}"
    return f"try_cast(case when length({name}) = {at - 1} then {iso} end as date)"


def _type(element: Element) -> str:
    return {"date": "date", "moment": "timestamp", "number": "integer"}.get(element.kind, "varchar")

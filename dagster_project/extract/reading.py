"""From a trust's files to the relation `records`: the columns of a layout, typed, read in place.

Files are read where they lie, every column as text; the mapping says how dates are written and what values mean. Nothing here counts
or judges: that is SQL in dbt/macros/extract.
"""

# ruff: noqa: S608 - names are quoted by duck.quote_identifier, texts of the mapping by duck.quote_literal
from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from dagster_project.duck import quote_identifier as _q
from dagster_project.duck import quote_literal as _t
from dagster_project.extract.databases import EXTENSIONS, Server, attach, kind_of, read_once
from dagster_project.extract.layouts import Element, Layout, plain_name
from dagster_project.extract.mapping import NONE, Input, Place, place_of
from dagster_project.extract.refused import Refused, silent
from dagster_project.lake.columns import BLANKS, without_blanks

ENCODINGS = {"cp1252": "latin-1"}
"""DuckDB's name; the two differ in typographic marks only, which no code, date or key holds."""
NEVER = "{0} <= date '1900-01-01' or {0} = date '9999-12-31'"
"""SQL of dates that stand for none: systems begin to count at 1753-01-01, 1899-12-30 or 1900-01-01, and no event of a record is older."""
NO_BIRTH = "{0} in (date '1900-01-01', date '9999-12-31')"
"""The same of a birth date: an older one is told as an age above 120."""
DATES, UNREAD = ("date", "moment"), "unread_"
TIMES = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S.%f", "")
"""Six digits of a second at most: with nine (%n) DuckDB 1.5 reads TIMESTAMP_NS, which ends in 2262, and 31/12/9999 is no date of it."""
ISO = "%Y-%m-%d"
LONGEST_HEADER = 1_000_000
ZONE = "Europe/London"
"""In whose days an instant is counted: midnight of a summer day in England is the day before in UTC."""
NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL")
ANCIENT = "0999-12-31"
"""The last day whose year has fewer than four digits."""

QUERY = "Catalog: a table or column is not there (tables are source.schema.table); Parser or Binder: the SQL cannot be read. Change `query` in the mapping"


@dataclass(frozen=True)
class Source:
    """One file as a relation: SQL, and for each column its name in the file, its name in the SQL and its type."""

    sql: str
    columns: tuple[tuple[str, str, str], ...]
    database: str = ""
    """The kind of the database, where it is one."""


@dataclass(frozen=True)
class Found:
    """Which element stands where: what the methods note says."""

    layout: Layout
    columns: dict[str, str]
    """Element -> the column of the trust, or "one value for all rows"; elements that are not there are left out."""
    codes: dict[str, str]
    """Column of each code that as_written() has as the file has it -> SQL of what it means."""

    def has(self, element_name: str) -> bool:
        """Say whether the element is there."""
        return element_name in self.columns


def make_records(
    con: duckdb.DuckDBPyConnection, layout: Layout, given: Input, files: Sequence[Path | Server], view: str
) -> Found:
    """Make the view `view`: a column for each element of the layout (NULL where it is not there), and `unread`, as unread_bits has it.

    A second one, as_written(view), has the codes that are texts as the files have them: few records differ in them, so that blanks and value
    maps are worked out for groups of records in a fraction of the time.

    Raises Refused where a file cannot be read, an element that is needed stands nowhere, or the files do not have the same.
    """
    sources = [_source(con, given, file) for file in files]
    found = [_found(layout, given, source) for source in sources]
    if any(one.columns.keys() != found[0].columns.keys() for one in found):
        raise Refused(
            "the files do not have the same elements", "one lacks a column of another", "make them in one way"
        )
    codes = _codes_as_written(layout, given, sources)
    with silent(f"the files of {layout.name} cannot be read"):
        sources = [
            _read_once(con, layout, given, source, f"{view}, part {part}") for part, source in enumerate(sources)
        ]
        for name, left in ((view, frozenset[str]()), (as_written(view), frozenset(codes))):
            selects = (_select(layout, given, source, left) for source in sources)
            con.execute(f"create temp view {_q(name)} as {' union all '.join(selects)}")
    return replace(found[0], codes=codes)


def as_written(view: str) -> str:
    """Return the name of the view that has codes as the files have them."""
    return f"{view} as written"


def _codes_as_written(layout: Layout, given: Input, sources: Sequence[Source]) -> dict[str, str]:
    """Column -> SQL of what its text means, for each code that is a text in every file."""
    codes = {}
    for element in layout.elements:
        place = place_of(given, layout, element.name) or Place()
        columns = [_column(element, place, source) for source in sources]
        if element.kind == "code" and not place.constant and all(one and one[2] == "VARCHAR" for one in columns):
            codes[element.column] = _meant(_without_blanks(_q(element.column)), given, place)
    return codes


# -- files ------------------------------------------------------------------------------------------------------------


def _source(con: duckdb.DuckDBPyConnection, given: Input, file: Path | Server) -> Source:
    if given.format == "database":
        return _query_source(con, given, file)
    if isinstance(file, Path):
        _require_file(file)
    if isinstance(file, Server) or kind_of(file):
        raise Refused(
            f"{file.name} is a database", f"`format` is {given.format}", "write `format: database` and a `query`"
        )
    if given.format == "csv":
        return csv_source(given, file)
    with silent(f"{file.name} cannot be read"):
        return _described(con, f"read_parquet({_t(str(file))})")


def _require_file(file: Path) -> None:
    if not file.is_file():
        raise Refused("the extract is not there", f"{file.name} is no file", "name the files of the extract")


def _query_source(con: duckdb.DuckDBPyConnection, given: Input, database: Path | Server) -> Source:
    if isinstance(database, Path):
        _require_file(database)
    with silent(f"{database.name} cannot be read"):
        kind = attach(con, database)
    query = f"(\n{given.query.strip().rstrip(';')}\n)"  # its last line may be a comment
    with silent(f"the query of the mapping cannot be asked of {database.name}", QUERY):
        return replace(_described(con, query), database=kind)


def _described(con: duckdb.DuckDBPyConnection, sql: str) -> Source:
    described = con.execute(f"select column_name, column_type from (describe select * from {sql})").fetchall()
    return Source(sql, tuple((name, name, kind) for name, kind in described))


def _read_once(con: duckdb.DuckDBPyConnection, layout: Layout, given: Input, source: Source, table: str) -> Source:
    """A source whose records others may change while they are read: what the elements need of it, in a table of this run."""
    if source.database not in EXTENSIONS:
        return source
    places = ((element, place_of(given, layout, element.name) or Place()) for element in layout.elements)
    columns = {column[1:] for element, place in places if (column := _column(element, place, source))}
    read_once(con, source.sql, columns, source.database, table)
    return replace(source, sql=_q(table))


def csv_source(given: Input, file: Path) -> Source:
    """Return a CSV as a relation, every column as text; its header is read here, so that no name of it reaches SQL."""
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
    return Found(layout, columns, {})


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


def _select(layout: Layout, given: Input, source: Source, left: frozenset[str]) -> str:
    """One SELECT over the file, in layers, each of which works every value out once: DuckDB does not share what stands in a CASE.

    The columns of `left` stay as they are in the file.
    """
    parts: list[Layers] = []
    for element in layout.elements:
        place = place_of(given, layout, element.name) or Place()
        column = _column(element, place, source)
        if element.column in left and column:
            same = {element.column: _q(element.column)}
            parts.append(({element.column: _q(column[1])}, same, same, same))
        else:
            parts.append(_layers(element, given, place, column))
    sql = source.sql
    for layer in zip(*parts, strict=True):
        columns = (f"{value} as {_q(name)}" for element in layer for name, value in element.items())
        sql = f"(select {', '.join(columns)} from {sql})"
    bits = [f"case when {_q(f'{UNREAD}{column}')} then {bit} else 0 end" for column, bit in unread_bits(layout).items()]
    names = ", ".join(_q(element.column) for element in layout.elements)
    return f"select {names}, {' + '.join(bits) or 0} as unread from {sql}"


def unread_bits(layout: Layout) -> dict[str, int]:
    """Column of each date -> its bit of `unread`, which is set where a text is there and is no date: one number to group by, not one for each."""
    dates = [element.column for element in layout.elements if element.kind in DATES]
    return {column: 1 << place for place, column in enumerate(dates)}


Layers = tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, str]]
"""Column -> SQL, four times: the text without blanks around it, what the text stands for, the value, what of it is kept."""


def _layers(element: Element, given: Input, place: Place, column: tuple[str, str, str] | None) -> Layers:
    """The layers of an element; for a date `unread_<column>` is added: it is there and cannot be read."""
    name, unread = _q(element.column), f"{UNREAD}{element.column}"
    is_date = element.kind in DATES
    same = {element.column: name}
    kept = {element.column: _without_never(element, name)} if element.kind == "date" else same
    never = {unread: "false"} if is_date else {}
    if column is None and not place.constant:
        return {element.column: f"cast(null as {_type(element)})"}, same, same, same | never
    kind = "VARCHAR" if place.constant or column is None else column[2]
    raw = _t(place.constant) if place.constant or column is None else _q(column[1])
    if kind == "TIMESTAMP WITH TIME ZONE":
        raw, kind = f"timezone({_t(ZONE)}, {raw})", "TIMESTAMP"
    if kind.startswith(NUMBERS):
        raw, kind = _number_text(raw), "VARCHAR"
    is_typed = is_date and kind.startswith(("DATE", "TIMESTAMP"))
    if is_typed:
        raw = f"case when isfinite({raw}) then {raw} end"  # infinity is how PostgreSQL and DuckDB write a date that never comes
    if is_typed and not (given.missing or place.values):
        return {element.column: f"cast({raw} as {_type(element)})"}, same, same, kept | never
    text = {element.column: _without_blanks(raw if kind == "VARCHAR" else f"cast({raw} as varchar)")}
    meant = {element.column: _meant(name, given, place)}
    if is_typed:
        return text, meant, {element.column: f"cast({name} as {_type(element)})"}, kept | never
    if not is_date:
        return text, meant, {element.column: f"try_cast({name} as integer)"} if element.kind == "number" else same, same
    form = place.dates or given.dates
    if (
        element.kind == "date"
        and form == ISO
        and kind == "VARCHAR"
        and not (place.constant or place.values or given.missing)
    ):
        return _iso_layers(element, raw)
    value = {element.column: _read_date(element, name, form), unread: name}
    return text, meant, value, kept | {unread: f"case when {name} is null then {_q(unread)} is not null else false end"}


def _number_text(number: str) -> str:
    """SQL of a number that is no whole number by its type, as a code or an identifier is written: 110.0 is 110, NaN is nothing.

    A column of whole numbers becomes one of fractions where cells are blank (pandas), or where a database says so.
    """
    whole = f"cast(cast({number} as decimal(38, 0)) as varchar)"
    digits = f"abs(cast({number} as double)) < 1e37"
    return f"case when {digits} then case when {number} = trunc({number}) then {whole} else cast({number} as varchar) end end"


def _iso_layers(element: Element, raw: str) -> Layers:
    """The layers of a date as nearly every text has it: cast at once, which takes a third of the time; the rest is read as others are."""
    name, unread = _q(element.column), f"{UNREAD}{element.column}"
    cast = f"case when length({raw}) = 10 then try_cast({raw} as date) end"
    otherwise = _read_date(element, _without_blanks(_q(unread)), ISO)
    value = f"case when {name} is null and {_q(unread)} is not null then {otherwise} else {name} end"
    missing = f"{_without_blanks(_q(unread))} is null or {otherwise} is not null"
    is_unread = f"case when {name} is null and {_q(unread)} is not null then not ({missing}) else false end"
    kept = _without_never(element, name)
    same = {element.column: name, unread: _q(unread)}
    return (
        {element.column: cast, unread: raw},
        same,
        {element.column: value, unread: is_unread},
        {element.column: kept, unread: _q(unread)},
    )


def _without_never(element: Element, date: str) -> str:
    """SQL of a date, NULL where it stands for none."""
    never = NO_BIRTH if element.column == "birth_date" else NEVER
    return f"case when {never.format(date)} then null else {date} end"


def _without_blanks(text: str) -> str:
    """SQL of a text without blanks and tabs around it, NULL for nothing else."""
    return without_blanks(text, ("chr(9)", *BLANKS))


def _meant(text: str, given: Input, place: Place) -> str:
    """SQL of what a text stands for: nothing, where it is in `missing`, else its value of the map, else itself."""
    cases = {value: _t(code) for value, code in place.values.items()}
    blank = cases.pop("", "null")
    cases |= dict.fromkeys(given.missing, blank)
    whens = " ".join(f"when {_t(value)} then {code}" for value, code in cases.items())
    otherwise = text if blank == "null" else f"coalesce({text}, {blank})"
    return f"case {text} {whens} else {otherwise} end" if whens else otherwise


def _read_date(element: Element, text: str, form: str) -> str:
    """SQL of a date that is written in a form; NULL where it cannot be read."""
    if not form:
        raise Refused(
            f"{element.name} is a date",
            "the mapping does not say how dates are written, and nobody guesses it",
            "fill in `dates`, such as %d/%m/%Y",
        )
    if element.column == "birth_date" and ("%y" in form or "%x" in form or "%c" in form):
        raise Refused(
            f"{element.name} has two digits for the year",
            "26 is 1926 or 2026, and nobody guesses which",
            "export birth dates with four digits of the year (%Y)",
        )
    times = TIMES if element.kind == "moment" else tuple(reversed(TIMES))
    forms = "[" + ", ".join(_t(form + time) for time in times) + "]"
    # %Y takes two digits too and makes 80 the year 80 (DuckDB 1.5): such a text is no date in this form.
    kind = _type(element)
    return (
        f"nullif(greatest(cast(try_strptime({text}, {forms}) as {kind}), {kind} {_t(ANCIENT)}), {kind} {_t(ANCIENT)})"
    )


def _type(element: Element) -> str:
    return {"date": "date", "moment": "timestamp", "number": "integer"}.get(element.kind, "varchar")

"""Text to typed rows: the table `rows` on which a collection's rules run, and which cells are not what they must be.

Codes become an ENUM of their list (a code that is not in it becomes NULL), counts a number with its interval: a suppressed
count is 1 to 7, a rounded one up to 2 away from the true count, and neither is ever taken for 0. What is wrong with
a cell is one bit of `rows.bad`, so that all cells are judged in the pass that types them.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a literal quoted there
from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.contracts.collection import SUPPRESSED, Collection, Column
from dagster_project.duck import quote_identifier as _q
from dagster_project.duck import quote_literal
from dagster_project.lake.columns import COUNT
from dagster_project.returns.codes import valid_codes

DECIMAL = "-?[0-9]{1,15}([.][0-9]{1,6})?"
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
INTEGER = "-?[0-9]{1,9}"
PATTERNS = {"count": COUNT, "decimal_count": DECIMAL, "decimal": DECIMAL, "date": DATE, "integer": INTEGER}
NOT_A_COUNT = "the value is not a count"
WRONG_COUNTS = (
    (
        r"[+]?[0-9]{1,3}([,.'’ \x{00a0}\x{2009}\x{202f}][0-9]{3})+([.,]0+)?",
        f"{NOT_A_COUNT}: it is written with a thousands mark",
        "write 1500, not 1,500: take the thousands separator off the cells (Number, no 1000 separator), then save the file again",
    ),
    (
        r"[*#†‡§]+|\[?[xz:.]+\]?|(?i:supp?|suppressed|low|<[0-9]+)",
        f"{NOT_A_COUNT}: a mark stands for a count that is hidden",
        "write the true count in a RESTRICTED file, or [c] for 1 to 7 in a SAFE file; no other mark is taken",
    ),
    (
        r"[-–—−_]+|(?i:nil|none|n/?a|null|nan)",
        f"{NOT_A_COUNT}: a dash or a word is in its place",
        "write the count in digits, and 0 where nothing was counted",
    ),
    (
        r"\[[cC]\]|(?i:c)",
        f"{NOT_A_COUNT}: [c], just so, stands for 1 to 7 in a SAFE file only",
        "write the true count, or send the whole file suppressed and rounded and put SAFE into the manifest",
    ),
    ("", "", ""),
)
"""How counts were seen written that are none: pattern of the whole text, what is said, how it is fixed; the last stands for the rest."""


@dataclass(frozen=True)
class CellCheck:
    """One bit of `rows.bad`: what makes a cell of this column wrong."""

    rule: str
    column: str
    sql: str
    """Over the texts of the cells and what `_read` works out of them; `c` is their table."""
    what: str = ""
    """In place of the rule's own words."""
    mend: str = ""


def type_rows(
    con: duckdb.DuckDBPyConnection,
    collection: Collection,
    checks: Sequence[CellCheck],
    *,
    is_safe: bool,
    takes_suppressed: bool = True,
    source: str = "cells",
    table: str = "rows",
    is_view: bool = False,
) -> None:
    """Make `table` from `source`; bit i of `bad` is set where `checks[i]` finds a cell wrong. Needs `make_enums`.

    `<count>_unread` says that a count is neither a number nor suppressed: what is summed over it is not known. `[c]` is
    suppressed only where the file may hold it (`takes_suppressed`). A view types only what is asked of it.
    """
    bits = " | ".join(
        f"(case when {check.sql} then {1 << place}::ubigint else 0::ubigint end)" for place, check in enumerate(checks)
    )
    typed = (_typed(column, is_safe=is_safe, takes_suppressed=takes_suppressed) for column in collection.columns)
    columns = ", ".join(part for parts in typed for part in parts)
    read = "".join(
        f", {sql} as {_q(name)}" for column in collection.columns for name, sql in _read(column, is_safe=is_safe)
    )
    con.execute(
        f"create or replace {'view' if is_view else 'table'} {_q(table)} as select row_number, {bits or '0::ubigint'} as bad, {columns} "
        f"from (select *{read} from {_q(source)} as c) as c"
    )


def enum_of(column: Column) -> str:
    """Return the name of the type that holds the column's codes."""
    return f"codes of {column.name}"


def make_enums(con: duckdb.DuckDBPyConnection, collection: Collection, day: dt.date, seeds: Path) -> None:
    """Make a type for each column of codes, of the codes that are valid on the day; the order is that of the list."""
    for column in collection.columns:
        if column.codes is not None:
            codes = ", ".join(quote_literal(code) for code in valid_codes(column.codes, day, seeds))
            con.execute(f"create type {_q(enum_of(column))} as enum ({codes})")


def _value(column: Column) -> str:
    """Name a cell as its type has it: asked for by the column and by its checks, and worked out once."""
    return f"c.{_q('value of ' + column.name)}"


def _no_count(column: Column) -> str:
    """Name what says that a cell is neither a count nor one that is hidden."""
    return f"c.{_q('no count in ' + column.name)}"


def _read(column: Column, *, is_safe: bool) -> Iterable[tuple[str, str]]:
    """Name and SQL of what is worked out once for each cell."""
    text, value = f"c.{_q(column.name)}", "value of " + column.name
    if column.is_count:
        # Bare try_cast makes 13 of '12.7' (measured, DuckDB 1.5): a count that is not one must stay nothing.
        form = f"regexp_full_match({text}, '{PATTERNS[column.type]}')"
        yield value, f"case when {form} then try_cast({text} as {column.clean_type}) end"
        hidden = f"{text} = '{SUPPRESSED}'" if is_safe else "false"
        whole = f"not {form} or try_cast({text} as double) < 0"
        yield "no count in " + column.name, f"coalesce(not ({hidden}) and ({whole}), false)"
    elif column.codes is not None:
        yield value, f"try_cast({text} as {_q(enum_of(column))})"
    elif column.type == "date":
        yield value, f"case when regexp_full_match({text}, '{DATE}') then try_cast({text} as date) end"


def _typed(column: Column, *, is_safe: bool, takes_suppressed: bool) -> Iterable[str]:
    """The select list of one column."""
    name, text = _q(column.name), f"c.{_q(column.name)}"
    if column.is_count:
        yield from _count(column, text, is_safe=is_safe, takes_suppressed=takes_suppressed)
    elif column.codes is not None or column.type == "date":
        yield f"{_value(column)} as {name}"
    elif column.clean_type == "VARCHAR":
        yield f"{text} as {name}"
    else:
        form = PATTERNS.get(column.type, ".*")
        yield f"case when regexp_full_match({text}, '{form}') then try_cast({text} as {column.clean_type}) end as {name}"


def _count(column: Column, text: str, *, is_safe: bool, takes_suppressed: bool) -> Iterable[str]:
    name, low, high = column.name, _q(f"{column.name}_low"), _q(f"{column.name}_high")
    value, slack = _value(column), 2 if is_safe else 0
    hidden = f"coalesce({text} = '{SUPPRESSED}', false)" if takes_suppressed else "false"
    yield f"{value} as {_q(name)}"
    yield f"{hidden} as {_q(name + '_suppressed')}"
    yield f"{value} is null and not {hidden} as {_q(name + '_unread')}"
    yield f"case when {hidden} then 1 when {value} = 0 then 0 else {value} - {slack} end as {low}"
    yield f"case when {hidden} then 7 when {value} = 0 then 0 else {value} + {slack} end as {high}"


# -- checks of cells ---------------------------------------------------------------------------------------------------


def cell_checks(collection: Collection, limits: Mapping[str, float], *, is_safe: bool) -> list[CellCheck]:
    """C08, C09 and C10 of every column; `limits` are the thresholds of C10."""
    found: list[CellCheck] = []
    for column in collection.columns:
        text = f"c.{_q(column.name)}"
        if column.required == "Y":
            found.append(
                CellCheck(
                    "C08", column.name, f"{text} is null", "the cell is blank", "fill it in; this column is never blank"
                )
            )
        if column.is_count:
            found += _count_checks(collection, column, limits if is_safe else None)
        else:
            wrong = " or ".join(_wrong(column, text))
            if wrong:
                found.append(CellCheck("C08", column.name, f"coalesce({wrong}, false)", _what(column), _mend(column)))
    return found


def _wrong(column: Column, text: str) -> Sequence[str]:
    """What makes a cell that is not blank wrong; NULL never is."""
    number = f"try_cast({text} as double)"
    conditions = []
    if column.codes is not None or column.type == "date":
        conditions.append(f"({text} is not null and {_value(column)} is null)")
    if column.type in PATTERNS and column.type != "date":
        conditions.append(f"not regexp_full_match({text}, '{PATTERNS[column.type]}')")
    if column.pattern:
        conditions.append(f"not regexp_full_match({text}, {quote_literal(column.pattern)})")
    if column.minimum is not None:
        conditions.append(f"{number} < {column.minimum}")
    if column.maximum is not None:
        conditions.append(f"{number} > {column.maximum}")
    if column.clean_type == "VARCHAR" and column.codes is None:
        conditions.append(f"length({text}) > {column.max_length}")
    if column.not_answered and conditions:
        return [f"({text} <> {quote_literal(column.not_answered)} and ({' or '.join(conditions)}))"]
    return conditions


def _count_checks(collection: Collection, column: Column, limits: Mapping[str, float] | None) -> list[CellCheck]:
    """`limits` is None for a RESTRICTED return, in which nothing is suppressed or rounded."""
    text = f"c.{_q(column.name)}"
    units = f"({collection.count_where})"
    checks = [
        # CASE, because DuckDB asks both sides of AND of every cell, and the forms are patterns
        CellCheck("C09", column.name, f"case when {_no_count(column)} then {form} = {place} else false end", what, mend)
        for form in [_form_of(text)]
        for place, (_, what, mend) in enumerate(WRONG_COUNTS)
    ]
    if limits is not None:
        number = f"try_cast({text} as double)"
        small = f"({number} > 0 and {number} < {limits['suppress_below']}) or {number} % {limits['rounding_base']} <> 0"
        checks.append(CellCheck("C10", column.name, f"coalesce({units} and ({small}), false)"))
    return checks


def _form_of(text: str) -> str:
    """SQL: the place in WRONG_COUNTS of the first form that the text has; each wrong cell has exactly one."""
    forms = " ".join(
        f"when regexp_full_match({text}, {quote_literal(pattern)}) then {place}"
        for place, (pattern, *_) in enumerate(WRONG_COUNTS[:-1])
    )
    return f"(case {forms} else {len(WRONG_COUNTS) - 1} end)"


def _what(column: Column) -> str:
    if column.codes is not None:
        return "the code is not in the list of this column on the last day of the period"
    words = {
        "date": "the value is not a date",
        "integer": "the value is not a whole number within its limits",
        "decimal": "the value is not a number within its limits",
    }
    return words.get(column.type, "the value does not have the form of this column, or is too long")


def _mend(column: Column) -> str:
    if column.codes is not None:
        return "use a code of the list on the sheet 'lists' of the template"
    limits = [
        f"from {column.minimum:g}" if column.minimum is not None else "",
        f"to {column.maximum:g}" if column.maximum is not None else "",
    ]
    if column.type == "date":
        return "write it as YYYY-MM-DD"
    if column.type in {"integer", "decimal"}:
        return " ".join(["write a number in digits", *(limit for limit in limits if limit)])
    return f"see the note on {column.name} in the template"

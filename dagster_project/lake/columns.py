"""Write the rules and the casts of a column of the contract as SQL: what a valid cell is, and what it turns into."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.contracts.source import FileColumn
from dagster_project.duck import quote_identifier, quote_literal
from dagster_project.lake.cells import ERRORS_OF_EXCEL, ERRORS_OF_LIBREOFFICE

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
BLANKS = ("' '", "chr(160)")
"""A blank, and the one that does not break."""
Rule = tuple[str, str, str]
"""Column, the rule in words, and SQL that is true for a valid cell."""


def trimmed(column: FileColumn) -> str:
    """Return SQL for a cell without the blanks around it; NULL if nothing else is in it."""
    name = quote_identifier(column.name)
    return name if column.exact else without_blanks(name, BLANKS)


def without_blanks(text: str, blanks: Sequence[str]) -> str:
    """Return SQL for a text without these blanks around it; NULL if nothing else is in it.

    `trim` walks a text letter by letter. It is asked only where the text begins with no letter of ASCII or ends with a blank,
    which takes a fifth of the time: a month of MHSDS has no such cell among 9 million.
    """
    around = " or ".join([f"{text} < '!'", f"{text} > '~'", *(f"ends_with({text}, {blank})" for blank in blanks)])
    return f"case when {around} then nullif(trim({text}, {' || '.join(blanks)}), '') else {text} end"


def rules_of(column: FileColumn) -> list[Rule]:
    """Return the rules of one column."""
    rules: list[Rule] = []
    cell = trimmed(column)
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
    cell = quote_identifier(column.name) if _is_plain(column) else cell
    rules.append(
        (
            column.name,
            f"must be {words}{known}",
            _or_blank(cell, f"regexp_full_match({cell}, {quote_literal(number)}){marked}"),
        )
    )
    return rules


def error_rules(columns: list[FileColumn]) -> list[Rule]:
    """Return the rules of texts in a file that may hold an error of a spreadsheet: `#N/A` is no name of a trust."""
    return [
        (
            column.name,
            "an error of a spreadsheet stands in place of the text",
            _or_blank(cell, f"not ({cell} in ({errors}) or regexp_full_match({cell}, '{ERRORS_OF_LIBREOFFICE}'))"),
        )
        for column in columns
        if column.type == "text" and not column.allowed
        for cell in [trimmed(column)]
        for errors in [", ".join(map(quote_literal, sorted({*ERRORS_OF_EXCEL} - {*column.known_errors})))]
    ]


def without_errors(rules: list[Rule]) -> str:
    """Return SQL that is true for a row that keeps all of these rules: only a row with a mark of an error is looked at cell by cell."""
    joined = f"concat_ws('', {', '.join(quote_identifier(name) for name, *_ in rules)})"
    kept = " and ".join(valid for *_, valid in rules)
    return f"(not (contains({joined}, '#') or contains({joined}, 'Err:')) or ({kept}))"


def _number(column: FileColumn) -> tuple[str, str]:
    """The regular expression of the whole cell, and what it says in words."""
    if column.type == "count":
        return COUNT + ("([.]0+)?" if column.whole_number_text else ""), "a whole number that is not negative"
    return (SIGNED, "a number") if column.may_be_negative else (DECIMAL, "a number that is not negative")


def extra_rule(name: str) -> Rule:
    place = int(name.removeprefix("_extra_")) + 1
    return (
        name,
        f"a value in column {place}, whose heading is not in the contract",
        f"{quote_identifier(name)} is null",
    )


def without_break(cell: str) -> str:
    return f"not coalesce(contains({cell}, chr(10)) or contains({cell}, chr(13)), false)"


def is_unmarked_count(column: FileColumn) -> bool:
    return column.type == "count" and not column.markers and not column.whole_number_text


def _is_plain(column: FileColumn) -> bool:
    """Counts without further rules (the week bands of RTT): tested and cast as they stand, blanks are not taken off."""
    return is_unmarked_count(column) and column.blank != "refuse"


def _or_blank(cell: str, condition: str) -> str:
    return f"({cell} is null or {condition})"


def all_valid(columns: list[FileColumn], rules: list[Rule], proved: frozenset[str]) -> str:
    """Return one condition for a valid row; plain counts are tested together, as one text, which is five times faster.

    Columns in `proved` are already known to hold digits only; here only their upper bound and NULLs are checked.
    """
    plain = {column.name for column in columns if _is_plain(column)} - proved
    conditions = [valid for name, _, valid in rules if name not in plain | proved]
    if plain:
        joined = ", ".join(quote_identifier(column.name) for column in columns if column.name in plain)
        conditions.append(f"not regexp_matches(concat_ws(chr(31), {joined}), {quote_literal(NO_COUNT)})")
    if proved:
        largest = f"greatest({', '.join(map(quote_identifier, sorted(proved)))})"
        conditions.append(f"coalesce({largest}, 0) < {LEAST_TOO_LARGE}")
        conditions += [
            f"{quote_identifier(c.name)} is not null" for c in columns if c.name in proved and c.blank == "refuse"
        ]
    return " and ".join(conditions) or "true"


def typed_cells(column: FileColumn, proved: bool) -> list[str]:
    name = quote_identifier(column.name)
    cell = name if proved else trimmed(column)
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
    return f"case when {cell} is null then '{blank}' {marked} else 'published' end as {quote_identifier(column.name + '_status')}"

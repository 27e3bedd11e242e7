"""Tables of figures: what a cell says, where it comes from, and which shorthand needs explaining below.

The frame of a table is in templates/macros.html, its rows are written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from dagster_project.report.figures import MEANING, key_text, show
from dagster_project.report.marts import Row

MAXIMUM_REASONS = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """A column of figures: title, column of the mart, format, and the column that says why one is not there."""

    title: str
    column: str
    form: str | Callable[[Row], str]
    """A format for the whole column, or one for each row where rows are of different indicators."""
    status: str = "value_status"


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words; `address` gives the page that a word leads to, None where there is none."""

    title: str
    text: Callable[[Row], Any]
    address: Callable[[Row], str | None] = lambda row: None


Column = Figures | Words


def limits(form: str | Callable[[Row], str], status: str = "value_status", *, of: str = "value") -> list[Figures]:
    """Return the columns of the 95% limits of a figure."""
    of = "" if of == "value" else f"{of}_"
    return [Figures(f"{end.title()} 95% limit", f"{of}ci_{end}_95", form, status) for end in ("lower", "upper")]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a figure (its column, and mostly its format, are in the head of the table), or words that may lead to a page."""

    text: Any
    figure: bool = False
    form: str = ""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table. `key` is what of the key is not common to all rows; `emphasis` sets the row apart."""

    cells: tuple[Cell, ...]
    key: str
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; the first column heads the rows. `notes` explain the shorthand and say why figures are not there."""

    caption: str
    columns: tuple[Column, ...]
    source: str
    key: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def body(self) -> Markup:
        """Render the rows as HTML. Not in the template: a site has half a million cells, and this takes a third of the time."""
        return Markup("\n").join(_row_html(line) for line in self.lines)


def _row_html(line: Line) -> Markup:
    head, *others = line.cells
    shown = "".join(_cell_html(cell) for cell in others)
    own = ' class="own"' if line.emphasis else ""
    return Markup(f'<tr data-key="{escape(line.key)}"{own}><th scope="row">{_words_html(head)}</th>{shown}</tr>')  # noqa: S704


def _cell_html(cell: Cell) -> str:
    if not cell.figure:
        return f"<td>{_words_html(cell)}</td>"
    form = f' data-format="{escape(cell.form)}"' if cell.form else ""
    return f'<td class="n"{form}>{escape(cell.text)}</td>'


def _words_html(cell: Cell) -> str:
    return f'<a href="{escape(cell.address)}">{escape(cell.text)}</a>' if cell.address else str(escape(cell.text))


def make_table(
    caption: str,
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    emphasis: Callable[[Row], bool] = lambda row: False,
    reason: str = "value_status_reason",
) -> Table:
    """Make the table of these rows, which must all be of one mart."""
    keys = [row.key() for row in rows]
    common = _common(keys)
    lines = tuple(
        Line(
            tuple(_cell(row, column) for column in columns),
            key_text({name: value for name, value in key.items() if name not in common}),
            emphasis(row),
        )
        for row, key in zip(rows, keys, strict=True)
    )
    source = rows[0].table if rows else ""
    return Table(caption, tuple(columns), source, key_text(common), lines, _notes(rows, lines, reason))


def plain_table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Make a table of words and counts that are not cells of one mart; what is no Cell yet becomes one."""
    lines = (Line(tuple(part if isinstance(part, Cell) else Cell(part) for part in row), "") for row in rows)
    return Table(caption, tuple(Words(title, lambda row: "") for title in titles), "", "", tuple(lines))


def _cell(row: Row, column: Column) -> Cell:
    if isinstance(column, Words):
        return Cell(column.text(row), address=column.address(row))
    if isinstance(column.form, str):
        return Cell(show(row, column.column, column.form, column.status), figure=True)
    form = column.form(row)
    return Cell(show(row, column.column, form, column.status), figure=True, form=form)


def _common(keys: Sequence[dict[str, str | None]]) -> dict[str, str | None]:
    """The parts of the keys that all rows share: written once, which halves the page."""
    if len(keys) < 2:  # noqa: PLR2004 - one row shares nothing with itself
        return {}
    first = keys[0]
    return {name: value for name, value in first.items() if all(key[name] == value for key in keys)}


def _notes(rows: Iterable[Row], lines: Iterable[Line], reason: str) -> tuple[str, ...]:
    used = {cell.text for line in lines for cell in line.cells if cell.figure}
    shorthand = [f"{mark} {meaning}." for mark, meaning in MEANING.items() if mark in used]
    reasons = dict.fromkeys(str(row[reason]) for row in rows if row.get(reason))
    said = [f"Note: {text}." for text in list(reasons)[:MAXIMUM_REASONS]]
    more = len(reasons) - len(said)
    return (*shorthand, *said, *([f"Note: and {more} more reasons, in the file."] if more > 0 else []))

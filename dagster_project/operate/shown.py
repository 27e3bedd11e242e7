"""Rows of a query on a screen: whole names, as many digits as a reader can use.

A table that is wider than the screen is shown row by row, as `psql` does: a name that is cut, or broken over two lines, cannot be
typed back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

DIGITS = 4
"""Significant digits of a number with decimals: 0.02771, 61.39. Whole numbers are shown whole."""


def print_rows(out: Console, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table, or where that is wider than the screen, each row as lines of column and value."""
    listed = [[shown(cell) for cell in row] for row in rows]
    table = Table()
    for column in columns:
        table.add_column(escape(column), no_wrap=True)
    for row in listed:
        table.add_row(*map(escape, row))
    if Measurement.get(out, out.options.update(max_width=10_000), table).maximum <= out.width:
        out.print(table)
        return
    width = max(map(len, columns))
    for number, row in enumerate(listed, start=1):
        out.print(f"-- {number} --", highlight=False)
        for column, cell in zip(columns, row, strict=True):
            out.print(f"{column:{width}}  {cell}", highlight=False, markup=False, soft_wrap=True)


def shown(cell: object) -> str:
    """Return a cell as text: empty for NULL, a number with decimals to DIGITS significant digits and never fewer than its whole part."""
    if cell is None:
        return ""
    if not isinstance(cell, float | Decimal) or not math.isfinite(cell):
        return str(cell)
    number = float(cell)
    whole_digits = math.floor(math.log10(abs(number))) + 1 if number else 1
    text = f"{number:.{max(0, DIGITS - whole_digits)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

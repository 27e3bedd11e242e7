"""Headings over other columns: two columns, or two categories made of headings, of which each has the other's earlier figures.

In a file whose headings of numerator and denominator were exchanged every cell is a valid count. Beside an earlier table the
figures of each column are nearer to those of the other than to its own. Distance is the mean difference of logarithms for
figures, so that a trust of 40 patients says as much as one of 4,000, and the share of rows that differ for texts.
"""
# ruff: noqa: S608 - names come from the contract of the source through duck.quote_identifier; no value of a file enters the text

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from dagster_project.contracts.source import Entity
from dagster_project.duck import quote_identifier

COMPARED = 20_000_000
"""Differences that are worked out at most for one table; a sample of its rows, chosen by their keys, is as good."""
FEW_ROWS = 8
"""With fewer rows that changed, only figures that are exactly each other's are called exchanged."""
LEAST_TELLING = 20
"""Smaller whole numbers are each other's by chance where few rows are compared."""
FEW_COLUMNS = 10
"""Among more columns, unless half of them stand unchanged, two are each other's in a single row by chance."""
ROUNDING = 1e-6
NEARLY_ALL, STANDS, MOVED, MOVED_ALONE = 0.9, 0.02, 0.2, 0.5
"""Share of the figures that differ, and mean differences of logarithms (find_moved)."""
MOST_BLANK = 0.2
"""Share of the figures that may be blank in an edition where they were published before."""
FIGURES = {"BIGINT", "INTEGER", "DOUBLE", "DECIMAL(18,4)"}
MOST_CATEGORIES = 400
LARGEST_LIST = 60
"""A key column with at most so many values is a list of categories, which a parser may have made of headings."""
SAMPLED_ROWS = 20_000
MOST_FIGURES = 8
"""A table with more columns of figures than this keeps its headings as columns."""
Matrix = npt.NDArray[np.float64]
"""Rows in common x columns or categories; NaN where there is no figure."""


@dataclass(frozen=True)
class Figures:
    """The columns of figures of two tables, each as a matrix of the rows in common."""

    names: list[str]
    new: Matrix
    old: Matrix


def figure_columns(entity: Entity) -> list[str]:
    """Return the names of the columns of figures of a clean table."""
    return [column.name for column in entity.clean_columns if not column.key and column.type in FIGURES]


def read_figures(con: duckdb.DuckDBPyConnection, entity: Entity, joined: str) -> Figures:
    """Return the columns of figures; `joined` is the FROM of new_rows and old_rows."""
    names = figure_columns(entity)
    return Figures(names, *_columns(con, entity, joined, names))


def find_exchanged(
    con: duckdb.DuckDBPyConnection, entity: Entity, joined: str, figures: Figures, ratio: float
) -> list[str]:
    """Return "one and other" for each two columns or categories that are exchanged; `joined` is the FROM of new_rows and old_rows.

    Two are exchanged when their distances to each other's earlier figures add up to less than `ratio` of those to their own.
    """
    texts = [column.name for column in entity.clean_columns if not column.key and column.type == "VARCHAR"]
    found = _named(figures.names, _crossed(figures.new, figures.old, ratio, texts=False))
    found += _named(texts, _crossed(*_columns(con, entity, joined, texts, texts=True), ratio, texts=True))
    if not found and 0 < len(figures.names) <= MOST_FIGURES:
        found = _exchanged_categories(con, entity, joined, figures.names, ratio)
    return sorted(set(found))


def _named(names: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    return [f"{names[one]} and {names[other]}" for one, other in pairs]


def find_moved(figures: Figures) -> list[str]:
    """Return columns of figures of an edition that are blank now, or nearly all moved far while the others stand.

    Another column is under their heading then: so an exchange with a column that the clean table does not keep is seen, and a
    change of unit. Figures that a publisher works out again on other populations move by less than a fifth.
    """
    names, new, old = figures.names, figures.new, figures.old
    both = ~np.isnan(new) & ~np.isnan(old)
    rows = np.count_nonzero(both, axis=0)
    changed = np.count_nonzero((new != old) & both, axis=0)
    far = np.divide(np.nansum(np.abs(new - old), axis=0), rows, out=np.zeros(len(names)), where=rows > 0)
    found = []
    for place, name in enumerate(names):
        filled = np.count_nonzero(~np.isnan(old[:, place]))
        blank = filled - rows[place] > MOST_BLANK * filled
        others = np.delete(far, place)
        limit = MOVED if others.size and np.median(others) < STANDS else MOVED_ALONE
        moved = rows[place] >= FEW_ROWS and changed[place] >= NEARLY_ALL * rows[place] and far[place] > limit
        found += [name] if blank or moved else []
    return found


# -- tables as matrices ----------------------------------------------------------------------------------------------


def _columns(
    con: duckdb.DuckDBPyConnection, entity: Entity, joined: str, names: Sequence[str], *, texts: bool = False
) -> tuple[Matrix, Matrix]:
    """The rows in common, new and old; figures as logarithms, of texts a number that is the same for equal ones."""
    if not names:
        return np.empty((0, 0)), np.empty((0, 0))
    # 53 bits, as many as a double keeps; texts that differ are one number once in 10^15.
    number = "(hash(coalesce({}, '')) >> 11)::double" if texts else "{}::double"
    cells = ", ".join(
        f"{number.format(f'{table}.{quote_identifier(name)}')} as {table}_{place}"
        for table in ("new_rows", "old_rows")
        for place, name in enumerate(names)
    )
    order = _by_key(entity)
    most = max(COMPARED // len(names) ** 2, FEW_ROWS)
    values = con.execute(f"select {cells} {joined} order by {order} limit {most}").fetchnumpy()
    new, old = (
        np.column_stack([np.ma.filled(values[f"{table}_{place}"], np.nan) for place in range(len(names))])
        for table in ("new_rows", "old_rows")
    )
    return (new, old) if texts else (_logarithm(new), _logarithm(old))


def _by_key(entity: Entity) -> str:
    """An order that is no order of the file and the same each time."""
    key = ", ".join(f"new_rows.{quote_identifier(name)}" for name in entity.key)
    return f"md5(concat_ws('|', {key})), {key}"


def _logarithm(values: Matrix) -> Matrix:
    result: Matrix = np.sign(values) * np.log1p(np.abs(values))
    return result


def _lists_of_categories(con: duckdb.DuckDBPyConnection, entity: Entity) -> list[list[str]]:
    """The key columns that are lists of categories: one by one, then together where their combinations are few."""
    counted = {
        name: con.execute(f"select count(distinct {quote_identifier(name)}) from old_rows").fetchall()[0][0]
        for name in entity.key
    }
    lists = [name for name, values in counted.items() if 1 < values <= LARGEST_LIST]
    together = np.prod([counted[name] for name in lists], dtype=np.float64)
    return [*([name] for name in lists), *([lists] if len(lists) > 1 and together <= MOST_CATEGORIES else [])]


def _exchanged_categories(
    con: duckdb.DuckDBPyConnection, entity: Entity, joined: str, figures: Sequence[str], ratio: float
) -> list[str]:
    """Every figure of every category as its own column: headings may name both (`65 and over, number vaccinated`)."""
    key = [f"new_rows.{quote_identifier(name)}" for name in entity.key]
    cells = [f"{table}.{quote_identifier(name)}" for table in ("new_rows", "old_rows") for name in figures]
    named = ", ".join(f"{cell} as cell_{place}" for place, cell in enumerate(cells))
    con.execute(f"create or replace temp table in_common as select {', '.join(key)}, {named} {joined}")
    for by in _lists_of_categories(con, entity):
        categories, matrices = _categories(con, entity, by, len(cells))
        names = [f"{figure} of {category}" for figure in figures for category in categories]
        most = max(COMPARED // max(len(names), 1) ** 2, FEW_ROWS)
        new, old = (np.hstack(half)[:most] for half in (matrices[: len(figures)], matrices[len(figures) :]))
        crossed = _crossed(_logarithm(new), _logarithm(old), ratio, texts=False)
        if crossed:
            return _named(names, crossed)
    return []


def _categories(
    con: duckdb.DuckDBPyConnection, entity: Entity, by: list[str], cells: int
) -> tuple[list[str], list[Matrix]]:
    """The names of the categories, and every column of `in_common` as a matrix with a column for each of them."""
    category = ", ".join(map(quote_identifier, by))
    rest = ", ".join(quote_identifier(name) for name in entity.key if name not in by) or "true"
    chosen = f"(select md5_number_lower(concat_ws('|', {rest})) as drawn, * from in_common)"
    one_in = con.execute("select cast(ceil(count(*) / ?) as bigint) from in_common", [SAMPLED_ROWS]).fetchall()[0][0]
    rows = con.execute(
        f"select concat_ws(' ', {category}), dense_rank() over (order by drawn, {rest}), columns('cell_.*')::double "
        f"from {chosen} where drawn % greatest({int(one_in)}, 1) = 0"
    ).fetchall()
    names = sorted({str(row[0]) for row in rows})
    column = {name: place for place, name in enumerate(names)}
    matrices = [np.full((max((row[1] for row in rows), default=0), len(names)), np.nan) for _ in range(cells)]
    for name, place, *figures in rows:
        for matrix, figure in zip(matrices, figures, strict=True):
            matrix[place - 1, column[str(name)]] = np.nan if figure is None else figure
    return names, matrices


# -- distances -------------------------------------------------------------------------------------------------------


def _crossed(new: Matrix, old: Matrix, ratio: float, *, texts: bool) -> list[tuple[int, int]]:
    """The pairs of columns of which each is nearer the other's old figures than its own."""
    if new.shape[1] <= 1:
        return []
    distances = _distances(new, old, texts=texts)
    own = np.diagonal(distances)
    apart, across = own[:, None] + own[None, :], distances + distances.T
    changed = (new != old) & ~np.isnan(new) & ~np.isnan(old)
    many = np.count_nonzero(changed, axis=0) >= FEW_ROWS
    telling = own == 1 if texts else (changed & _is_telling(new) & _is_telling(old)).any(axis=0)
    few = texts or new.shape[1] <= FEW_COLUMNS or np.count_nonzero(changed.any(axis=0)) * 2 <= new.shape[1]
    telling &= few | (np.count_nonzero(changed, axis=0) > 1)
    sure = (many[:, None] & many[None, :]) | ((across == 0) & telling[:, None] & telling[None, :])
    crossed = (apart > 0) & (across < ratio * apart) & sure
    return [(int(a), int(b)) for a, b in zip(*np.nonzero(np.triu(crossed, 1)), strict=True)]


def _distances(new: Matrix, old: Matrix, *, texts: bool) -> Matrix:
    """Mean distance of every new column (down) to every old one (across); NaN where no row has both."""
    distances = np.full((new.shape[1], new.shape[1]), np.nan)
    for place in range(new.shape[1]):
        difference = np.abs(new[:, [place]] - old)
        difference = np.sign(difference) if texts else difference
        rows = np.count_nonzero(~np.isnan(difference), axis=0)
        np.divide(np.nansum(difference, axis=0), rows, out=distances[place], where=rows > 0)
    return distances


def _is_telling(logarithms: Matrix) -> npt.NDArray[np.bool_]:
    """Figures that are hardly another's by chance: large ones, and those with decimal places."""
    values = np.expm1(np.abs(logarithms))
    result: npt.NDArray[np.bool_] = (values >= LEAST_TELLING) | (np.abs(values - np.round(values)) > ROUNDING)
    return result

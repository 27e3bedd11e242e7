"""Whether two relations of DuckDB hold the same: columns and their kinds, rows paired by their key, NULLs, numbers within 1e-9.

Every answer is made of names and numbers of rows: relations of returns are compared too, and no cell of them may be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from dagster_project.duck import quote_identifier

RELATIVE, ABSOLUTE = 1e-9, 1e-12
KINDS = (
    (r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,0\)", "whole number"),
    (r"DOUBLE|FLOAT", "double"),
    (r"DECIMAL\(\d+,\d+\)", "decimal"),
    (r"TIMESTAMP.*", "timestamp"),
    (r"VARCHAR|ENUM\(.*", "text"),
)


def kind_of(data_type: str) -> str:
    """The kind of a type: whole numbers of every width are one, because engines widen sums differently."""
    return next((kind for pattern, kind in KINDS if re.fullmatch(pattern, data_type)), data_type.lower())


def columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Name and type of each column of a relation, in its order."""
    return {row[0]: row[1] for row in con.execute(f"describe select * from {relation}").fetchall()}


def first_difference(con: duckdb.DuckDBPyConnection, wanted: str, got: str, key: Sequence[str] = ()) -> str:
    """The first way in which `got` is not `wanted` (both names of relations); "" where there is none.

    The order of columns is none of it: a mart has the order of its contract, which dbt gives to what the query selects.
    """
    columns, other = columns_of(con, wanted), columns_of(con, got)
    odd = sorted(set(columns) ^ set(other))
    if odd:
        return f"columns differ: {', '.join(odd)}"
    for name, data_type in columns.items():
        if kind_of(data_type) != kind_of(other[name]):
            return f"column {name} is {kind_of(other[name])}, not {kind_of(data_type)}"
    counts = [con.execute(f"select count(*) from {relation}").fetchone() for relation in (wanted, got)]
    if counts[0] != counts[1]:
        return f"{counts[1][0]} rows, not {counts[0][0]}"  # type: ignore[index]
    return _unpaired(con, wanted, got, key, columns) or _unequal(con, columns)


def _unpaired(
    con: duckdb.DuckDBPyConnection, wanted: str, got: str, key: Sequence[str], columns: dict[str, str]
) -> str:
    """Pair the rows into the table `paired`, by the key or, where a node declares none, by their place in the order of all columns."""
    on = [quote_identifier(name) for name in key]
    place = "true as _here"
    if not on:
        doubles = [quote_identifier(name) for name, kind in columns.items() if kind_of(kind) == "double"]
        exact = [name for name in map(quote_identifier, columns) if name not in doubles]
        order = ", ".join([*exact, *(f"round({name}, 6)" for name in doubles), *doubles])
        place, on = f"true as _here, row_number() over (order by {order}) as _place", ["_place"]
    sides = [f"(select *, {place} from {relation})" for relation in (wanted, got)]
    same = " and ".join(f"w.{name} is not distinct from g.{name}" for name in on)
    con.execute(
        f"create or replace temp table paired as select w, g from {sides[0]} w full join {sides[1]} g on {same}"
    )
    alone, pairs, rows = con.execute(
        "select count(*) filter (where w._here is null or g._here is null), count(*), "
        f"(select count(*) from {wanted}) from paired"
    ).fetchall()[0]
    if alone:
        return f"{alone} rows have no partner of their key"
    return "" if pairs == rows else "rows share a key"


def _unequal(con: duckdb.DuckDBPyConnection, columns: dict[str, str]) -> str:
    """The column of `paired` in which most rows differ, and how many."""
    tests = []
    for name, data_type in columns.items():
        w, g = (f"{side}.{quote_identifier(name)}" for side in ("w", "g"))
        far = f"{w} is distinct from {g}"
        if kind_of(data_type) == "double":
            most = f"greatest({RELATIVE} * greatest(abs({w}), abs({g})), {ABSOLUTE})"
            far = f"({far} and not coalesce(abs({w} - {g}) <= {most} and not isnan({w} - {g}), false))"
        tests.append(f"count(*) filter (where {far})")
    found = con.execute(f"select {', '.join(tests)} from paired").fetchone() if tests else ()
    worst, column = max(zip(found or (), columns, strict=True), default=(0, ""))
    return f"{column} differs in {worst} rows" if worst else ""

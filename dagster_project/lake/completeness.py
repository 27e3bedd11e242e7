"""Completeness of tables: rows that two publishers list, or that every organisation of a file has, must all be there.

A look-up or a census table that lost rows still parses, and every sum over it still adds up to itself. What it lacks shows
only beside another publisher's list, so `complete_against` of a source.yml names the lists and gate 1 compares them. Lists
are compared in one direction only (deprivation, then look-ups, then census), so that no two files hold each other back.

A table in which every month and trust has every measure, or England every fifth (`full_sets`), shows by itself which row it
lacks. Two tables that count the same events by month show it by their sums.
"""
# ruff: noqa: S608 - columns go through duck.quote_identifier, the path through quote_literal; conditions are the contract's own SQL

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.contracts.check import Severity
from dagster_project.contracts.source import Entity, FullSet, Reference
from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.clean_writer import read_report
from dagster_project.lake.continuity import name_first
from dagster_project.lake.paths import Lake, Origin


def find_incomplete(
    entity: Entity, clean: Path, lake: Lake, origin: Origin, period: str, severity: Severity
) -> list[str]:
    """Return one sentence for each reference of that severity whose codes a clean table lacks, or to which it adds codes, or of which it has other sums.

    References that have no table in use yet are passed over; when one comes, the table is judged again (find_references).
    """
    sentences = []
    for reference in entity.complete_against:
        if reference.severity != severity:
            continue
        list_in_use = _newest_in_use(reference, lake, origin, period if reference.sums else "")
        if list_in_use is not None:
            sentences += _compare(reference, clean, list_in_use)
    return sentences


def find_holes(con: duckdb.DuckDBPyConnection, entity: Entity, clean: Path, severity: Severity) -> list[str]:
    """Return one sentence for each full set of that severity that has holes: how many rows the table lacks, and the first five of them."""
    full_sets = [full_set for full_set in entity.full_sets if full_set.severity == severity]
    return [sentence for full_set in full_sets for sentence in _holes(con, entity, full_set, clean)]


def _holes(con: duckdb.DuckDBPyConnection, entity: Entity, full_set: FullSet, clean: Path) -> list[str]:
    across = ", ".join(map(quote_identifier, full_set.columns))
    rest = [name for name in entity.key if name not in full_set.columns]
    others = ", ".join(map(quote_identifier, rest))
    key = ", ".join(map(quote_identifier, entity.key))
    rows = f"(select * from read_parquet({quote_literal(str(clean))}) where {full_set.where})"
    listed = ", ".join(f"({', '.join(map(quote_literal, row))})" for row in full_set.values)
    whole = f"(values {listed}) as listed({across})" if listed else f"(select distinct {across} from {rows})"
    holes = con.execute(
        f"with whole as (select * from (select distinct {others} from {rows}) cross join {whole}) "
        f"select concat_ws(' / ', {key}) from (select {key} from whole except select {key} from {rows}) order by all"
    ).fetchall()
    if not holes:
        return []
    return [
        f"{len(holes):,} rows are lacking that are next to every other {' and '.join(rest)} ({name_first([row for (row,) in holes])}); "
        "fetch the file again or ask its publisher; if it is genuine, change full_sets in source.yml"
    ]


def find_references(entity: Entity, lake: Lake, origin: Origin) -> list[str]:
    """Return the vintages that the entity's tables are compared with, by name: with another one, they are judged again."""
    found = (_newest_in_use(reference, lake, origin) for reference in entity.complete_against)
    return ["none" if path is None else path.resolve().stem for path in found]


def _newest_in_use(reference: Reference, lake: Lake, origin: Origin, period: str = "") -> Path | None:
    """The table of the newest period, or of the one that is named."""
    links = lake.current(reference.source, reference.entity, origin).glob(f"{period or '[!_.]*'}.parquet")
    return max((link for link in links if link.exists()), default=None, key=lambda link: link.stem)


def _compare(reference: Reference, clean: Path, list_in_use: Path) -> list[str]:
    with scratch_connection() as con:
        own = _codes(con, clean, reference.own, reference.where)
        others = _codes(con, list_in_use, reference.column, reference.reference_where)
        lacking, too_many = sorted(others - own), sorted(own - others)
        other_sums = _other_sums(con, reference, clean, list_in_use) if reference.sums else []
    name = _name(list_in_use)
    sentences = []
    if lacking and (own or reference.severity == "critical"):  # else the file has no row of this level at all
        held = "; the last good copy stays in use" if reference.severity == "critical" else ""
        sentences.append(
            f"{len(lacking):,} of the {len(others):,} codes in {name} are lacking in its {reference.own} "
            f"({name_first(lacking)}); fetch the file again or ask its publisher for the whole of it{held}"
        )
    if too_many and reference.match == "equal":
        sentences.append(
            f"{len(too_many):,} of the {len(own):,} codes in its {reference.own} are not in {name} ({name_first(too_many)}); "
            "look which of the two files lost rows or is of other boundaries, and fetch that one again"
        )
    return sentences + [
        f"{sums} in {name}; look which of the two files lost rows, and fetch that one again" for sums in other_sums
    ]


def _codes(con: duckdb.DuckDBPyConnection, table: Path, column: str, where: str) -> set[str]:
    rows = con.read_parquet(str(table)).filter(where or "true").select(quote_identifier(column)).distinct()
    return {str(code) for (code,) in rows.fetchall() if code is not None}


def _other_sums(con: duckdb.DuckDBPyConnection, reference: Reference, clean: Path, list_in_use: Path) -> list[str]:
    """For each column the first code of which the two tables have other sums."""
    sums = ", ".join(f"sum({name}) as {name}" for name in map(quote_identifier, reference.sums))
    own, other = (
        f"(select {quote_identifier(code)} as code, {sums} from read_parquet({quote_literal(str(table))}) "
        f"where {where or 'true'} group by 1)"
        for code, where, table in (
            (reference.own, reference.where, clean),
            (reference.column, reference.reference_where, list_in_use),
        )
    )
    sentences = []
    for name in map(quote_identifier, reference.sums):
        found = con.execute(
            f"select code, own.{name}, other.{name} from {own} own join {other} other using (code) "
            f"where own.{name} is distinct from other.{name} order by code limit 1"
        ).fetchall()
        sentences += [f"{name} of {code} add up to {mine}, and to {others}" for code, mine, others in found]
    return sentences


def _name(vintage: Path) -> str:
    report = read_report(vintage.resolve())
    return f"{report['source']} {report['entity']} {report['period']} ({report['file']})"

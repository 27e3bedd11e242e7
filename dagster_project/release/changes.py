"""What moves against the release that is current: rows by key, columns, tables, and the files that came or went.

The answer to "why did the number change?", as rows of meta.changes.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.release.contents import MAIN, attach, columns_of, marks_of_periods, qualified, tables_of
from dagster_project.release.dbt_artifacts import ExposedModel
from dagster_project.release.meta import META_BY_NAME
from dagster_project.release.project import ReleaseProject
from dagster_project.release.publication import PUBLICATION

PROVENANCE_COLUMNS = frozenset({"release_id", "snapshot_sha256", "data_as_of"})
"""A figure that stays the same under a new file has not changed."""
APPROXIMATE_TYPES = frozenset({"DOUBLE", "FLOAT"})
TOLERANCE = 1e-9
"""Sums of DOUBLE depend on the order in which threads finish; less than this share of a figure is no change."""
GROUPS = {
    "indicator_id": ("indicator_id",),
    "measure": ("measure", "measure_id"),
    "snapshot_sha256": ("snapshot_sha256",),
}
PERIODS = ("period_end", "period_start")
EMPTY: dict[str, Any] = {column.name: None for column in META_BY_NAME["changes"].columns}
Columns = dict[str, str]


def find_changes(con: duckdb.DuckDBPyConnection, project: ReleaseProject, current: Path | None) -> list[dict[str, Any]]:
    """Return rows for meta.changes of the database `draft`; none when there is no release. Leaves `previous` attached."""
    if current is None:
        return []
    attach(con, current, "previous")
    before = {name for schema, name in tables_of(con, "previous") if schema == MAIN}
    changes = [*_table_changes(before, {model.name for model in project.models})]
    for model in project.models:
        # The record of the publication itself is new in every release.
        if model.name in before and model.name != PUBLICATION:
            changes += [*_column_changes(con, model.name), *_row_changes(con, model)]
    return _with_revisions(con, changes) + _input_changes(con)


def _with_revisions(con: duckdb.DuckDBPyConnection, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The source and period of the file that brought each change, where one file did."""
    query = """
        select sha256, min(slug), case when count(distinct entity) = 1 then min(entity) end, min(period)
        from (from draft.meta.inputs union from previous.meta.inputs)
        group by sha256 having count(distinct (slug, period)) = 1"""
    known = {
        row[0]: dict(zip(("slug", "entity", "period"), row[1:], strict=True)) for row in con.execute(query).fetchall()
    }
    return [change | known.get(change["snapshot_sha256"], {}) for change in changes]


def _change(change_type: str, description: str, **found: Any) -> dict[str, Any]:
    return EMPTY | {"change_type": change_type, "description": description} | found


def _table_changes(before: set[str], after: set[str]) -> Iterator[dict[str, Any]]:
    for name in sorted(after - before):
        yield _change("table_added", f"{name} is published for the first time", table_name=name)
    for name in sorted(before - after):
        yield _change("table_removed", f"{name} is no longer published", table_name=name)


def _both_columns(con: duckdb.DuckDBPyConnection, table: str) -> tuple[Columns, Columns]:
    new, old = (dict(columns_of(con, qualified(database, MAIN, table))) for database in ("draft", "previous"))
    return new, old


def _column_changes(con: duckdb.DuckDBPyConnection, table: str) -> Iterator[dict[str, Any]]:
    new, old = _both_columns(con, table)
    for name in sorted(set(new.items()) - set(old.items())):
        yield _change("column_added", f"{table}.{name[0]} {name[1]}", table_name=table)
    for name in sorted(set(old.items()) - set(new.items())):
        yield _change("column_removed", f"{table}.{name[0]} {name[1]}", table_name=table)


def _row_changes(con: duckdb.DuckDBPyConnection, model: ExposedModel) -> Iterator[dict[str, Any]]:
    new, old = _both_columns(con, model.name)
    for found in con.execute(_row_query(model, new, old)).fetchall():
        indicator, measure, snapshot, added, removed, changed = found
        yield _change(
            "rows",
            f"{added:,} added, {removed:,} removed, {changed:,} changed",
            table_name=model.name,
            indicator_id=indicator,
            measure=measure,
            snapshot_sha256=snapshot,
            rows_added_count=added,
            rows_removed_count=removed,
            rows_changed_count=changed,
        )


def _row_query(model: ExposedModel, new: Columns, old: Columns) -> str:
    same = {name: kind for name, kind in new.items() if old.get(name) == kind}
    comparable = set(model.key) <= set(same)
    join = (
        " and ".join(f"n.{qualified(k)} is not distinct from o.{qualified(k)}" for k in model.key)
        if comparable
        else "false"
    )
    values = [name for name in same if name not in {*model.key, *PROVENANCE_COLUMNS}]
    changed = " or ".join(_differs(name, same[name]) for name in values) or "false"
    groups = ", ".join(f"{_group(names, new, old)} as {group}" for group, names in GROUPS.items())
    tables = [qualified(database, MAIN, model.name) for database in ("draft", "previous")]
    period = next((name for name in PERIODS if comparable and name in same), "")
    periods = f"periods as ({_moved_periods(period, [*model.key, *values], tables)})," if period else ""
    where = f"where exists (select 1 from periods where periods.{period} is not distinct from placed.{period})"
    sides = [f"(select true as _here, * from {table} as placed {where if period else ''})" for table in tables]
    return f"""
        with {periods} moved as (
            select {groups}, o._here is null as added, n._here is null as removed,
                (n._here and o._here and ({changed})) is true as changed
            from {sides[0]} n full join {sides[1]} o on {join}
        )
        select indicator_id, measure, snapshot_sha256, count(*) filter (added), count(*) filter (removed), count(*) filter (changed)
        from moved where added or removed or changed group by all order by all"""


def _moved_periods(period: str, compared: list[str], tables: list[str]) -> str:
    """The periods in which the two do not have the same rows, by a hash of all of them: a month is new, 60 are kept.

    All rows of a table beside each other took 14 s of a night with 2.4 million figures, those of one month 1 s.
    """
    marks = " union all ".join(marks_of_periods(table, compared, period) for table in tables)
    return f"select {period} from ({marks}) group by {period}, rows_count, mark having count(*) = 1"


def _group(names: tuple[str, ...], new: Columns, old: Columns) -> str:
    """The group of a row: its new value, or its old one where the row is gone."""
    sides = [
        f"{side}.{qualified(name)}::varchar" for name in names for side, has in (("n", new), ("o", old)) if name in has
    ]
    return f"coalesce({', '.join([*sides, 'null'])})"


def _differs(name: str, kind: str) -> str:
    new, old = f"n.{qualified(name)}", f"o.{qualified(name)}"
    differs = f"{new} is distinct from {old}"
    if kind not in APPROXIMATE_TYPES:
        return f"({differs})"
    close = f"abs({new} - {old}) <= {TOLERANCE} * greatest(abs({new}), abs({old}))"
    return f"({differs} and ({close}) is not true)"


def _input_changes(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Files in use that are new, and files that no longer are; a revised period gives one row of each."""
    query = """
        select 'input_added', slug, entity, period, sha256, file from draft.meta.inputs n
        where not exists (select 1 from previous.meta.inputs o where (o.slug, o.entity, o.period, o.sha256) = (n.slug, n.entity, n.period, n.sha256))
        union all
        select 'input_removed', slug, entity, period, sha256, file from previous.meta.inputs o
        where not exists (select 1 from draft.meta.inputs n where (o.slug, o.entity, o.period, o.sha256) = (n.slug, n.entity, n.period, n.sha256))
        order by all"""
    return [
        _change(
            kind, f"{slug} {entity} {period}: {file}", slug=slug, entity=entity, period=period, snapshot_sha256=sha256
        )
        for kind, slug, entity, period, sha256, file in con.execute(query).fetchall()
    ]

"""The attack on a candidate: every published count of people of this release and the one before, and everything that adds up.

Faults D3, D4 and D5 (tests/README.md). Cells and relations come from what is published and from the marts' own declarations
(quality/declaration.py), never from a true count; the arithmetic is in attacker.py. A finding names table, key and relations, never a
bound: a bound that is narrow enough to be found is the secret.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier; conditions come from the dbt project itself

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
from scipy.sparse import csr_matrix

from dagster_project.contracts.check import MAXIMUM_KEYS, CheckResult, explain
from dagster_project.duck import quote_identifier as q
from dagster_project.quality.attacker import Attack, attack, propagate
from dagster_project.quality.declaration import Count, Relation, SafeCounts
from dagster_project.quality.metric_cells import merge, metric_sums, same_people
from dagster_project.quality.parts import Bools, Floats, Integers
from dagster_project.quality.proven import Proven
from dagster_project.quality.safe_counts import Rule, declarations
from dagster_project.quality.solving import System, values_between
from dagster_project.release.contents import MAIN, columns_of, qualified, tables_of
from dagster_project.release.dbt_artifacts import ExposedModel

NAME = "disclosure.attack"
DRAFT, PREVIOUS = "draft", "previous"
SEED = 20261122
SUMS_OF_METRICS = "sums of metrics"


@dataclass(frozen=True)
class Table:
    """A mart of one of the two releases, copied into a temporary table with a number for each row."""

    database: str
    model: ExposedModel
    declared: SafeCounts
    cells: Integers
    """(rows, counts): the number of each cell; a cell that both releases show alike has one number."""
    groups: Integers | None = None
    """(rows,), the group of each row that its metrics count in, where the mart declares metrics."""
    sets: Integers | None = None
    """(rows, counts), which set of codes each count is of (Counted.number_of), -1 where none is declared."""
    has_counts: bool = True
    """Whether a count is shown or hidden in it; published shares without counts (WRES) are in no relation."""

    @property
    def relation(self) -> str:
        """Return the temporary table's name, quoted."""
        return q(f"attack_{self.database}_{self.model.name}")

    def column_of(self, count: str) -> int:
        """Return the place of a count among the counts."""
        return list(self.declared.counts).index(count)


@dataclass
class Board:
    """All cells and equations, while they are collected."""

    lows: list[Floats] = field(default_factory=list)
    highs: list[Floats] = field(default_factory=list)
    targets: list[Bools] = field(default_factory=list)
    size: int = 0
    equations: list[tuple[str, bool, Integers, Integers, Integers]] = field(default_factory=list)
    """Relation, whether it is exact, and for each entry its equation (from 0), cell and sign."""
    wide: set[str] = field(default_factory=set)
    """Relations whose parts are of all organisations."""
    metric_sums: list[tuple[Integers, Integers]] = field(default_factory=list)
    """Part and whole of the sums of metrics, by number of the cell."""

    def add_cells(self, lows: Floats, highs: Floats, targets: Bools) -> Integers:
        """Numbers of the new cells."""
        self.lows.append(lows)
        self.highs.append(highs)
        self.targets.append(targets)
        self.size += len(lows)
        return np.arange(self.size - len(lows), self.size)

    def system(self) -> tuple[System, list[str], Integers]:
        """Return the system, the names of the relations, and which relation each equation is of; equal equations stand once."""
        offsets = np.cumsum([0, *(int(entry[2].max(initial=-1)) + 1 for entry in self.equations)])
        row = np.concatenate(
            [entry[2] + at for entry, at in zip(self.equations, offsets, strict=False)] or [np.zeros(0, int)]
        )
        cell = np.concatenate([entry[3] for entry in self.equations] or [np.zeros(0, int)])
        sign = np.concatenate([entry[4] for entry in self.equations] or [np.zeros(0, int)])
        relation = np.repeat(np.arange(len(self.equations)), np.diff(offsets))
        exact = np.array([entry[1] for entry in self.equations], dtype=bool)[relation]
        shape = (int(offsets[-1]), self.size)
        matrix = csr_matrix((sign.astype(np.float64), (row, cell)), shape=shape)
        matrix.sum_duplicates()
        kept = _distinct(matrix, exact)
        bounds = [np.concatenate(part) if part else np.zeros(0) for part in (self.lows, self.highs)]
        targets = np.concatenate(self.targets) if self.targets else np.zeros(0, dtype=bool)
        wide = exact & np.array([entry[0] in self.wide for entry in self.equations], dtype=bool)[relation]
        system = System(bounds[0], bounds[1], matrix[kept], exact[kept], wide[kept], targets.astype(bool))
        return system, [entry[0] for entry in self.equations], relation[kept]


def _distinct(matrix: csr_matrix, exact: Bools) -> Integers:
    """One of each set of equal equations, found by a random number for each cell."""
    marks = np.random.default_rng(SEED).integers(1, 2**40, matrix.shape[1]).astype(np.float64)
    sums = np.column_stack([matrix @ marks, matrix @ np.sqrt(marks), exact])
    return np.asarray(np.sort(np.unique(np.round(sums, 3), axis=0, return_index=True)[1]))


@dataclass(frozen=True)
class Attacked:
    """What an attack says of a candidate."""

    result: CheckResult
    """The result `disclosure.attack`."""
    sets: tuple[Mapping[str, Any], ...]
    """The sets, as their marts declare them, that hold a hidden count which can be worked out too closely; the counts stay out."""


def audit_attack(
    con: duckdb.DuckDBPyConnection, models: tuple[ExposedModel, ...], proven: Proven | None = None
) -> Attacked:
    """Attack a candidate that is attached as `draft`, with the current release, if there is one, as `previous`. Never raises for data.

    Blocks that `proven` has are not solved again.
    """
    try:
        attacks = _attacks(con, models, proven)
        return Attacked(_result(con, attacks), tuple(_narrow_sets(con, attacks)))
    except (duckdb.Error, ValueError) as error:
        return Attacked(_failed(f"the attack could not be made: {explain(error, made_of_returns=True)}"), ())


def _narrow_sets(
    con: duckdb.DuckDBPyConnection, attacks: list[tuple[list[Table], Found, bool]]
) -> list[dict[str, Any]]:
    """The sets of the hidden counts that are too narrow; of one that is withheld already, those that show the sums it is part of:
    of metrics, and the closest of the others.
    """
    sets: dict[tuple[Any, ...], dict[str, Any]] = {}
    for tables, found, _ in attacks:
        narrow = found.attack.too_narrow.copy()
        withheld = narrow & ~found.suppressed
        narrow[found.wholes_of(withheld)] = True
        narrow[found.closest_wholes(withheld)] = True
        for table in tables:
            rows = np.flatnonzero(narrow[table.cells].any(axis=1))
            if table.declared.sets and len(rows):
                columns = ", ".join(f"{expression} as {q(name)}" for name, expression in table.declared.sets.items())
                query = f"select distinct {columns} from {table.relation} where attack_row in (select unnest(?)) order by all"
                for values in con.execute(query, [rows.tolist()]).fetchall():
                    sets[values] = dict(zip(table.declared.sets, values, strict=True))
    return list(sets.values())


def _attacks(
    con: duckdb.DuckDBPyConnection, models: tuple[ExposedModel, ...], proven: Proven | None
) -> list[tuple[list[Table], Found, bool]]:
    """The attack on both releases; where what looks alike in both was not alike, also the one on the candidate alone."""
    declared, rule = list(declarations(models)), Rule.load()
    tables, board = _load(con, declared, rule, with_previous=True)
    found = _attack(board, rule, proven)
    if found.attack.inconsistent.any() and any(table.database == PREVIOUS for table in tables):
        # Nothing follows from the difference of the two releases there.
        alone, alone_board = _load(con, declared, rule, with_previous=False)
        return [(tables, found, False), (alone, _attack(alone_board, rule, proven), True)]
    return [(tables, found, True)]


@dataclass(frozen=True)
class Found:
    """An attack and what it was made on."""

    system: System
    attack: Attack
    names: list[str]
    relation_of: Integers
    suppressed: Bools
    """Cells hidden by the rule for small counts; other targets are withheld beside it."""
    metric_sums: tuple[Integers, Integers]
    """Part and whole of the sums of metrics."""

    def wholes_of(self, cells: Bools) -> Integers:
        """Return the wholes of the sums of metrics that these cells are part of."""
        parts, wholes = self.metric_sums
        return wholes[cells[parts]]

    def closest_wholes(self, cells: Bools) -> Integers:
        """Return for each of these cells the shown whole that says most about it: an ICB's sum beside its other trusts, say."""
        entries = self.system.equations.tocoo()
        below, shown = entries.data < 0, np.isfinite(self.system.highs)
        says, whole = self.system.exact.copy(), np.full(len(self.system.exact), -1, dtype=np.int64)
        whole[entries.row[below]] = entries.col[below]
        says &= (whole >= 0) & shown[whole]
        asked = (entries.data > 0) & cells[entries.col] & says[entries.row]
        part, equation = entries.col[asked], entries.row[asked]
        # How much all cells of an equation may move, least first: of one cell the same order as without itself.
        slack = abs(self.system.equations) @ (self.attack.highs - self.attack.lows)
        order = np.argsort(slack[equation], kind="stable")
        first = np.unique(part[order], return_index=True)[1]
        return np.asarray(whole[equation[order][first]])


def _attack(board: Board, rule: Rule, proven: Proven | None) -> Found:
    none = np.zeros(0, dtype=np.int64)
    parts, wholes = (np.concatenate([none, *(pair[side] for pair in board.metric_sums)]) for side in (0, 1))
    system, names, relation_of = board.system()
    # Sums of metrics tie all tables of an estate to one another: they narrow every cell first, and what is left is solved without
    # them, so that the cost stays that of the groups.
    lows, highs = propagate(system)
    between_groups = ~np.isin(relation_of, [n for n, name in enumerate(names) if name.endswith(SUMS_OF_METRICS)])
    equations, exact, wide = (part[between_groups] for part in (system.equations, system.exact, system.wide))
    solved = System(lows, highs, equations, exact, wide, system.targets)
    attacked = attack(solved, rule.minimum_values, proven=proven)
    # A sum of metrics gives a withheld count away as it does a suppressed one: nothing else of its set need be hidden.
    withheld = np.zeros(len(lows), dtype=bool)
    withheld[parts] = np.isinf(system.highs[parts])
    small = withheld & ~attacked.inconsistent & (highs >= 1) & (lows <= rule.threshold)
    attacked.too_narrow[small & (values_between(lows, highs) < rule.minimum_values)] = True
    return Found(system, attacked, names, relation_of, system.targets, (parts, wholes))


# -- cells ------------------------------------------------------------------------------------------------------------


def _load(
    con: duckdb.DuckDBPyConnection, declared: list[tuple[ExposedModel, SafeCounts]], rule: Rule, *, with_previous: bool
) -> tuple[list[Table], Board]:
    board, tables = Board(), []
    present = {name for schema, name in tables_of(con, DRAFT) if schema == MAIN}
    before = {name for schema, name in tables_of(con, PREVIOUS) if schema == MAIN} if with_previous else set()
    for model, safe in declared:
        if model.name in present:
            now = _add_draft(con, board, model, safe, rule)
            tables.append(now)
            if model.name in before and _same_columns(con, model, safe):
                tables.append(_add_previous(con, board, now, rule))
    for table in tables:
        # A relation may name a column that the release before did not have yet.
        with suppress(duckdb.BinderException) if table.database == PREVIOUS else nullcontext():
            for relation in table.declared.relations:
                _add_relation(con, board, table, tables, relation)
            _add_shares(board, table, con)
            _add_metric_sums(board, table)
    return tables, board


def _same_columns(con: duckdb.DuckDBPyConnection, model: ExposedModel, safe: SafeCounts) -> bool:
    """Whether the release before has the columns that the attack needs."""
    needed = {*model.key, *safe.counts, *(count.status for count in safe.counts.values())}
    return needed <= {name for name, _ in columns_of(con, qualified(PREVIOUS, MAIN, model.name))}


def _add_draft(
    con: duckdb.DuckDBPyConnection, board: Board, model: ExposedModel, safe: SafeCounts, rule: Rule
) -> Table:
    table = Table(DRAFT, model, safe, np.zeros((0, 0), dtype=np.int64))
    bounds = _read_bounds(con, table, rule)
    has_counts = any(bool(np.isfinite(bounds[name][1]).any()) for name in safe.counts)
    groups, sets = _metric_sets(con, table)
    people = same_people(groups, sets)
    cells = board.add_cells(*merge(people, *_stacked(bounds)))[people]
    return Table(DRAFT, model, safe, cells, groups, sets, has_counts)


def _add_previous(con: duckdb.DuckDBPyConnection, board: Board, now: Table, rule: Rule) -> Table:
    """The same mart of the release before: a cell that looks as it does now, of an unrevised row, is the same cell."""
    table = Table(PREVIOUS, now.model, now.declared, np.zeros((0, 0), dtype=np.int64))
    bounds = _read_bounds(con, table, rule)
    keys = " and ".join(f"old.{q(name)} is not distinct from new.{q(name)}" for name in now.model.key)
    numbers = np.full((len(next(iter(bounds.values()))[0]), len(bounds)), -1, dtype=np.int64)
    for place, (name, count) in enumerate(now.declared.counts.items()):
        alike = " and ".join(f"old.{q(c)} is not distinct from new.{q(c)}" for c in (name, count.status))
        query = f"""
            select old.attack_row as old_row, new.attack_row as new_row
            from {table.relation} old
            join (select * from {now.relation} where {now.declared.unrevised}) new on {keys} and {alike}"""
        pairs = _numbers(con, query)
        numbers[pairs["old_row"], place] = now.cells[pairs["new_row"], place]
    groups, sets = _metric_sets(con, table)
    people = same_people(groups, sets)
    known = np.full(people.max(initial=-1) + 1, -1, dtype=np.int64)
    np.maximum.at(known, people, numbers)
    apart = known < 0
    lows, highs, targets = merge(people, *_stacked(bounds))
    known[apart] = board.add_cells(lows[apart], highs[apart], targets[apart])
    return Table(PREVIOUS, now.model, now.declared, known[people], groups, sets)


def _stacked(bounds: Mapping[str, tuple[Floats, Floats, Bools]]) -> tuple[Floats, Floats, Bools]:
    """Lows, highs and targets, each (rows, counts)."""
    lows, highs, targets = zip(*bounds.values(), strict=True)
    return np.column_stack(lows), np.column_stack(highs), np.column_stack(targets)


def _metric_sets(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[Integers, Integers]:
    """For each row its group, and for each of its counts the set of codes; each row is its own group without metrics.

    Raises ValueError for a metric that the declaration does not define.
    """
    rows = int(con.execute(f"select count(*) from {table.relation}").fetchall()[0][0])
    metrics, counts = table.declared.metrics, list(table.declared.counts)
    sets = np.full((rows, len(counts)), -1, dtype=np.int64)
    if metrics is None:
        return np.arange(rows), sets
    same = ", ".join(q(name) for name in metrics.same)
    query = f"""
        select dense_rank() over (order by {same}) - 1 as group_number, {q(metrics.column)} as metric, ({metrics.where}) as is_counted
        from {table.relation} order by attack_row"""
    found = con.execute(query).fetchnumpy()
    number_of = metrics.counted().number_of
    names, place = np.unique(np.asarray(found["metric"], dtype=str), return_inverse=True)
    unknown = sorted(set(names.tolist()) - {metric for metric, _ in number_of})
    if unknown:
        raise ValueError(f"{table.model.name} does not declare what {', '.join(unknown)} counts")
    for column, count in enumerate(counts):
        sets[:, column] = np.array([number_of.get((name, count), -1) for name in names.tolist()], dtype=np.int64)[place]
    sets[~np.asarray(found["is_counted"], dtype=bool)] = -1
    return np.asarray(found["group_number"], dtype=np.int64), sets


def _read_bounds(con: duckdb.DuckDBPyConnection, table: Table, rule: Rule) -> dict[str, tuple[Floats, Floats, Bools]]:
    """For each count the lows, highs and targets of its cells, in the order of attack_row."""
    source = qualified(table.database, MAIN, table.model.name)
    con.execute(
        f"create or replace temp table {table.relation} as select *, row_number() over () - 1 as attack_row from {source}"
    )
    present = {name for name, _ in columns_of(con, source)}
    national = table.declared.national
    exact = f"coalesce(({national.where}), false)" if national and national.exact else "false"
    found = {}
    for name, count in table.declared.counts.items():
        low, high = _bounds_sql(name, count, exact, rule, present)
        query = f"select {low} as low, {high} as high, {q(count.status)} = 'suppressed' as target from {table.relation} order by attack_row"
        columns = con.execute(query).fetchnumpy()
        lows, highs = (np.ma.filled(np.ma.asarray(columns[side], dtype=np.float64), np.nan) for side in ("low", "high"))
        target = np.ma.filled(np.ma.asarray(columns["target"]), False).astype(bool)
        found[name] = (np.where(np.isnan(lows), 0.0, lows), np.where(np.isnan(highs), np.inf, highs), target)
    return found


def _bounds_sql(name: str, count: Count, exact: str, rule: Rule, present: set[str]) -> tuple[str, str]:
    """SQL of the least and the most that the true count can be; NULL where nothing is known."""
    bounds = []
    for column, sign, hidden in ((count.low, "-", 1), (count.high, "+", rule.threshold)):
        stated = f"{q(column)}::double" if column and column in present else "null"
        rounded = f"{q(name)} > 0 and {q(name)} % {rule.base} = 0 and not {exact}"
        bounds.append(
            f"""coalesce({stated}, case
                when {q(count.status)} = 'suppressed' then {hidden}
                when {rounded} then {q(name)}::double {sign} {rule.half_base}
                else {q(name)}::double end)"""
        )
    return bounds[0], bounds[1]


# -- equations --------------------------------------------------------------------------------------------------------


def _add_relation(
    con: duckdb.DuckDBPyConnection, board: Board, table: Table, tables: list[Table], relation: Relation
) -> None:
    parts = _find(tables, table.database, relation.parts.mart or table.model.name)
    whole = _find(tables, table.database, relation.whole.mart or table.model.name)
    if parts is None or whole is None:
        if table.database == DRAFT:
            raise ValueError(f"the relation {relation.name!r} of {table.model.name} names a mart without safe_counts")
        return
    equal = [f"p.{q(name)} = w.{q(name)}" for name in relation.same]
    equal += [f"p.{q(f'match_{n}')} = w.{q(f'match_{n}')}" for n in range(len(relation.match))]
    query = f"""
        select dense_rank() over (order by w.attack_row) - 1 as equation, w.attack_row as whole_row, p.attack_row as part_row
        from ({_side(parts, relation.match.keys(), relation.parts.where)}) p
        join ({_side(whole, relation.match.values(), relation.whole.where)}) w on {" and ".join(equal)}
        order by whole_row"""
    rows = _numbers(con, query)
    if table.database == DRAFT and not len(rows["equation"]) and table.has_counts and not relation.optional:
        raise ValueError(f"the relation {relation.name!r} of {table.model.name} connects no row with another")
    name = f"{table.model.name}: {relation.name}"
    if relation.over_all:
        board.wide.add(name)
    counts = relation.counts or {count: count for count in table.declared.counts}
    for part, whole_count in counts.items():
        cells = parts.cells[rows["part_row"], parts.column_of(part)]
        wholes = whole.cells[rows["whole_row"], whole.column_of(whole_count)]
        board.equations.append((name, relation.complete, *_entries(rows["equation"], cells, wholes)))


def _find(tables: list[Table], database: str, mart: str) -> Table | None:
    return next((table for table in tables if table.database == database and table.model.name == mart), None)


def _numbers(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Integers]:
    """The columns of a query that gives whole numbers only."""
    return {name: np.asarray(column, dtype=np.int64) for name, column in con.execute(query).fetchnumpy().items()}


def _side(table: Table, expressions: Iterable[str], where: str) -> str:
    matches = "".join(f", {expression} as {q(f'match_{n}')}" for n, expression in enumerate(expressions))
    return f"select *{matches} from {table.relation} where {where}"


def _entries(equation: Integers, parts: Integers, wholes: Integers) -> tuple[Integers, Integers, Integers]:
    """Entries of equations `sum of parts - whole`: the whole stands once for each equation."""
    first = np.flatnonzero(np.diff(equation, prepend=-1))
    row = np.concatenate([equation, equation[first]])
    cell = np.concatenate([parts, wholes[first]])
    sign = np.concatenate([np.ones(len(parts), dtype=np.int64), -np.ones(len(first), dtype=np.int64)])
    return row.astype(np.int64), cell, sign


def _add_shares(board: Board, table: Table, con: duckdb.DuckDBPyConnection) -> None:
    """A numerator is at most its denominator, where the published figures do not say so by themselves."""
    lows, highs = np.concatenate(board.lows), np.concatenate(board.highs)
    for rate in table.declared.rates:
        if rate.proportion:
            query = f"select attack_row from {table.relation} where {rate.where} order by attack_row"
            rows = _numbers(con, query)["attack_row"]
            above = table.cells[rows, table.column_of(rate.numerator)]
            below = table.cells[rows, table.column_of(rate.denominator)]
            binding = highs[above] > lows[below]
            entries = _entries(np.arange(int(binding.sum())), above[binding], below[binding])
            board.equations.append((f"{table.model.name}: {rate.numerator} within {rate.denominator}", False, *entries))


def _add_metric_sums(board: Board, table: Table) -> None:
    """What the counts of several metrics in one group add up to."""
    metrics = table.declared.metrics
    if metrics is None or table.groups is None or table.sets is None:
        return
    lows, highs = np.concatenate(board.lows), np.concatenate(board.highs)
    for one in metrics.counted().sums:
        for complete, equation, parts, wholes in metric_sums(one, table.groups, table.sets, table.cells, lows, highs):
            board.equations.append(
                (f"{table.model.name}: {SUMS_OF_METRICS}", complete, *_entries(equation, parts, wholes))
            )
            board.metric_sums.append((parts, wholes))


# -- the result -------------------------------------------------------------------------------------------------------


def _result(con: duckdb.DuckDBPyConnection, attacks: list[tuple[list[Table], Found, bool]]) -> CheckResult:
    said, keys = [], []
    narrow = inconsistent = 0
    for tables, found, whole in attacks:
        narrow += int(found.attack.too_narrow.sum())
        keys += list(_named(con, tables, found, found.attack.too_narrow))
        if whole and found.attack.inconsistent.any():
            inconsistent += int(found.attack.inconsistent.sum())
            keys += list(
                _named(
                    con,
                    tables,
                    found,
                    found.attack.inconsistent & (np.cumsum(found.attack.inconsistent) <= MAXIMUM_KEYS),
                )
            )
    if narrow:
        said.append(
            f"{_of(narrow, 'hidden count')} can be worked out too closely by adding up; withhold the sets that are named"
        )
    if inconsistent:
        stand = "stands" if inconsistent == 1 else "stand"
        said.append(f"{_of(inconsistent, 'count')} {stand} in relations that do not hold in the figures shown")
    last = attacks[-1][1]
    hidden = int(last.system.targets.sum())
    return CheckResult(
        name=NAME,
        kind="disclosure",
        mart="",
        passed=not said,
        severity="critical",
        summary="; ".join(said)
        or f"none of {_of(hidden, 'hidden count')} can be worked out from {last.system.equations.shape[0]:,} relations",
        counts={
            "cells": len(last.system.lows),
            "hidden": hidden,
            "relations": int(last.system.equations.shape[0]),
            "blocks_solved": last.attack.blocks_solved,
            "too_narrow": narrow,
            "inconsistent": inconsistent,
        },
        failing_keys=tuple(dict.fromkeys(keys))[:MAXIMUM_KEYS],
    )


def _named(con: duckdb.DuckDBPyConnection, tables: list[Table], found: Found, chosen: Bools) -> Iterator[str]:
    """`mart / key / count / relations` of the chosen cells, never a value."""
    columns = found.system.equations.tocsc()
    for cell in np.flatnonzero(chosen)[:MAXIMUM_KEYS]:
        equations = columns.indices[columns.indptr[cell] : columns.indptr[cell + 1]]
        relations = sorted({found.names[int(found.relation_of[equation])] for equation in equations})
        for table in tables:
            places = np.argwhere(table.cells == cell)
            if len(places):
                row, count = (int(place) for place in places[0])
                key = ", ".join(q(name) for name in table.model.key)
                values = con.execute(f"select {key} from {table.relation} where attack_row = ?", [row]).fetchone() or ()
                shown = " / ".join(str(value) for value in values)
                release = "" if table.database == DRAFT else " (release before)"
                yield f"{table.model.name}{release} / {shown} / {list(table.declared.counts)[count]} / {', '.join(relations)}"
                break


def _failed(why: str) -> CheckResult:
    return CheckResult(NAME, "disclosure", "", False, "critical", why)


def _of(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"

"""What somebody can work out about hidden counts who has only what is published, and adds up: bounds of every hidden cell.

Each published count is an interval (0 is 0, 40 is 38 to 42, [c] is 1 to 7), each relation of the marts a linear equation between
cells. Interval propagation, vectorised over all equations, narrows every cell; in a block whose equations form a tree that is
already the exact answer (Hoffman 2001, bounds of tree-structured tables). Other blocks go to the linear programming solver HiGHS.

The bounds are those of real numbers, rounded inwards to whole ones. They contain the truth always; for tables with one or two
margins the matrix is totally unimodular, so they are the exact bounds of whole numbers too; for three or more
dimensions whole numbers could be narrower. Not here: where cells and equations come from (attack.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
EPSILON = 1e-6
ROUNDS = 200
"""Propagation gains at least 1 in a cell each round; what it has not gained by then is left to the solver."""
BATCH = 2500
"""Cells that are solved together. The solver starts in 3 ms, a block takes 1 ms: 210 blocks took 4.5 s singly, 1.5 s in batches."""
MIXED_OBJECTIVES = 14
SINGLE_CELLS = 60
"""Cells that are solved singly in one attack; a cell that is still undecided then counts as too narrow."""
SEED = 20261122


@dataclass(frozen=True)
class System:
    """Cells with their published bounds, and equations between them.

    `lows`, `highs`: (cells,), infinity where nothing is known. `equations`: (equations, cells) of +1 for a part and -1 for the
    whole. `exact`: (equations,), the sum is 0; else at most 0. `targets`: (cells,), the hidden cells that are attacked.
    """

    lows: Floats
    highs: Floats
    equations: csr_matrix
    exact: Bools
    targets: Bools


@dataclass(frozen=True)
class Attack:
    """What is left of every cell: bounds after propagation and solving, and the cells of blocks that contradict themselves."""

    lows: Floats
    highs: Floats
    inconsistent: Bools
    too_narrow: Bools
    blocks_solved: int
    """Blocks that went to the solver."""

    def values_left(self) -> Floats:
        """How many whole numbers each cell can still be."""
        return np.asarray(np.floor(self.highs + EPSILON) - np.ceil(self.lows - EPSILON) + 1)


def attack(system: System, minimum_values: int, *, exhaustive: bool = False) -> Attack:
    """Bounds of the targets; `too_narrow` marks those that are left fewer than `minimum_values` values.

    A target is solved only as far as needed to see that it has enough values, unless `exhaustive` asks for its exact bounds.
    """
    lows, highs = propagate(system)
    labels, cyclic = _blocks(system, lows, highs)
    crossed = lows > highs + EPSILON
    wrong = crossed | (np.isin(labels, labels[crossed]) & (labels >= 0))
    opened = system.targets & ~wrong & (highs - lows > EPSILON) & cyclic[labels]
    if not exhaustive:
        opened &= _values(lows, highs) >= minimum_values
    tight, undecided = replace(system, lows=lows, highs=highs), np.zeros(len(lows), dtype=bool)
    work, solved = list(_batches(labels, opened)), 0
    single_cells = len(lows) if exhaustive else SINGLE_CELLS
    while work:
        cells, blocks = work.pop()
        block = _Block.cut(tight, cells)
        if block.solve(opened[cells], minimum_values, single_cells, exhaustive=exhaustive):
            single_cells, solved = block.single_cells, solved + blocks
            lows[cells], highs[cells], undecided[cells] = block.lows, block.highs, block.undecided
        elif blocks == 1:
            wrong[cells] = True
        else:
            work += [(part, 1) for part in _groups(labels, np.isin(np.arange(len(lows)), cells))]
    narrow = system.targets & ~wrong & (undecided | (_values(lows, highs) < minimum_values))
    return Attack(lows, highs, wrong, narrow, solved)


def _values(lows: Floats, highs: Floats) -> Floats:
    return np.asarray(np.floor(highs + EPSILON) - np.ceil(lows - EPSILON) + 1)


# -- propagation ------------------------------------------------------------------------------------------------------


def propagate(system: System) -> tuple[Floats, Floats]:
    """Bounds of every cell after each equation has narrowed each of its cells until nothing changes (or ROUNDS)."""
    lows, highs = system.lows.copy(), system.highs.copy()
    entries = system.equations.tocoo()
    row, cell, plus = entries.row, entries.col, entries.data > 0
    both = system.exact[row]
    for _ in range(ROUNDS):
        least = np.where(plus, lows[cell], -highs[cell])
        most = np.where(plus, highs[cell], -lows[cell])
        ceiling = -_rest(row, least, system.equations.shape[0])
        floor = np.where(both, -_rest(row, most, system.equations.shape[0]), -np.inf)
        new_lows, new_highs = lows.copy(), highs.copy()
        np.minimum.at(new_highs, cell[plus], ceiling[plus])
        np.maximum.at(new_lows, cell[plus], floor[plus])
        np.maximum.at(new_lows, cell[~plus], -ceiling[~plus])
        np.minimum.at(new_highs, cell[~plus], -floor[~plus])
        changed = (new_lows > lows + EPSILON) | (new_highs < highs - EPSILON)
        lows, highs = new_lows, new_highs
        if not changed.any() or ((lows > highs + EPSILON).any() and not changed[lows <= highs].any()):
            break
    return lows, highs


def _rest(row: npt.NDArray[Any], values: Floats, equations: int) -> Floats:
    """For each entry the sum of the other entries of its equation; infinite ones are counted apart."""
    infinite = np.isinf(values)
    finite = np.where(infinite, 0.0, values)
    sums = np.bincount(row, weights=finite, minlength=equations)
    unbounded = np.bincount(row, weights=infinite, minlength=equations)
    sign = np.where(values > 0, 1.0, -1.0)
    others_unbounded = unbounded[row] - infinite > 0
    # In one sum all infinite terms have the same sign: lower bounds are never plus infinity, upper ones never minus.
    direction = np.zeros(equations)
    direction[row[infinite]] = sign[infinite]
    return np.asarray(np.where(others_unbounded, np.copysign(np.inf, direction[row]), sums[row] - finite))


def _blocks(system: System, lows: Floats, highs: Floats) -> tuple[Integers, Bools]:
    """The connected block of each cell that is not settled (-1 for others), and which blocks hold a circle."""
    cells, loose = len(lows), np.abs(highs - lows) > EPSILON
    entries = system.equations.tocoo()
    kept = loose[entries.col]
    row, col = entries.row[kept], entries.col[kept]
    size = cells + system.equations.shape[0]
    graph = csr_matrix((np.ones(len(row)), (row + cells, col)), shape=(size, size))
    count, labels = connected_components(graph, directed=False)
    edges = np.bincount(labels[col], minlength=count)
    nodes = np.bincount(labels, minlength=count)
    named = labels[:cells].astype(np.int64)
    crossed = lows > highs + EPSILON
    named[~loose & ~crossed] = -1
    return named, np.asarray(edges >= nodes)


def _groups(labels: Integers, chosen: Bools) -> Iterator[Integers]:
    """The cells of each block that has a chosen cell."""
    inside = np.flatnonzero(np.isin(labels, np.unique(labels[chosen])) & (labels >= 0))
    inside = inside[np.argsort(labels[inside], kind="stable")]
    yield from np.split(inside, np.flatnonzero(np.diff(labels[inside])) + 1) if len(inside) else []


def _batches(labels: Integers, chosen: Bools) -> Iterator[tuple[Integers, int]]:
    """Cells of blocks that are solved together, and how many blocks these are."""
    waiting: list[Integers] = []
    for cells in _groups(labels, chosen):
        if waiting and sum(map(len, waiting)) + len(cells) > BATCH:
            yield np.concatenate(waiting), len(waiting)
            waiting = []
        waiting.append(cells)
    if waiting:
        yield np.concatenate(waiting), len(waiting)


# -- solving ----------------------------------------------------------------------------------------------------------


@dataclass
class _Block:
    """One connected block for the solver, and the range of values that solutions have shown for each of its cells."""

    lows: Floats
    highs: Floats
    arguments: dict[str, Any]
    seen_low: Floats
    seen_high: Floats
    undecided: Bools
    single_cells: int = 0
    """How many cells may still be solved singly."""

    @classmethod
    def cut(cls, system: System, cells: Integers) -> _Block:
        """The equations among these cells; settled cells of the same equations move to the right side."""
        columns = system.equations[:, cells]
        rows = np.flatnonzero(np.diff(columns.indptr))
        inside = columns[rows]
        whole = system.equations[rows]
        outside = np.ones(system.equations.shape[1])
        outside[cells] = 0
        settled = np.where((outside > 0) & np.isfinite(system.lows), system.lows, 0.0) * outside
        right = -(whole @ settled)
        exact = system.exact[rows]
        lows, highs = system.lows[cells].copy(), system.highs[cells].copy()
        arguments: dict[str, Any] = {"bounds": np.column_stack([lows, highs]), "method": "highs"}
        if exact.any():
            arguments |= {"A_eq": inside[exact], "b_eq": right[exact]}
        if not exact.all():
            arguments |= {"A_ub": inside[~exact], "b_ub": right[~exact]}
        size = len(cells)
        return cls(lows, highs, arguments, np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size, dtype=bool))

    def solve(self, targets: Bools, minimum_values: int, single_cells: int, *, exhaustive: bool) -> bool:
        """Narrow the bounds of the targets as far as needed; False when no table fits the published figures.

        Two solutions that lie far from each other show for most cells at once that they are wide enough: a random mixture of
        up and down is maximised, then the same mixture upside down, each time for the cells that are still open. Single
        cells are solved only where that did not show it.
        """
        self.single_cells = single_cells
        random, signs = np.random.default_rng(SEED), np.ones(len(targets))
        for turn in range(0 if exhaustive else MIXED_OBJECTIVES):
            left = self._open(targets, minimum_values)
            if not left.any():
                return True
            signs = -signs if turn % 2 else random.choice([-1.0, 1.0], len(targets))
            if not self._minimise(np.where(left, signs, 0.0)):
                return False
        for place in np.flatnonzero(targets):
            if exhaustive or self._open(targets, minimum_values)[place]:
                self.undecided[place] = self.single_cells <= 0
                self.single_cells -= 1
                if not self.undecided[place] and not self._bound(int(place)):
                    return False
        return True

    def _open(self, targets: Bools, minimum_values: int) -> Bools:
        with np.errstate(invalid="ignore"):
            return np.asarray(targets & ~(_values(self.seen_low, self.seen_high) >= minimum_values))

    def _minimise(self, objective: Floats) -> bool:
        found = linprog(objective, **self.arguments)
        if found.x is None:
            return False
        self.seen_low, self.seen_high = np.minimum(self.seen_low, found.x), np.maximum(self.seen_high, found.x)
        return True

    def _bound(self, place: int) -> bool:
        for sign in (1.0, -1.0):
            objective = np.zeros(len(self.lows))
            objective[place] = sign
            if not self._minimise(objective):
                return False
        self.lows[place], self.highs[place] = self.seen_low[place], self.seen_high[place]
        return True

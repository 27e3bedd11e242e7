"""Bounds on every hidden count that an attacker can derive from the published tables alone.

Each published count is an interval (0 is 0, 40 is 38 to 42, [c] is 1 to 7), each relation of the marts a linear equation between
cells. Interval propagation, vectorised over all equations, narrows every cell; in a block whose equations form a tree that is
already the exact answer. Other blocks go to the solver HiGHS for mixed integer programmes (solving.py).

A cell is called wide enough only where two tables of whole numbers show it, each of which fits everything. What neither such tables nor
the bounds decide counts as too narrow: the attack errs to the safe side. Not here: where cells and equations come from (attack.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dagster_project.quality.parts import EPSILON, Bools, Floats, Integers
from dagster_project.quality.proven import HEX_DIGITS, Proven, made_by
from dagster_project.quality.solving import Block, System, values_between

ROUNDS = 200
"""Propagation gains at least 1 in a cell each round; what it has not gained by then is left to the solver."""
BATCH = 2500
"""Cells of small blocks that are solved together: the solver starts in 3 ms, a block takes 1 ms."""
SINGLE_CELLS = 40
"""Cells that are solved singly in one attack; a cell that is still undecided then counts as too narrow."""


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
        """Return how many whole numbers each cell can still be."""
        return values_between(self.lows, self.highs)


def attack(system: System, minimum_values: int, *, exhaustive: bool = False, proven: Proven | None = None) -> Attack:
    """Bounds of the targets; `too_narrow` marks those that are left fewer than `minimum_values` values.

    A target is solved only as far as needed to see that it has enough values, unless `exhaustive` asks for its exact bounds.
    Blocks that `proven` has are not solved again; those that leave all their targets enough values are added to it.
    """
    lows, highs = propagate(
        replace(system, lows=np.ceil(system.lows - EPSILON), highs=np.floor(system.highs + EPSILON))
    )
    labels, cyclic = _blocks(system, lows, highs)
    crossed = lows > highs + EPSILON
    wrong = crossed | (np.isin(labels, labels[crossed]) & (labels >= 0))
    opened = system.targets & ~wrong & (highs - lows > EPSILON) & cyclic[labels]
    if not exhaustive:
        opened &= values_between(lows, highs) >= minimum_values
    tight, undecided = replace(system, lows=lows, highs=highs), np.zeros(len(lows), dtype=bool)
    marks = dict(_marks(tight, labels, opened, minimum_values)) if proven is not None and not exhaustive else {}
    if proven is not None:
        opened &= ~np.isin(labels, [label for label, mark in marks.items() if proven.has(mark)])
    work, solved = list(_batches(labels, opened)), 0
    single_cells = len(lows) if exhaustive else SINGLE_CELLS
    while work:
        cells, blocks = work.pop()
        block = Block.cut(tight, cells)
        if block.solve(opened[cells], minimum_values, single_cells, exhaustive=exhaustive):
            single_cells, solved = block.single_cells, solved + blocks
            lows[cells], highs[cells], undecided[cells] = block.lows, block.highs, block.undecided
        elif blocks == 1 and block.equations.contradictory():
            wrong[cells] = True
        elif blocks == 1:
            undecided[cells] = opened[cells]
        else:
            work += [(part, 1) for part in _groups(labels, np.isin(np.arange(len(lows)), cells))]
    narrow = system.targets & ~wrong & (undecided | (values_between(lows, highs) < minimum_values))
    if proven is not None:
        unproven = set(labels[narrow | wrong].tolist())
        proven.add(mark for label, mark in marks.items() if label not in unproven)
    return Attack(lows, highs, wrong, narrow, solved)


def _marks(system: System, labels: Integers, opened: Bools, minimum_values: int) -> Iterator[tuple[int, str]]:
    """The label of each block that is attacked, and the hash of all that its answer hangs on (proven.py)."""
    inside = labels >= 0
    settled = np.where(inside | ~np.isfinite(system.lows), 0.0, system.lows)
    right = -(system.equations @ settled)
    entries = system.equations.tocoo()
    kept = inside[entries.col]
    row, cell, sign = entries.row[kept].astype(np.int64), entries.col[kept].astype(np.int64), entries.data[kept]
    of_row = np.full(system.equations.shape[0], -1, dtype=np.int64)
    of_row[row] = labels[cell]
    cells, first_cell, place = _by_block(labels)
    rows, first_row, place_of_row = _by_block(of_row)
    order = np.lexsort((cell, row, labels[cell]))
    row, cell, sign, of_entry = row[order], cell[order], sign[order], labels[cell][order]
    for label in np.unique(labels[opened]).tolist():
        mine = cells[first_cell[label] : first_cell[label + 1]]
        held = rows[first_row[label] : first_row[label + 1]]
        found = slice(*np.searchsorted(of_entry, (label, label + 1)))
        digest = hashlib.blake2b(made_by(), digest_size=HEX_DIGITS // 2)
        digest.update(f"{minimum_values} {len(mine)} {len(held)}".encode())
        for part in (system.lows[mine], system.highs[mine], opened[mine], right[held], system.exact[held]):
            digest.update(np.ascontiguousarray(part).tobytes())
        for part in (place_of_row[row[found]], place[cell[found]], sign[found]):
            digest.update(np.ascontiguousarray(part).tobytes())
        yield label, digest.hexdigest()


def _by_block(labels: Integers) -> tuple[Integers, Integers, Integers]:
    """What is labelled, block by block; where each block begins there (and ends, the next one's beginning); its place in its block."""
    order = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[order], np.arange(labels.max(initial=-1) + 2))
    place = np.full(len(labels), -1, dtype=np.int64)
    place[order] = np.arange(len(labels)) - np.where(labels[order] >= 0, first[labels[order]], 0)
    return order, first, place


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

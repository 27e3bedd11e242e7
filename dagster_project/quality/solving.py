"""Bounds of the cells of one connected block by linear programming, as few programs as will show that each cell is wide enough.

A solution is a table that fits everything that is shown, so two solutions in which a cell differs by 2 show that it can have three
values: no bound need be solved for that cell. In blocks that only the totals of many trusts hold together (trusts add
up to England), solutions of all trusts are found at once, each trust by itself beside one table of all the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, diags, vstack
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
EPSILON = 1e-6
MIXED_OBJECTIVES = 14
APART_OBJECTIVES = 10
WIDE = 30
"""An equation with more open cells holds a block together that falls apart without it."""
LARGE = 4000
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


def values_between(lows: Floats, highs: Floats) -> Floats:
    """How many whole numbers lie between bounds; 0 or less where they cross."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.floor(highs + EPSILON) - np.ceil(lows - EPSILON) + 1)


@dataclass
class Block:
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
    def cut(cls, system: System, cells: Integers) -> Block:
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
        if not exhaustive and len(targets) > LARGE and not self._apart(targets, minimum_values):
            return False
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
        return np.asarray(targets & ~(values_between(self.seen_low, self.seen_high) >= minimum_values))

    def _minimise(self, objective: Floats) -> bool:
        found = linprog(objective, **self.arguments)
        if found.x is None:
            return False
        self._see(found.x)
        return True

    def _see(self, solution: Floats) -> None:
        """Cells that are NaN in a solution were not part of it."""
        self.seen_low, self.seen_high = np.fmin(self.seen_low, solution), np.fmax(self.seen_high, solution)

    def _bound(self, place: int) -> bool:
        for sign in (1.0, -1.0):
            objective = np.zeros(len(self.lows))
            objective[place] = sign
            if not self._minimise(objective):
                return False
        self.lows[place], self.highs[place] = self.seen_low[place], self.seen_high[place]
        return True

    # -- blocks that many trusts make up ------------------------------------------------------------------------------

    def _apart(self, targets: Bools, minimum_values: int) -> bool:
        """Show what can be shown part by part, around the middle of two solutions; False when no table fits."""
        signs = np.random.default_rng(SEED).choice([-1.0, 1.0], len(targets))
        ends = [linprog(np.where(targets, side * signs, 0.0), **self.arguments).x for side in (1.0, -1.0)]
        if ends[0] is None or ends[1] is None:
            return False
        for end in ends:
            self._see(end)
        parts = _Parts.split(self, (ends[0] + ends[1]) / 2)
        random = np.random.default_rng(SEED + 1)
        for turn in range(APART_OBJECTIVES if parts else 0):
            left = self._open(targets, minimum_values)
            if not left.any():
                break
            signs = -signs if turn % 2 else random.choice([-1.0, 1.0], len(targets))
            assert parts is not None  # noqa: S101 - there is no turn without parts
            solution = parts.solve(np.where(left, signs, 0.0))
            if solution is None:
                break
            self._see(solution)
        return True


@dataclass(frozen=True)
class _Parts:
    """A large block without its wide equations, around a table `middle` that fits everything.

    One part moves while all others stay at `middle`, so the wide equations leave each of its cells the room that the whole of the
    equation has. `moved` says how the wholes follow: what they do to the equations among themselves is checked afterwards.
    """

    middle: Floats
    labels: Integers
    arguments: dict[str, Any]
    moved: csr_matrix
    """(cells, cells): the change of each whole from the change of its parts."""
    checks: csr_matrix
    """Equations among the wholes, which must still hold when they have followed."""
    room: tuple[Floats, Floats]
    """By how much each of these may fall and rise: not at all where it is exact."""

    @classmethod
    def split(cls, block: Block, middle: Floats) -> _Parts | None:
        """None where nothing falls apart, or where wholes are held together in a way that this cannot check."""
        equal = csr_matrix(block.arguments["A_eq"])
        wide = np.diff(equal.indptr) > WIDE
        narrow, hubs = equal[~wide], equal[wide]
        wholes = np.asarray((hubs < 0).sum(axis=0)).ravel()
        if not wide.any() or (wholes > 1).any():
            return None
        others = [narrow, csr_matrix(block.arguments["A_ub"])] if "A_ub" in block.arguments else [narrow]
        graph = abs(vstack(others))
        labels = connected_components(graph.T @ graph, directed=False)[1].astype(np.int64)
        fixed = np.isin(labels, labels[wholes > 0])
        if fixed[np.unique(hubs.maximum(0).indices)].any():
            return None
        lows, highs = block.lows.copy(), block.highs.copy()
        whole_of = hubs.minimum(0).tocoo()
        whole = np.full(hubs.shape[0], -1)
        whole[whole_of.row] = whole_of.col
        entries = hubs.maximum(0).tocoo()
        keys = entries.row.astype(np.int64) * (labels.max() + 1) + labels[entries.col]
        shared = np.bincount(np.unique(keys, return_inverse=True)[1])[np.unique(keys, return_inverse=True)[1]]
        # A whole that is settled already is not in the block, and its parts have no room.
        has_whole = whole >= 0
        room_up = np.where(has_whole, (block.highs - middle)[whole], 0.0)[entries.row] / shared
        room_down = np.where(has_whole, (middle - block.lows)[whole], 0.0)[entries.row] / shared
        np.minimum.at(highs, entries.col, middle[entries.col] + room_up)
        np.maximum.at(lows, entries.col, middle[entries.col] - room_down)
        lows[fixed] = highs[fixed] = middle[fixed]
        arguments = block.arguments | {"A_eq": narrow, "b_eq": block.arguments["b_eq"][~wide]}
        arguments["bounds"] = np.column_stack([np.minimum(lows, middle), np.maximum(highs, middle)])
        kept = has_whole[entries.row]
        places = (whole[entries.row][kept], entries.col[kept])
        moved = csr_matrix((np.ones(len(places[0])), places), shape=(len(middle), len(middle)))
        touched = np.asarray(abs(graph[:, wholes > 0]).sum(axis=1)).ravel() > 0
        checks = csr_matrix(vstack(others)[touched])
        exact = (np.arange(graph.shape[0]) < narrow.shape[0])[touched]
        right = np.concatenate([block.arguments["b_eq"][~wide], block.arguments.get("b_ub", np.zeros(0))])[touched]
        room = np.where(exact, 0.0, -np.inf), np.where(exact, 0.0, right - checks @ middle)
        return cls(middle, labels, arguments, moved, checks, room)

    def solve(self, objective: Floats) -> Floats | None:
        """One solution of every part, NaN in parts whose wholes could not follow; the wholes themselves are left out."""
        found = linprog(objective, **self.arguments)
        if found.x is None:
            return None
        change = found.x - self.middle
        count = int(self.labels.max()) + 1
        of_part = csr_matrix((np.ones(len(change)), (np.arange(len(change)), self.labels)), shape=(len(change), count))
        follows = (self.checks @ (self.moved @ (diags(change) @ of_part))).tocoo()
        low, high = self.room[0][follows.row] - EPSILON, self.room[1][follows.row] + EPSILON
        broken = np.unique(follows.col[(follows.data < low) | (follows.data > high)])
        return np.where(np.isin(self.labels, broken), np.nan, found.x)

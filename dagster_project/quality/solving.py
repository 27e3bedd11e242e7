"""Bounds of the cells of one connected block by linear programming, as few programs as will show that each cell is wide enough.

A solution is a table that fits everything that is shown, so two solutions in which a cell differs by 2 show that it can have three
values: no bound need be solved for that cell. In blocks that only the totals of many trusts hold together (trusts add
up to England), each trust is solved by itself beside one table of all the others (parts.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from dagster_project.quality.parts import EPSILON, Bools, Equations, Floats, Integers, Parts, Projection

MIXED_OBJECTIVES = 14
LARGE = 4000
"""Cells from which on a block is taken apart if it can be."""
APART_OBJECTIVES = 6
PATIENCE = 2
MIDDLES = 8
"""Tables around which a large block is taken apart."""
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

    equations: Equations
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
        outside = np.ones(system.equations.shape[1])
        outside[cells] = 0
        settled = np.where((outside > 0) & np.isfinite(system.lows), system.lows, 0.0) * outside
        right = -(system.equations[rows] @ settled)
        lows, highs = system.lows[cells].copy(), system.highs[cells].copy()
        equations = Equations(csr_matrix(columns[rows]), right, system.exact[rows], lows, highs)
        size = len(cells)
        return cls(equations, np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size, dtype=bool))

    @cached_property
    def programme(self) -> dict[str, Any]:
        """What is the same for every objective."""
        return self.equations.programme()

    @property
    def lows(self) -> Floats:
        """Lower bounds of the cells, narrowed where a cell was solved singly."""
        return self.equations.lows

    @property
    def highs(self) -> Floats:
        """Upper bounds of the cells."""
        return self.equations.highs

    def solve(self, targets: Bools, minimum_values: int, single_cells: int, *, exhaustive: bool) -> bool:
        """Narrow the bounds of the targets as far as needed; False when no table fits the published figures.

        Single cells are solved only where mixtures did not show that they are wide enough.
        """
        self.single_cells = single_cells
        if not exhaustive:
            if len(targets) > LARGE:
                judged = self._apart(targets, minimum_values)
                self.undecided, targets = self._open(targets & judged, minimum_values), targets & ~judged
            for objective in self.mixtures(targets, minimum_values, np.random.default_rng(SEED)):
                if not self._minimise(objective):
                    return False
        for place in np.flatnonzero(targets):
            if exhaustive or self._open(targets, minimum_values)[place]:
                self.undecided[place] = self.single_cells <= 0
                self.single_cells -= 1
                if not self.undecided[place] and not self._bound(int(place)):
                    return False
        return True

    def mixtures(
        self, targets: Bools, minimum_values: int, random: np.random.Generator, turns: int = MIXED_OBJECTIVES
    ) -> Iterator[Floats]:
        """Objectives over the targets that are still open, until none is.

        Two solutions that lie far from each other show for most cells at once that they are wide enough: a random mixture of
        up and down is maximised, then the same mixture upside down.
        """
        signs = np.ones(len(targets))
        for turn in range(turns):
            left = self._open(targets, minimum_values)
            if not left.any():
                return
            signs = -signs if turn % 2 else random.choice([-1.0, 1.0], len(targets))
            yield np.where(left, signs, 0.0)

    def _open(self, targets: Bools, minimum_values: int) -> Bools:
        return np.asarray(targets & ~(values_between(self.seen_low, self.seen_high) >= minimum_values))

    def _minimise(self, objective: Floats) -> bool:
        found = linprog(objective, **self.programme)
        if found.x is None:
            return False
        self.see(found.x)
        return True

    def see(self, solution: Floats) -> None:
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

    def _apart(self, targets: Bools, minimum_values: int) -> Bools:
        """Show what can be shown part by part, around several tables that fit everything; which cells could be judged so.

        Such a cell that is still open then counts as too narrow: a programme of the whole takes 20 s, and of 3,159 cells of a
        generated release none was left that the whole would have shown. The wholes themselves are not judged.

        Several, because a part can rise only as far as the wholes of one table leave it room; after the first, parts are
        merged at random, so that one can rise by what another gives.
        """
        judged = np.zeros(len(targets), dtype=bool)
        if not self.equations.wide.any():
            return judged
        projection, random = Projection(self.equations), np.random.default_rng(SEED)
        open_before = np.inf
        for turn in range(MIDDLES):
            left = self._open(targets, minimum_values)
            # A further table that shows nothing new: what is open is too narrow, or a whole.
            stuck, open_before = turn > PATIENCE and left.sum() == open_before, left.sum()
            middle = projection.find(random.uniform(0.0, 1.0, len(targets))) if left.any() and not stuck else None
            parts = None if middle is None else Parts.split(self.equations, middle)
            if middle is None or parts is None:
                break
            judged = ~parts.fixed
            self.see(middle)
            parts = parts.merged(random) if turn else parts
            for cells, equations in parts.batches(left):
                batch = self._batch(cells, equations)
                batch.show(parts, cells, left[cells], minimum_values, random)
                self.seen_low[cells], self.seen_high[cells] = batch.seen_low, batch.seen_high
        return judged

    def _batch(self, cells: Integers, equations: Equations) -> Block:
        """Some parts as a block of their own, with what has been seen of their cells."""
        return Block(equations, self.seen_low[cells], self.seen_high[cells], np.zeros(len(cells), dtype=bool))

    def show(
        self, parts: Parts, cells: Integers, targets: Bools, minimum_values: int, random: np.random.Generator
    ) -> None:
        """See solutions of these parts, those left out whose wholes cannot follow."""
        for objective in self.mixtures(targets, minimum_values, random, APART_OBJECTIVES):
            found = linprog(objective, **self.programme).x
            if found is None:
                break
            self.see(parts.followed(cells, found))

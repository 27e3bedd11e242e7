"""Equations among whole numbers, and how a large block of them falls into parts.

England is the sum of 210 trusts; without such wide equations each ICB and its trusts stand alone. Their tables are solved some at a
time, together with England's, while all others stay as they are (solving.py): what fits then fits the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, hstack, identity
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
EPSILON = 1e-6
NODES = 200
"""Branches that the solver may try before a search for a table of whole numbers is given up."""


@dataclass(frozen=True)
class Equations:
    """Equations among the cells of one block and the bounds of these: `exact` ones are equal to `right`, others at most.

    `wide` ones tie the tables of all organisations to one another, however few of their cells are open.
    """

    matrix: csr_matrix
    right: Floats
    exact: Bools
    wide: Bools
    lows: Floats
    highs: Floats

    def among(self, cells: Integers, table: Floats) -> Equations:
        """Return what holds for these cells while all others stay as they are in a table."""
        columns = csr_matrix(self.matrix[:, cells])
        rows = np.flatnonzero(np.diff(columns.indptr))
        inside = columns[rows]
        right = self.right[rows] - self.matrix[rows] @ table + inside @ table[cells]
        return Equations(inside, right, self.exact[rows], self.wide[rows], self.lows[cells], self.highs[cells])

    def rows(self, chosen: Bools) -> Equations:
        """Return only the chosen equations."""
        exact, wide = self.exact[chosen], self.wide[chosen]
        return replace(self, matrix=self.matrix[chosen], right=self.right[chosen], exact=exact, wide=wide)

    def near(self, cells: Bools, steps: int, enough: int) -> Bools:
        """Return these cells, those that stand in an equation that is not wide with one of them, and so on.

        After `steps` it goes on until these are `enough` or nothing new is reached.
        """
        narrow = abs(self.matrix[~self.wide])
        reached = 0
        while steps > 0 or reached < cells.sum() < enough:
            steps, reached = steps - 1, int(cells.sum())
            cells = cells | (narrow.T @ (narrow @ cells > 0) > 0)
        return np.asarray(cells)

    def elastic(self, chosen: Bools) -> Equations:
        """Return two further cells for each of the chosen equations: what it lacks and what it has too much."""
        spare = csr_matrix(identity(len(self.right)))[:, np.flatnonzero(chosen)]
        size = 2 * int(chosen.sum())
        lows, highs = np.append(self.lows, np.zeros(size)), np.append(self.highs, np.full(size, np.inf))
        return replace(self, matrix=csr_matrix(hstack([self.matrix, spare, -spare])), lows=lows, highs=highs)

    def fits(self, table: Floats) -> bool:
        """Say whether a table of whole numbers fits the equations and the bounds."""
        rest = self.matrix @ table - self.right
        holds = np.where(self.exact, rest == 0, rest <= 0).all() and (table == np.round(table)).all()
        return bool(holds and (table >= self.lows).all() and (table <= self.highs).all())

    def least(self, objective: Floats, below: float = np.inf) -> Floats | None:
        """Return a table of whole numbers for which the objective is small, not always the smallest; None where none was found.

        The corners of most blocks are whole numbers, so the quick programme of real numbers is tried first. Where even that leaves the
        objective at `below` or above it, the slow one of whole numbers is not asked.
        """
        for whole in (False, True):
            solved = self._solve(objective, whole=whole, gap=0.2)
            if solved.x is None:
                return None
            table = np.round(solved.x)
            if abs(solved.x - table).max(initial=0.0) < EPSILON and self.fits(table):
                return np.asarray(table)
            if solved.fun >= below - EPSILON:
                return None
        return None

    def bound(self, objective: Floats) -> tuple[Floats | None, float]:
        """Return a table with the least objective as far as one was found, and a number below which no table of whole numbers has it."""
        found = self._solve(objective, whole=True, gap=0.0)
        table = None if found.x is None else np.round(found.x)
        proven = found.mip_dual_bound
        below = -np.inf if proven is None else float(np.ceil(proven - EPSILON))
        return (table if table is not None and self.fits(table) else None), below

    def contradictory(self) -> bool:
        """Say whether no table fits, as the solver proves it."""
        return bool(self._solve(np.zeros(len(self.lows)), whole=True, gap=1.0).status == 2)  # noqa: PLR2004

    def _solve(self, objective: Floats, *, whole: bool, gap: float):  # type: ignore[no-untyped-def]
        rows = LinearConstraint(self.matrix, np.where(self.exact, self.right, -np.inf), self.right)
        options = {"node_limit": NODES, "mip_rel_gap": gap}
        kind = np.full(len(self.lows), int(whole))
        constraints = rows if len(self.right) else ()
        return milp(
            objective, integrality=kind, bounds=Bounds(self.lows, self.highs), constraints=constraints, options=options
        )


@dataclass(frozen=True)
class Parts:
    """The parts of a block without its wide equations."""

    labels: Integers
    """The part of each cell."""
    shared: Bools
    """Cells of parts with the whole of a wide equation (England's own table): they are solved with every other part."""

    @classmethod
    def split(cls, block: Equations, wide: Bools) -> Parts:
        narrow = abs(block.matrix[~wide])
        size = len(block.lows)
        entries = narrow.tocoo()
        graph = csr_matrix((entries.data, (entries.row + size, entries.col)), shape=(size + narrow.shape[0],) * 2)
        labels = connected_components(graph, directed=False)[1][:size].astype(np.int64)
        wholes = np.unique(block.matrix[wide].minimum(0).indices)
        return cls(labels, np.isin(labels, labels[wholes]))

    def groups(self, wanted: Bools, size: int, random: np.random.Generator) -> list[Integers]:
        """Return the wanted cells that are not shared, part by part in random order, about `size` at a time."""
        wanted = wanted & ~self.shared
        names = random.permutation(np.unique(self.labels[wanted]))
        counts = np.bincount(self.labels[wanted], minlength=self.labels.max(initial=0) + 1)
        number = np.full(len(counts), -1, dtype=np.int64)
        number[names] = np.cumsum(counts[names]) // size
        of_cell = np.where(wanted, number[self.labels], -1)
        inside = np.flatnonzero(of_cell >= 0)
        inside = inside[np.argsort(of_cell[inside], kind="stable")]
        return np.split(inside, np.flatnonzero(np.diff(of_cell[inside])) + 1) if len(inside) else []

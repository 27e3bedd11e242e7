"""Bounds of the cells of a block, from integer tables consistent with everything published.

Two such tables in which a cell differs by 2 show that it can have three values: no bound need be solved for that cell. A block is
walked through from one table to the next, each pushed away from what has been seen; what is near the cells that are still open is
pushed, all others staying as they are (parts.py), and small exchanges are tried on each table first (exchanges.py). Every table is checked in whole numbers before it counts, so a cell is
never called wide enough by a mistake of the solver. What the walk leaves open is solved singly; what that leaves open counts as too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from dagster_project.quality.exchanges import Exchanges
from dagster_project.quality.parts import EPSILON, Bools, Equations, Floats, Integers, Parts

TURNS = 18
"""Tables, or passes through all parts of a large block, before cells are solved singly."""
PATIENCE = 4
"""Turns that may show nothing new."""
LARGE = 4000
"""Cells from which on a block is solved part by part if it falls into parts."""
NEIGHBOURHOODS = 4
"""Choices of further parts with which a single cell is tried."""
PASSES = 4
"""Times that all parts are gone through for a first table."""
STEPS = 2
"""Equations from a cell that is still open to the cells that may change with it. In a month of 210 trusts 2 leave as few cells open as
all cells do, in a third of the time. Every fourth turn, and a turn of few cells, goes further."""
GROUP = 4000
"""Cells of the parts that are solved together: of a month of 210 trusts 1,500 left 259 cells undecided, 4,000 in the same time 5."""
SEED = 20261122


@dataclass(frozen=True)
class System:
    """Cells with their published bounds, and equations between them.

    `lows`, `highs`: (cells,), infinity where nothing is known. `equations`: (equations, cells) of +1 for a part and -1 for the
    whole. `exact`: (equations,), the sum is 0; else at most 0. `wide`: (equations,), exact ones over all organisations of the
    country. `targets`: (cells,), the hidden cells that are attacked.
    """

    lows: Floats
    highs: Floats
    equations: csr_matrix
    exact: Bools
    wide: Bools
    targets: Bools


def values_between(lows: npt.ArrayLike, highs: npt.ArrayLike) -> Floats:
    """Return how many whole numbers lie between bounds; 0 or less where they cross."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.floor(np.asarray(highs) + EPSILON) - np.ceil(np.asarray(lows) - EPSILON) + 1)


@dataclass
class Block:
    """Connected blocks for the solver, and the range of values that tables have shown for each of their cells."""

    equations: Equations
    seen_low: Floats
    seen_high: Floats
    lows: Floats
    """Bounds, narrowed where a cell was solved singly."""
    highs: Floats
    undecided: Bools
    single_cells: int = 0
    """How many cells may still be solved singly."""

    @classmethod
    def cut(cls, system: System, cells: Integers) -> Block:
        """Return the equations among these cells; settled cells of the same equations move to the right side."""
        settled = np.where(np.isfinite(system.lows), system.lows, 0.0)
        right = np.zeros(len(system.exact))
        whole = Equations(system.equations, right, system.exact, system.wide, system.lows, system.highs)
        seen = np.full(len(cells), np.inf)
        none = np.zeros(len(cells), dtype=bool)
        return cls(whole.among(cells, settled), seen, -seen, system.lows[cells], system.highs[cells], none)

    def solve(self, targets: Bools, minimum_values: int, single_cells: int, *, exhaustive: bool = False) -> bool:
        """Narrow the bounds of the targets; False where no table of whole numbers was found that fits.

        Without `exhaustive` a target is solved only until it is seen to have enough values.
        """
        self.single_cells = single_cells
        random = np.random.default_rng(SEED)
        large = len(targets) > LARGE and bool(self.equations.wide.any())
        wide = self.equations.wide & large
        parts = Parts.split(self.equations, wide)
        table = self._first_by_parts(parts, wide, random) if large else None
        if table is None and (table := self.equations.least(np.zeros(len(targets)))) is None:
            return False
        self.see(table)
        if not exhaustive:
            self._walk(parts, table, targets, minimum_values, random)
        for place in np.flatnonzero(targets if exhaustive else self._open(targets, minimum_values)).tolist():
            if exhaustive or self._open_at(place, minimum_values):
                self._judge(place, parts, table, minimum_values)
        return True

    def see(self, table: Floats) -> None:
        """Take in a table that fits."""
        self._see_between(table, table)

    def _see_between(self, least: Floats, most: Floats) -> None:
        """Take in the least and most that some tables that fit hold in each cell."""
        self.seen_low, self.seen_high = np.minimum(self.seen_low, least), np.maximum(self.seen_high, most)

    def _open(self, targets: Bools, minimum_values: int) -> Bools:
        return np.asarray(targets & (self.seen_high - self.seen_low + 1 < minimum_values))

    # -- a first table of a large block -------------------------------------------------------------------------------

    def _first_by_parts(self, parts: Parts, wide: Bools, random: np.random.Generator) -> Floats | None:
        """Each part by itself first; then what the wide equations lack is made good by some parts at a time."""
        size = len(self.lows)
        narrow, table = self.equations.rows(~wide), np.zeros(size)
        everything = np.ones(size, dtype=bool)
        shared = np.flatnonzero(parts.shared)
        for cells in [shared, *parts.groups(everything, GROUP, random)]:
            found = narrow.among(cells, table).least(random.choice([-1.0, 1.0], len(cells)))
            if found is None:
                return None
            table[cells] = found
        elastic = self.equations.elastic(wide)
        rest = (self.equations.right - self.equations.matrix @ table)[wide]
        table = np.concatenate([table, np.maximum(rest, 0), np.maximum(-rest, 0)])
        spare = np.arange(size, len(table))
        for cells in (group for _ in range(PASSES) for group in parts.groups(everything, GROUP, random)):
            if not table[spare].any():
                break
            free = np.concatenate([cells, shared, spare])
            found = elastic.among(free, table).least((free >= size).astype(np.float64))
            if found is not None and found[-len(spare) :].sum() <= table[spare].sum():
                table[free] = found
        return None if table[spare].any() else table[:size]

    # -- the walk -----------------------------------------------------------------------------------------------------

    def _walk(
        self, parts: Parts, table: Floats, targets: Bools, minimum_values: int, random: np.random.Generator
    ) -> None:
        """Push what is open up and down at random, then the other way round, until nothing is open or nothing new is seen."""
        signs, stuck, shared, left = np.ones(len(table)), 0, np.flatnonzero(parts.shared), len(table) + 1
        exchanges = Exchanges.of(self.equations, targets, random)
        for turn in range(TURNS):
            self._see_between(*exchanges.around(table, self._open(targets, minimum_values)))
            wanted = self._open(targets, minimum_values)
            stuck, left = (stuck + 1 if wanted.sum() == left else 0), int(wanted.sum())
            if not left or stuck >= PATIENCE:
                return
            signs = -signs if turn % 2 else random.choice([-1.0, 1.0], len(table))
            near = self.equations.near(wanted, STEPS + turn // 4, GROUP)
            groups = parts.groups(near, GROUP, random) or [shared[:0]]
            for cells in groups:
                few = len(groups) == 1 and len(cells) < len(table)
                free = self._around(cells, parts, random) if few else np.concatenate([cells, shared])
                found = self.equations.among(free, table).least(np.where(wanted, signs, 0.0)[free])
                if found is not None:
                    table[free] = found
                    self.see(table)

    # -- single cells -------------------------------------------------------------------------------------------------

    def _judge(self, place: int, parts: Parts, table: Floats, minimum_values: int) -> None:
        """Bounds of one cell by itself: seen in tables in which its part, England and some more parts may change.

        That shows that it is wide enough, or, if everything may change, its exact bounds. Else the equations of its part alone
        can show that it is too narrow.
        """
        self.undecided[place] = self.single_cells <= 0
        self.single_cells -= 1
        if self.undecided[place]:
            return
        own = np.flatnonzero(parts.labels == parts.labels[place])
        alone = self._only(own)
        closed = alone.sum() == np.count_nonzero(np.diff(self.equations.matrix[:, own].tocsr().indptr))
        if closed:
            self._bound(place, self.equations.among(own, table), own, table)
        elif not self._seen_with_others(place, own, parts, table, minimum_values):
            self._bound(place, self.equations.rows(alone).among(own, table), own, None)
        values = values_between(self.lows[place], self.highs[place])
        self.undecided[place] = self._open_at(place, minimum_values) and values >= minimum_values

    def _seen_with_others(self, place: int, own: Integers, parts: Parts, table: Floats, minimum_values: int) -> bool:
        """Whether some choice of further parts shows that the cell is wide enough; all of them together give its exact bounds."""
        random = np.random.default_rng(SEED + place)
        for _ in range(NEIGHBOURHOODS):
            free = self._around(own, parts, random)
            if len(free) == len(table):
                self._bound(place, self.equations.among(free, table), free, table)
                return True
            self._push(place, free, table)
            if not self._open_at(place, minimum_values):
                return True
        return False

    def _open_at(self, place: int, minimum_values: int) -> bool:
        return bool(self.seen_high[place] - self.seen_low[place] + 1 < minimum_values)

    def _only(self, cells: Integers) -> Bools:
        """The equations in which no other cells stand."""
        matrix = self.equations.matrix
        inside = np.diff(matrix[:, cells].tocsr().indptr)
        return np.asarray((inside > 0) & (inside == np.diff(matrix.indptr)))

    def _around(self, own: Integers, parts: Parts, random: np.random.Generator) -> Integers:
        """The cells of a part, of England and of some further parts, which can give what this one gains."""
        elsewhere = np.ones(len(self.lows), dtype=bool)
        elsewhere[own] = False
        others = parts.groups(elsewhere, GROUP, random)[:1]
        return np.unique(np.concatenate([own, np.flatnonzero(parts.shared), *others]))

    def _push(self, place: int, free: Integers, table: Floats) -> None:
        """See tables in which one cell is about as small and as large as the free cells let it be."""
        for sign in (1.0, -1.0):
            seen = self.seen_low[place] if sign > 0 else -self.seen_high[place]
            found = self.equations.among(free, table).least(sign * (free == place), below=seen)
            if found is not None:
                self.see(_placed(table, free, found))

    def _bound(self, place: int, held: Equations, cells: Integers, table: Floats | None) -> None:
        """Bounds of one cell under all equations of these cells, or, without a table, under some: they are never too close."""
        (least, low), (most, high) = (held.bound(sign * (cells == place)) for sign in (1.0, -1.0))
        self.lows[place], self.highs[place] = max(self.lows[place], low), min(self.highs[place], -high)
        for found in (least, most):
            if found is not None and table is not None:
                self.see(_placed(table, cells, found))


def _placed(table: Floats, cells: Integers, values: Floats) -> Floats:
    """A table with other values in these cells."""
    new = table.copy()
    new[cells] = values
    return new

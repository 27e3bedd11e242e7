"""One cell for one number: counts that several metrics show of the same people, and the sums between metrics, as the attack takes them.

Pure arithmetic on numbered rows and sets; which sets there are, metrics.py works out, and attack.py reads the rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dagster_project.quality.metrics import Sum
from dagster_project.quality.parts import Bools, Floats, Integers


def same_people(groups: Integers, sets: Integers) -> Integers:
    """Return (rows, counts): a number from 0 for each count, equal where the same codes of the same group are counted.

    `groups`: (rows,); `sets`: (rows, counts), -1 for a count that shares its people with no other.
    """
    kinds = int(sets.max(initial=-1)) + 1
    alone = np.arange(sets.size).reshape(sets.shape) + (int(groups.max(initial=-1)) + 1) * kinds
    identity = np.where(sets < 0, alone, groups[:, None] * kinds + sets)
    return np.unique(identity, return_inverse=True)[1].reshape(sets.shape).astype(np.int64)


def merge(people: Integers, lows: Floats, highs: Floats, targets: Bools) -> tuple[Floats, Floats, Bools]:
    """Bounds of each number of `same_people`: the closest that any of its counts has; a target where one is."""
    size = int(people.max(initial=-1)) + 1
    low, high, target = np.full(size, -np.inf), np.full(size, np.inf), np.zeros(size, dtype=bool)
    np.maximum.at(low, people, lows)
    np.minimum.at(high, people, highs)
    np.logical_or.at(target, people, targets)
    return low, high, target


def metric_sums(
    one: Sum, groups: Integers, sets: Integers, cells: Integers, lows: Floats, highs: Floats
) -> Iterator[tuple[bool, Integers, Integers, Integers]]:
    """Yield the equations of a sum: whether they are exact, and for each part its equation, its cell and the cell of the whole.

    A part that the mart holds and that a group lacks is 0 there: the group has nobody of these codes. Where the mart does not
    hold a part at all, the others are at most the whole; such an equation is left out where the bounds say so by themselves.
    """
    held = np.full((int(groups.max(initial=-1)) + 1, int(max(sets.max(initial=-1), one.whole, *one.parts)) + 1), -1)
    held[np.broadcast_to(groups[:, None], sets.shape)[sets >= 0], sets[sets >= 0]] = cells[sets >= 0]
    parts = held[:, one.parts]
    complete = one.complete and bool((parts >= 0).any(axis=0).all())
    kept = (held[:, one.whole] >= 0) & (parts >= 0).any(axis=1)
    if not complete:
        most = np.where(parts >= 0, highs[parts], 0).sum(axis=1)
        kept &= most > lows[held[:, one.whole]]
    equation, column = np.nonzero(parts[kept] >= 0)
    if len(equation):
        yield complete, equation.astype(np.int64), parts[kept][equation, column], held[kept, one.whole][equation]

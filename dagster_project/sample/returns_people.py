"""Who is on a trust's lists in the sample: shares by ethnic category, decile, age and sex, and whole numbers made of them.

Counts are not drawn at random: `spread` shares a total out so that every running sum is right to within one, which
keeps the planted rates and gives the same bytes everywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from dagster_project.sample import returns_story as story
from dagster_project.sample.files import apportion

Shares = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

ETHNIC = ("A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "Z", "99")
FIVE = ("WHITE", "MIXED", "ASIAN", "BLACK", "OTHER", "UNK")
FIVE_OF = dict(zip(ETHNIC, (0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 2, 4, 5, 5), strict=True))
DECILES = (*(str(decile) for decile in range(1, 11)), "99")
FIFTHS = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q99")
AGES = ("00_04", "05_17", "18_18", "19_29", "30_39", "40_49", "50_64", "65_74", "75_84", "85_PLUS", "UNK")
SEXES = ("1", "2", "9", "X")
ALL = "ALL"
NOT_KNOWN_DECILE = len(DECILES) - 1

_ETHNIC_WEIGHTS = (70, 1.2, 5, 0.8, 0.5, 0.5, 0.6, 3.2, 3.6, 1.4, 2.2, 1.4, 2.8, 0.6, 0.8, 2.4)
_AGE_WEIGHTS = (3, 7, 1, 12, 14, 14, 24, 14, 8, 3, 0)
SEX_WEIGHTS = (44, 55.8, 0.1, 0.1)
_POOR, _RICH = (18, 16, 13, 11, 10, 9, 8, 6, 5, 4), (4, 5, 6, 8, 9, 10, 11, 13, 16, 18)
_DEPRIVED_TRUSTS = frozenset({"R9A", "R9D", "R9K", "R9C"})


def fifth_of(decile: int) -> int:
    """Return the place of the quintile of a decile's place; the last of either is "not known"."""
    return len(FIFTHS) - 1 if decile == NOT_KNOWN_DECILE else decile // 2


def not_stated_and_not_known(org_code: str, month: dt.date) -> tuple[float, float]:
    """Return the shares of Z and 99."""
    if org_code == story.FALLING_RECORDING and month == story.NEWEST_MONTH:
        return 0.10, 0.16
    return 0.05, 0.03


def people(org_code: str, month: dt.date) -> Shares:
    """Return the shares of the list by ethnic category (rows) and decile (columns); they sum to 1."""
    stated, known = not_stated_and_not_known(org_code, month)
    ethnic = np.array(_ETHNIC_WEIGHTS) / sum(_ETHNIC_WEIGHTS) * (1 - stated - known)
    ethnic = np.append(ethnic, (stated, known))
    unknown = 0.14 if org_code == story.DECILE_NOT_KNOWN else 0.02
    shares = np.outer(ethnic, np.append(_deciles(org_code) * (1 - unknown), unknown))
    if org_code == "R9B":
        shares = _segregate(shares)
    whole: Shares = shares / shares.sum()
    return whole


def _deciles(org_code: str) -> Shares:
    weights = np.array(_POOR if org_code in _DEPRIVED_TRUSTS else _RICH, dtype=np.float64)
    whole: Shares = weights / weights.sum()
    return whole


def _segregate(shares: Shares) -> Shares:
    """R9B: White patients live in the better-off quintiles, Asian and Black patients in the poorer ones."""
    shares = shares.copy()
    for row, code in enumerate(ETHNIC):
        if FIVE_OF[code] in (2, 3):
            whole = shares[row, :NOT_KNOWN_DECILE].sum()
            shares[row, :NOT_KNOWN_DECILE] = np.array((24, 24, 16, 14, 7, 6, 4, 3, 1, 1)) / 100 * whole
    return shares


def spread(shares: Shares, total: int) -> Counts:
    """Return whole numbers of the same shape that sum to `total` (shares sum to 1); every running sum is right to within one."""
    running = np.rint(np.cumsum(shares.ravel()) / shares.sum() * total).astype(np.int64)
    counts: Counts = np.diff(running, prepend=0).reshape(shares.shape)
    return counts


@cache
def age_weights(org_code: str) -> tuple[float, ...]:
    """Return the weights by age band; an eye hospital's patients are older."""
    return (1, 2, 0, 3, 4, 8, 26, 28, 20, 8, 0) if org_code == "R9Q" else _AGE_WEIGHTS


def grouping_sets(org_code: str, counts: Counts) -> Iterator[tuple[tuple[str, str, str, str, str], Counts]]:
    """Yield the cells of G0 to G5 with their counts: (grouping set, ethnic, decile, age, sex) and one number for each outcome.

    `counts` has the axes ethnic category, decile, outcome (a wait band, a kind of attendance).
    """
    whole = counts.sum(axis=(0, 1))
    yield ("G0", ALL, ALL, ALL, ALL), whole
    for row, code in enumerate(ETHNIC):
        yield ("G1", code, ALL, ALL, ALL), counts[row].sum(axis=0)
    for column, decile in enumerate(DECILES):
        yield ("G2", ALL, decile, ALL, ALL), counts[:, column].sum(axis=0)
    by_age = np.array([apportion(int(total), age_weights(org_code)) for total in whole])
    for place, age in enumerate(AGES):
        yield ("G3", ALL, ALL, age, ALL), by_age[:, place]
    by_sex = np.array([apportion(int(total), SEX_WEIGHTS) for total in whole])
    for place, sex in enumerate(SEXES):
        yield ("G4", ALL, ALL, ALL, sex), by_sex[:, place]
    for cell, number in five_by_fifth(counts).items():
        yield ("G5", *cell, ALL, ALL), number


def five_by_fifth(counts: Counts) -> dict[tuple[str, str], Counts]:
    """Return one number for each outcome by ethnic group of five and quintile of deprivation."""
    cells = {(five, fifth): np.zeros(counts.shape[2], dtype=np.int64) for five in FIVE for fifth in FIFTHS}
    for row, code in enumerate(ETHNIC):
        for column in range(len(DECILES)):
            cells[FIVE[FIVE_OF[code]], FIFTHS[fifth_of(column)]] += counts[row, column]
    return cells

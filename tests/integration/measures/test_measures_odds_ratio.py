"""Haldane's odds ratio and Fisher's exact interval against scipy, on drawn tables and on the awkward ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import odds_ratio

from tests.fixtures.measures_project.rendering import run_over

pytestmark = pytest.mark.usefixtures("engine")
CELLS = ("a", "b", "c", "d")
LEVELS = {"95": 0.95, "99_8": 0.998}


def _run(tables: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    frame = pd.DataFrame([(case, *cells) for case, cells in enumerate(tables)], columns=["case_id", *CELLS])
    return sorted(run_over(frame, "p_odds_ratio"), key=lambda row: int(row["case_id"]))


def test_fishers_limits_are_scipys(seed: int) -> None:
    drawn = np.random.default_rng(seed).integers(0, 40, (60, 4))
    tables = [
        tuple(int(cell) for cell in row)
        for row in drawn
        if row.reshape(2, 2).sum(0).all() and row.reshape(2, 2).sum(1).all()
    ]
    tables += [(1, 0, 0, 1), (0, 5, 5, 0), (12, 1, 3, 14), (150, 20, 30, 10)]
    for row, (a, b, c, d) in zip(_run(tables), tables, strict=True):
        for name, level in LEVELS.items():
            wanted = odds_ratio([[a, b], [c, d]], kind="conditional").confidence_interval(level)
            assert row[f"lower_{name}"] == pytest.approx(wanted.low, rel=1e-9), (a, b, c, d)
            assert row[f"upper_{name}"] == pytest.approx(wanted.high, rel=1e-9), (a, b, c, d)


def test_haldanes_ratio_is_the_sample_ratio_of_the_table_with_halves_added() -> None:
    tables = [(3, 1, 2, 4), (0, 5, 5, 0), (7, 0, 0, 0)]
    halves = [[[a + 0.5, b + 0.5], [c + 0.5, d + 0.5]] for a, b, c, d in tables]
    wanted = [t[0][0] * t[1][1] / (t[0][1] * t[1][0]) for t in halves]
    assert [row["haldane"] for row in _run(tables)] == pytest.approx(wanted, rel=1e-15)


def test_an_interval_that_is_open_on_one_side_says_so() -> None:
    first, second = _run([(0, 6, 5, 4), (6, 0, 4, 5)])
    assert (first["lower_95"], math.isfinite(first["upper_95"])) == (0, True)
    assert (math.isinf(second["upper_95"]), second["lower_95"] > 0) == (True, True)


@pytest.mark.parametrize(
    ("cells", "reason", "haldane"),
    [
        ((None, 1.0, 1.0, 1.0), "missing count", False),
        ((1.5, 1.0, 1.0, 1.0), "count is not a whole number of 0 or more", False),
        ((-1.0, 1.0, 1.0, 1.0), "count is not a whole number of 0 or more", False),
        ((0.0, 0.0, 0.0, 0.0), "no observations", False),
        ((0.0, 0.0, 3.0, 4.0), "fewer than 1 in a row or column", True),
        ((5000.0, 1.0, 1.0, 1.0), "more than 5000 observations", True),
    ],
)
def test_undefined_is_null_with_its_reason(cells: tuple[Any, ...], reason: str, haldane: bool) -> None:
    (row,) = _run([cells])
    assert (row["lower_95"], row["upper_95"], row["limits_reason"]) == (None, None, reason)
    assert (row["haldane"] is not None) == haldane

"""Ratio of ratios and RERI: the errors against numerical derivatives and against drawn counts, rounding to 5 included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import norm

from tests.fixtures.measures_project.rendering import run_over

pytestmark = pytest.mark.usefixtures("engine")
CELLS = ("11", "10", "01", "00")
Z = float(norm.ppf(0.975))


def _run(shares: np.ndarray, variances: np.ndarray) -> pd.DataFrame:
    columns = [*(f"p{cell}" for cell in CELLS), *(f"v{cell}" for cell in CELLS)]
    frame = pd.DataFrame(np.hstack([shares, variances]), columns=columns).assign(case_id=range(len(shares)))
    return pd.DataFrame(run_over(frame, "p_interaction")).sort_values("case_id")


def _excess(p: np.ndarray) -> float:
    return float(p[0] / p[3] - p[1] / p[3] - p[2] / p[3] + 1)


def _log_crossed(p: np.ndarray) -> float:
    return float(np.log((p[0] / p[3]) / ((p[1] / p[3]) * (p[2] / p[3]))))


def test_both_are_rothmans_and_their_errors_the_derivatives_of_them(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shares, variances = generator.uniform(0.02, 0.6, (40, 4)), generator.uniform(1e-6, 1e-4, (40, 4))
    for row, p, v in zip(_run(shares, variances).to_dict("records"), shares, variances, strict=True):
        assert row["excess"] == pytest.approx(_excess(p), rel=1e-12)
        assert np.log(row["crossed"]) == pytest.approx(_log_crossed(p), rel=1e-9, abs=1e-12)
        for name, function in (("error", _excess), ("log_error", _log_crossed)):
            slope = approx_fprime(p, function, 1e-7)
            assert row[name] == pytest.approx(float(np.sqrt((slope**2 * v).sum())), rel=1e-4)


def test_the_sign_is_that_of_adverse_events_by_hand() -> None:
    """Waits over 18 weeks 60%, 40%, 30%, 20%: 3 - 2 - 1.5 + 1 = 0.5. Of the shares within: 0.5 - 0.75 - 0.875 + 1 = -0.125."""
    (row,) = _run(np.array([[0.6, 0.4, 0.3, 0.2]]), np.full((1, 4), 1e-4)).to_dict("records")
    assert (row["excess"], row["crossed"]) == pytest.approx((0.5, 1.0))


def test_intervals_cover_where_there_is_no_interaction_and_counts_are_rounded(seed: int) -> None:
    """Shares that add (0.14 = 0.10 + 0.09 - 0.05) or multiply (0.18 = 0.10 x 0.09 / 0.05), 8,000 drawn tables each."""
    generator, people = np.random.default_rng(seed), np.array([900, 600, 3000, 4500])
    for top, name in ((0.14, "excess"), (0.18, "crossed")):
        drawn = generator.binomial(people, [top, 0.10, 0.09, 0.05], (8000, 4))
        counts, sizes = 5 * ((drawn + 2) // 5), 5 * ((people + 2) // 5)
        shares = counts / sizes
        found = _run(shares, shares * (1 - shares) / sizes + 2 * (1 + shares**2) / sizes**2)
        z = found.excess / found.error if name == "excess" else np.log(found.crossed) / found.log_error
        assert 0.94 < (abs(z) < Z).mean() < 0.965


def test_a_cell_without_events_has_no_ratio() -> None:
    nobody = np.array([[0.2, 0.1, 0.1, 0.0], [0.2, 0.0, 0.1, 0.1]])
    first, second = _run(nobody, np.full((2, 4), 1e-4)).to_dict("records")
    assert pd.isna(first["excess"]) and pd.isna(first["log_error"])
    assert pd.isna(second["crossed"]) and second["excess"] == pytest.approx(2.0)

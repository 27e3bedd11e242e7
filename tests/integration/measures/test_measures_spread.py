"""Spread beyond chance: against scipy's chi-squared test and non-central distribution, and where no group differs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2, chi2_contingency, ncx2

from tests.fixtures.measures_project.rendering import run_over

pytestmark = pytest.mark.usefixtures("engine")


def _run(events: np.ndarray, people: np.ndarray, truth: float | None = None) -> pd.DataFrame:
    """One case for each row; standard errors of a share of `truth`, else of the pooled share."""
    pooled = events.sum(1, keepdims=True) / people.sum(1, keepdims=True) if truth is None else truth
    frame = pd.DataFrame(
        {
            "case_id": np.repeat(np.arange(len(events)), events.shape[1]),
            "value": (events / people).ravel(),
            "people": people.ravel(),
            "error": np.sqrt(pooled * (1 - pooled) / people).ravel(),
        }
    )
    return pd.DataFrame(sorted(run_over(frame, "p_spread"), key=lambda row: int(row["case_id"])))


def test_of_shares_it_is_the_chi_squared_test_of_homogeneity_and_its_non_central_limits(seed: int) -> None:
    generator = np.random.default_rng(seed)
    people = generator.integers(300, 4000, (30, 8))
    events = generator.binomial(people, np.clip(generator.normal(0.3, 0.02, people.shape), 0, 1))
    for row, x, n in zip(_run(events, people).to_dict("records"), events, people, strict=True):
        statistic = chi2_contingency([x, n - x], correction=False).statistic
        share = x.sum() / n.sum()
        scale = share * (1 - share) / n.sum()
        assert row["between_variance"] == pytest.approx(scale * statistic, rel=1e-9)
        assert row["chance_variance"] == pytest.approx(scale * 7, rel=1e-9)
        assert row["chance_variance_upper"] == pytest.approx(scale * chi2.ppf(0.95, 7), rel=2e-3)
        assert row["corrected_variance"] == pytest.approx(scale * max(0, statistic - 7), rel=1e-9, abs=1e-15)
        assert (row["corrected_lower"] > 0) == (statistic > chi2.ppf(0.95, 7)) or abs(statistic - 14.07) < 0.1
        upper = brentq(lambda nc, at=statistic: ncx2.cdf(at, 7, nc) - 0.025, 1e-9, 1e4)
        assert row["corrected_upper"] == pytest.approx(scale * upper, rel=0.02)


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.04])
def test_limits_cover_the_true_variance_at_95_per_cent(seed: int, spread: float) -> None:
    """Ten groups of unequal size, 3,000 draws, true shares 0.3 and as far apart as `spread`."""
    generator = np.random.default_rng(seed)
    people = np.array([200, 400, 600, 900, 1200, 1500, 2000, 2500, 3000, 4000])
    shares = 0.3 + spread * np.array([1, -1, 0.5, -0.5, 1, -1, 0.2, -0.2, 0.6, -0.6])
    weights = people / people.sum()
    truth = round(float((weights * (shares - (weights * shares).sum()) ** 2).sum()), 15)
    found = _run(generator.binomial(people, shares, (3000, 10)), np.tile(people, (3000, 1)))
    covered = (found.corrected_lower <= truth) & (truth <= found.corrected_upper)
    assert 0.93 <= covered.mean() <= 0.97
    assert found.corrected_variance.mean() == pytest.approx(truth, rel=0.05, abs=4e-5)


def test_a_group_without_a_value_leaves_nothing_to_say() -> None:
    found = _run(np.array([[10.0, np.nan, 30.0]]), np.array([[100.0, 100.0, 100.0]]), 0.2)
    assert found.empty

"""p, q and the likelihood ratio against scipy, and the whole rule of mart_priorities under no difference at all."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, false_discovery_control, norm, poisson, power_divergence

from tests.fixtures.measures_project.rendering import run_over

pytestmark = pytest.mark.usefixtures("engine")
CASES = ["case_id", "z", "x1", "n1", "x2", "n2", "is_share"]


def _compare(rows: list[tuple[object, ...]]) -> list[dict[str, float]]:
    frame = pd.DataFrame([(place, *row) for place, row in enumerate(rows)], columns=CASES)
    return sorted(run_over(frame, "p_comparison"), key=lambda row: row["case_id"])


def test_p_values_are_scipys_far_into_the_tail() -> None:
    deviates = [*np.linspace(-37, 37, 149), 0.0, 1.959963984540054]
    for row in _compare([(z, 1, 2, 1, 2, True) for z in deviates]):
        assert row["p_value"] == pytest.approx(2 * norm.sf(abs(row["z"])), rel=1e-10)
        assert row["p_value"] <= 1


def test_the_deviate_is_the_signed_root_of_scipys_likelihood_ratio() -> None:
    tables = [(300, 1000, 100, 1000), (10, 100, 2000, 100000), (0, 50, 20, 400), (50, 50, 20, 40)]
    for row, (x1, n1, x2, n2) in zip(_compare([(0, *t, True) for t in tables]), tables, strict=True):
        share = (x1 + x2) / (n1 + n2)
        seen = [x1, n1 - x1, x2, n2 - x2]
        wanted = [n1 * share, n1 * (1 - share), n2 * share, n2 * (1 - share)]
        statistic = power_divergence(seen, wanted, lambda_="log-likelihood").statistic
        assert row["deviate"] == pytest.approx(math.copysign(math.sqrt(statistic), x1 / n1 - x2 / n2), rel=1e-9)


def test_ten_events_where_two_are_expected_are_as_rare_as_the_exact_test_says() -> None:
    """A rate beside one that is known well: within a factor of two of Poisson, where the score test is 1e-8."""
    (row,) = _compare([(0, 10, 100, 2_000_000, 100_000_000, False)])
    assert norm.sf(row["deviate"]) == pytest.approx(poisson.sf(9, 2), rel=0.5)


def test_what_cannot_be_compared_has_no_deviate() -> None:
    rows = _compare(
        [(0, 5, 0, 1, 9, True), (0, 9, 5, 1, 9, True), (None, None, 5, 1, 9, True), (0, -1, 5, 1, 9, False)]
    )
    assert [row["deviate"] for row in rows] == [None] * 4
    assert rows[2]["p_value"] is None


def test_rounding_adds_the_error_that_rounding_makes(seed: int) -> None:
    """True counts drawn, rounded to 5 in Python: the spread of the rounded share about the true one."""
    generator = np.random.default_rng(seed)
    people, events = generator.integers(480, 521, 20000), generator.integers(80, 121, 20000)
    apart = 5 * ((events + 2) // 5) / (5 * ((people + 2) // 5)) - events / people
    (row,) = _compare([(0, 100, 500, 1, 2, True)])
    assert row["rounding_error"] == pytest.approx(apart.std(), rel=0.05)


def test_q_values_are_scipys_within_each_family_with_ties_and_gaps(seed: int) -> None:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "case_id": range(300),
            "family": ["trust", "icb", "england"] * 100,
            "p": np.round(generator.uniform(size=300) ** 3, 3),
        }
    )
    frame.loc[::17, "p"] = None
    found = run_over(frame, "p_false_discovery")
    for family in ("trust", "icb", "england"):
        rows = [row for row in found if row["family"] == family and row["p"] is not None]
        assert len(rows) > 80
        wanted = false_discovery_control([row["p"] for row in rows])
        assert [row["q_value"] for row in rows] == pytest.approx(list(wanted), rel=1e-12)
    assert all(row["q_value"] is None for row in found if row["p"] is None)


def _funnels(frame: pd.DataFrame) -> pd.DataFrame:
    pooled = frame.groupby("case_id")[["numerator", "denominator"]].transform("sum")
    rows = run_over(frame.assign(baseline=pooled.numerator / pooled.denominator), "p_funnel")
    return pd.DataFrame(rows).sort_values(["case_id", "org"])


def test_dispersion_is_spiegelhalters_written_out_in_numpy(seed: int) -> None:
    """Trusts of real sizes whose true shares differ with a standard deviation of 0.05."""
    generator = np.random.default_rng(seed)
    people = generator.integers(200, 120000, 150)
    events = generator.binomial(people, np.clip(generator.normal(0.6, 0.05, 150), 0, 1))
    frame = pd.DataFrame({"case_id": 1, "org": range(150), "numerator": events, "denominator": people})
    found = _funnels(frame)
    share = events.sum() / people.sum()
    variance = share * (1 - share) / people
    z = (events / people - share) / np.sqrt(variance)
    phi = (np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2).mean()
    weight = 1 / variance
    between = max(0, (150 * phi - 149) / (weight.sum() - (weight**2).sum() / weight.sum()))
    (first, *_) = found.to_dict("records")
    assert first["dispersion_ratio"] == pytest.approx((z**2).mean(), rel=1e-9)
    assert first["winsorised_dispersion"] == pytest.approx(phi, rel=1e-9)
    assert first["between_variance"] == pytest.approx(between, rel=1e-9)
    width = norm.ppf(0.999) * np.sqrt(variance + between)
    assert list(found.lower) == pytest.approx(list(np.clip(share - width, 0, 1)), rel=1e-9)
    assert list(found.upper) == pytest.approx(list(np.clip(share + width, 0, 1)), rel=1e-9)
    assert first["dispersion_ratio"] > 50
    assert (found.label.str.contains("0.001")).mean() < 0.05


def test_a_funnel_whose_baseline_is_0_says_nothing_of_variance_between_trusts() -> None:
    """No event anywhere: neither a variance of 0 nor limits at 0, and an organisation without a count is in no mean."""
    none = pd.DataFrame({"case_id": 1, "org": range(3), "numerator": 0, "denominator": [100, 200, 300]})
    found = _funnels(none)
    for column in ("dispersion_ratio", "winsorised_dispersion", "between_variance", "lower", "upper"):
        assert found[column].isna().all(), column
    assert set(found.label) == {"Not applicable"}
    some = pd.DataFrame(
        {"case_id": 1, "org": range(4), "numerator": [40, 90, 160, None], "denominator": [100, 200, 300, None]}
    )
    some["baseline"] = 290 / 600
    known, whole = run_over(some[:3], "p_funnel"), run_over(some, "p_funnel")
    for column in ("dispersion_ratio", "winsorised_dispersion", "between_variance"):
        assert {row[column] for row in whole} == {known[0][column]}, column


def test_a_funnel_where_chance_is_all_adds_next_to_nothing(seed: int) -> None:
    """Two hundred funnels of 150 trusts without a true difference: about 0.2% of trusts outside the 99.8% limits."""
    generator = np.random.default_rng(seed)
    people = generator.integers(5000, 120000, (200, 150))
    frame = pd.DataFrame(
        {
            "case_id": np.repeat(np.arange(200), 150),
            "org": np.tile(np.arange(150), 200),
            "numerator": generator.binomial(people, 0.6).ravel(),
            "denominator": people.ravel(),
        }
    )
    found = _funnels(frame)
    outside = int(found.label.str.contains("0.001").sum())
    assert outside <= binom.ppf(0.9999, len(found), 0.002)
    assert found.winsorised_dispersion.mean() < 1.05

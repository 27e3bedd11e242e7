"""The macros against phstatsmethods, statsmodels and scipy on random data: a second path beside the reference vectors.

Known defects of phstatsmethods 0.1.16 that the tests go around: `byars()` without an explicit level returns a 5% interval (the ph_
functions are used), a numerator of 0 anywhere raises ValueError (none is drawn; scipy covers it), `exact(0)` gives NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.rates import confint_poisson_2indep

from tests.fixtures.measures_project.rendering import run_over

pytestmark = pytest.mark.usefixtures("engine")
LEVELS = {0.95: "95", 0.998: "99_8"}
Z95 = float(stats.norm.ppf(0.975))


@pytest.fixture
def generator(seed: int) -> np.random.Generator:
    """The random numbers of one test."""
    return np.random.default_rng(seed)


def _run(statement: str, frame: pd.DataFrame) -> pd.DataFrame:
    """What the compiled statement gives for the frame as `cases`, indexed by case."""
    return pd.DataFrame(run_over(frame, statement)).set_index("case_id").sort_index()


def _draw_counts(generator: np.random.Generator, cases: int = 200) -> pd.DataFrame:
    """Counts from 1 to a few thousand under denominators that they never exceed."""
    numerator = np.ceil(10 ** generator.uniform(0, 3.5, cases))
    denominator = np.ceil(numerator * generator.uniform(1.1, 50, cases))
    return pd.DataFrame({"case_id": range(cases), "numerator": numerator, "denominator": denominator})


def _draw_bands(generator: np.random.Generator, areas: int = 12) -> pd.DataFrame:
    """The 19 age bands of areas, with the reference's counts."""
    from PHStatsMethods import euro_standard_pop

    rows = areas * 19
    population = generator.integers(500, 20000, rows)
    reference = generator.integers(100_000, 900_000, 19)
    return pd.DataFrame(
        {
            "case_id": np.repeat(np.arange(areas), 19),
            "multiplier": 100_000,
            "pop": population,
            "count": generator.poisson(population * 0.004) + 1,
            "stdpop": np.tile(euro_standard_pop()["euro_standard_pops"].to_numpy(), areas),
            "refcount": np.tile(generator.poisson(reference * 0.005), areas),
            "refpop": np.tile(reference, areas),
        }
    )


def _assert_limits(got: pd.DataFrame, wanted: pd.DataFrame, lower: str, upper: str, level: str) -> None:
    np.testing.assert_allclose(got[lower], wanted[f"lower_{level}_ci"], rtol=1e-9)
    np.testing.assert_allclose(got[upper], wanted[f"upper_{level}_ci"], rtol=1e-9)


@pytest.mark.parametrize("confidence", LEVELS)
def test_proportions_agree_with_phstatsmethods_and_statsmodels(
    confidence: float, generator: np.random.Generator
) -> None:
    from PHStatsMethods import ph_proportion

    frame = _draw_counts(generator).assign(multiplier=100, confidence=confidence)
    got = _run("f01_proportion", frame)
    theirs = ph_proportion(frame, "numerator", "denominator", confidence=list(LEVELS), multiplier=100)
    np.testing.assert_allclose(got["value"], theirs["Value"], rtol=1e-12)
    _assert_limits(got, theirs, "lower", "upper", LEVELS[confidence])
    lower, upper = proportion_confint(frame["numerator"], frame["denominator"], 1 - confidence, method="wilson")
    np.testing.assert_allclose(got["lower"], 100 * lower, rtol=1e-9)
    np.testing.assert_allclose(got["upper"], 100 * upper, rtol=1e-9)


@pytest.mark.parametrize("confidence", LEVELS)
def test_rates_agree_with_phstatsmethods(confidence: float, generator: np.random.Generator) -> None:
    from PHStatsMethods import ph_rate

    frame = _draw_counts(generator).assign(multiplier=100_000, confidence=confidence)
    got = _run("f02_rate", frame)
    theirs = ph_rate(frame, "numerator", "denominator", confidence=list(LEVELS))
    np.testing.assert_allclose(got["value"], theirs["Value"], rtol=1e-12)
    _assert_limits(got, theirs, "lower", "upper", LEVELS[confidence])


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.98, 0.99, 0.998])
def test_limits_below_ten_events_agree_with_scipy_whole_or_not(confidence: float) -> None:
    events = np.arange(0, 10, 0.125)
    frame = pd.DataFrame({"case_id": range(events.size), "numerator": events, "denominator": 1.0})
    got = _run("f02_rate", frame.assign(multiplier=1, confidence=confidence))
    tail = (1 - confidence) / 2
    lower = np.where(events > 0, stats.chi2.ppf(tail, 2 * np.maximum(events, 1e-9)) / 2, 0.0)
    np.testing.assert_allclose(got["lower"], lower, rtol=1e-9)
    np.testing.assert_allclose(got["upper"], stats.chi2.ppf(1 - tail, 2 * events + 2) / 2, rtol=1e-9)


def test_directly_standardised_rates_agree_with_phstatsmethods(generator: np.random.Generator) -> None:
    from PHStatsMethods import ph_dsr

    frame = _draw_bands(generator)
    got = _run("f04_dsr", frame)
    theirs = ph_dsr(
        frame, "count", "pop", "stdpop", group_cols="case_id", confidence=list(LEVELS), euro_standard_pops=False
    )
    np.testing.assert_allclose(got["value"], theirs["Value"], rtol=1e-12)
    _assert_limits(got, theirs, "lower95", "upper95", "95")
    _assert_limits(got, theirs, "lower998", "upper998", "99_8")


def test_indirectly_standardised_ratios_and_rates_agree_with_phstatsmethods(generator: np.random.Generator) -> None:
    from PHStatsMethods import ph_ISRate, ph_ISRatio

    frame = _draw_bands(generator)
    got = _run("f05_isr", frame)
    columns = ["count", "pop", "refcount", "refpop"]
    ratio = ph_ISRatio(frame, *columns, group_cols="case_id", confidence=list(LEVELS), refvalue=100)
    rate = ph_ISRate(frame, *columns, group_cols="case_id", confidence=list(LEVELS))
    np.testing.assert_allclose(got["ratio100"], ratio["Value"], rtol=1e-12)
    np.testing.assert_allclose(got["israte"], rate["Value"], rtol=1e-12)
    _assert_limits(got, ratio, "ratio100_lower95", "ratio100_upper95", "95")
    _assert_limits(got, rate, "israte_lower998", "israte_upper998", "99_8")


def test_means_agree_with_phstatsmethods_for_few_and_many_values(generator: np.random.Generator) -> None:
    from PHStatsMethods import ph_mean

    sizes = [2, 3, 10, 30, 31, 32, 75, 1000]
    cases = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame({"case_id": cases, "value": generator.gamma(9, 3, cases.size)})
    got = _run("f17_mean", frame)
    theirs = ph_mean(frame, "value", "case_id", confidence=list(LEVELS))
    np.testing.assert_allclose(got["mean"], theirs["Value"], rtol=1e-12)
    _assert_limits(got, theirs, "lower95", "upper95", "95")
    _assert_limits(got, theirs, "lower998", "upper998", "99_8")


@pytest.mark.parametrize("invert", [True, False])
def test_deprivation_quantiles_agree_with_phstatsmethods(invert: bool, generator: np.random.Generator) -> None:
    from PHStatsMethods import ph_quantile

    frame = pd.DataFrame({"case_id": 0, "area": range(137), "value": generator.integers(0, 60, 137).astype(float)})
    cases = frame.assign(nquantiles=10, invert=invert)
    got = {row["area"]: row["quantile"] for row in run_over(cases, "f15_quantile")}
    theirs = ph_quantile(frame, "value", nquantiles=10, invert=invert)
    assert [got[area] for area in frame["area"]] == theirs["quantile"].tolist()


@pytest.mark.parametrize("statistic", ["proportion", "ratio"])
def test_funnel_labels_agree_with_phstatsmethods(statistic: str, generator: np.random.Generator) -> None:
    from PHStatsMethods import assign_funnel_significance

    denominator = generator.integers(20, 3000, 150).astype(float)
    numerator = np.minimum(generator.poisson(denominator * generator.uniform(0.1, 0.3, 150)) + 1, denominator)
    if statistic == "ratio":
        denominator = denominator / 5
    names = [f"org{number:03}" for number in range(150)]
    frame = pd.DataFrame({"case_id": 0, "org": names, "numerator": numerator, "denominator": denominator})
    cases = frame.assign(statistic=statistic)
    got = {row["org"]: row["significance"] for row in run_over(cases, "f09_funnel")}
    theirs = assign_funnel_significance(frame, "numerator", statistic, "denominator")
    assert len(set(theirs["significance"])) >= 3
    assert [got[name] for name in names] == theirs["significance"].tolist()


def _draw_pairs(generator: np.random.Generator, kind: str) -> pd.DataFrame:
    first, second = _draw_counts(generator, 100), _draw_counts(generator, 100)
    return pd.DataFrame(
        {
            "case_id": range(100),
            "kind": kind,
            "x1": first["numerator"],
            "n1": first["denominator"],
            "x2": second["numerator"],
            "n2": second["denominator"],
            "multiplier": 1,
            "confidence": 0.95,
        }
    )


def _limits_of(rows: pd.DataFrame, function: Any, **options: Any) -> tuple[list[float], list[float]]:
    limits = [function(row.x1, row.n1, row.x2, row.n2, **options) for row in rows.itertuples()]
    return [pair[0] for pair in limits], [pair[1] for pair in limits]


def test_gaps_of_proportions_agree_with_statsmodels(generator: np.random.Generator) -> None:
    frame = _draw_pairs(generator, "proportion")
    got = _run("f08_gap", frame)
    lower, upper = _limits_of(frame, confint_proportions_2indep, method="newcomb", compare="diff")
    np.testing.assert_allclose(got["diff_lower"], lower, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got["diff_upper"], upper, rtol=1e-9, atol=1e-12)
    lower, upper = _limits_of(frame, confint_proportions_2indep, method="log", compare="ratio", correction=False)
    np.testing.assert_allclose(got["ratio_lower"], lower, rtol=1e-9)
    np.testing.assert_allclose(got["ratio_upper"], upper, rtol=1e-9)


def test_gaps_of_rates_agree_with_statsmodels(generator: np.random.Generator) -> None:
    frame = _draw_pairs(generator, "rate")
    got = _run("f08_gap", frame)
    lower, upper = _limits_of(frame, confint_poisson_2indep, method="wald-log", compare="ratio")
    np.testing.assert_allclose(got["ratio_lower"], lower, rtol=1e-9)
    np.testing.assert_allclose(got["ratio_upper"], upper, rtol=1e-9)
    lower, upper = _limits_of(frame, confint_poisson_2indep, method="wald", compare="diff")
    np.testing.assert_allclose(got["diff_wald_lower"], lower, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got["diff_wald_upper"], upper, rtol=1e-9, atol=1e-12)


FORWARD: dict[str, Callable[[Any], Any]] = {
    "other": lambda value: value,
    "rate": np.log,
    "proportion": lambda value: np.log(value / (1 - value)),
}
BACK: dict[str, Callable[[Any], Any]] = {
    "other": lambda value: value,
    "rate": np.exp,
    "proportion": lambda value: 1 / (1 + np.exp(-value)),
}


def _by_case(frame: pd.DataFrame) -> dict[Any, dict[str, Any]]:
    """The rows of a frame that _run gave, by case."""
    return {case: dict(row) for case, row in frame.iterrows()}


def _draw_quantiles(generator: np.random.Generator, kind: str, transform: bool, cases: int = 30) -> pd.DataFrame:
    """Deciles with a gradient; values with limits that are symmetric on the scale of the fit."""
    rows = cases * 10
    decile = np.tile(np.arange(1, 11), cases)
    centre = 0.1 + 0.02 * decile + generator.uniform(-0.02, 0.02, rows)
    error = generator.uniform(0.01, 0.05, rows)
    ends = [BACK[kind](FORWARD[kind](centre) + sign * Z95 * error) for sign in (-1, 1)]
    return pd.DataFrame(
        {
            "case_id": np.repeat(np.arange(cases), 10),
            "quantile": decile,
            "population": generator.integers(500, 9000, rows),
            "value": centre,
            "lower": ends[0],
            "upper": ends[1],
            "se": np.full(rows, np.nan),
            "error": error,
            "value_type": kind,
            "transform": transform,
            "multiplier": 1,
            "quantiles": 10,
        }
    )


def _fit_line(rows: pd.DataFrame, kind: str) -> dict[str, float]:
    """Ends of the weighted line by statsmodels and the normal distribution of its coefficients by the linear map of least squares."""
    share = rows["population"] / rows["population"].sum()
    ridit = share.cumsum() - share / 2
    fit = sm.WLS(
        FORWARD[kind](rows["value"].to_numpy()), sm.add_constant(ridit.to_numpy()), weights=share.to_numpy()
    ).fit()
    map_of_fit = fit.model.pinv_wexog * np.sqrt(share.to_numpy())
    covariance = (map_of_fit * rows["error"].to_numpy() ** 2) @ map_of_fit.T
    intercept, slope = fit.params
    return {
        "bottom": intercept,
        "top": intercept + slope,
        "slope": slope,
        "middle": intercept + slope / 2,
        "slope_variance": covariance[1, 1],
        "bottom_variance": covariance[0, 0],
        "top_variance": covariance.sum(),
        "covariance": covariance[0, 0] + covariance[0, 1],
    }


@pytest.mark.parametrize("kind", ["other", "rate", "proportion"])
def test_slope_index_agrees_with_least_squares_of_statsmodels(kind: str, generator: np.random.Generator) -> None:
    frame = _draw_quantiles(generator, kind, kind != "other")
    rows = _run("f06_sii", frame.drop(columns="error"))
    got = _by_case(rows[rows["confidence"] == 0.95])
    for case, group in frame.groupby("case_id"):
        line, row, back = _fit_line(group, kind), got[case], BACK[kind]
        top, bottom = back(line["top"]), back(line["bottom"])
        assert row["slope_index"] == pytest.approx(top - bottom, rel=1e-9)
        assert row["relative_index"] == pytest.approx(top / bottom, rel=1e-9)
        for side, sign in (("lower", -1), ("upper", 1)):
            half = (line["slope"] + sign * Z95 * np.sqrt(line["slope_variance"])) / 2
            ends = back(line["middle"] + half), back(line["middle"] - half)
            assert row[f"slope_index_{side}"] == pytest.approx(ends[0] - ends[1], rel=1e-9)
            if kind != "other":
                assert row[f"relative_index_{side}"] == pytest.approx(ends[0] / ends[1], rel=1e-9)


def test_relative_index_of_plain_values_lies_within_fiellers_roots(generator: np.random.Generator) -> None:
    """The limits t solve (top - t bottom)^2 = z^2 var(top - t bottom): roots found by numpy, not by the formula of the macro."""
    frame = _draw_quantiles(generator, "other", False)
    rows = _run("f06_sii", frame.drop(columns="error"))
    got = _by_case(rows[rows["confidence"] == 0.95])
    for case, group in frame.groupby("case_id"):
        line = _fit_line(group, "other")
        square = line["bottom"] ** 2 - Z95**2 * line["bottom_variance"]
        cross = -2 * (line["top"] * line["bottom"] - Z95**2 * line["covariance"])
        roots = np.sort(np.roots([square, cross, line["top"] ** 2 - Z95**2 * line["top_variance"]]).real)
        limits = [got[case]["relative_index_lower"], got[case]["relative_index_upper"]]
        np.testing.assert_allclose(limits, roots, rtol=1e-8)


def test_linear_slope_index_has_the_hc1_error_of_statsmodels(generator: np.random.Generator) -> None:
    frame = _draw_quantiles(generator, "other", False, cases=10).rename(
        columns={"quantile": "subgroup_order", "value": "estimate"}
    )
    frame = frame.assign(se=frame["error"], ordered=1, favourable=1, reference=0, scale=1)
    got = _run("f07_heat", frame.drop(columns="error"))
    slopes = _by_case(got[got["measure"] == "slope_index_linear"])
    for case, group in frame.groupby("case_id"):
        share = (group["population"] / group["population"].sum()).to_numpy()
        ridit = np.cumsum(share) - share / 2
        fit = sm.WLS(group["estimate"].to_numpy(), sm.add_constant(ridit), weights=share).fit(cov_type="HC1")
        assert slopes[case]["estimate"] == pytest.approx(fit.params[1], rel=1e-9)
        assert slopes[case]["standard_error"] == pytest.approx(fit.bse[1], rel=1e-9)


def test_recent_trend_of_values_agrees_with_weighted_least_squares(generator: np.random.Generator) -> None:
    years, cases = 8, 20
    frame = pd.DataFrame({"case_id": np.repeat(np.arange(cases), years), "year": np.tile(np.arange(2017, 2025), cases)})
    error = generator.uniform(0.5, 2, len(frame))
    value = (
        50
        + generator.normal(0, 2, len(frame))
        + frame["year"].sub(2017) * np.repeat(generator.normal(0, 3, cases), years)
    )
    frame = frame.assign(kind="other", numerator=np.nan, denominator=np.nan, value=value)
    frame = frame.assign(lower=value - Z95 * error, upper=value + Z95 * error, error=error)
    got = _by_case(_run("f11_trend", frame.drop(columns="error")))
    for case, group in frame.groupby("case_id"):
        last = group.tail(5)
        design = sm.add_constant(last["year"].to_numpy() - 2022.0)
        fit = sm.WLS(last["value"].to_numpy(), design, weights=last["error"].to_numpy() ** -2.0).fit(
            cov_type="fixed scale"
        )
        assert got[case]["slope"] == pytest.approx(fit.params[1], rel=1e-7)
        assert got[case]["chi_squared"] == pytest.approx((fit.params[1] / fit.bse[1]) ** 2, rel=1e-7)

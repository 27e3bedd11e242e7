"""Where nothing differs, nothing is called a difference: simulated releases through the models as dbt compiled them.

`make simulate` draws a hundred times as many (HIW_SIMULATIONS=100).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from dagster_project.lake.paths import Lake
from tests.rebuilding import Models
from tests.simulation import Simulated, draw
from tests.warehouses import Warehouse

MORE = int(os.environ.get("HIW_SIMULATIONS", "1"))
RELEASES = 4 * MORE
SERIES = 600 * MORE
TRUSTS = 200 * min(MORE, 20)
FACTS = ("fct_indicator_value", "int_inequality_rounding", "int_inequality_group")
MEASURES = ("family", "gap", "slope", "summary", "excess")
ONE = ("relative_gap", "relative_index")
ONE_SIDED = ("population_attributable_risk", "population_attributable_fraction")
"""0 where the reference has the wrong sign: their lower limit alone can be wrong."""


def at_most(share: float, trials: int) -> int:
    """The most cases that a true share gives in 999 of 1,000 runs."""
    return int(binom.ppf(0.999, trials, share))


@pytest.fixture(scope="module")
def simulated(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """The models of the sample's night over planted figures."""
    warehouse = Simulated(Models(Lake(sample_warehouse.lake)), tmp_path_factory.mktemp("simulated"))
    yield warehouse
    warehouse.con.close()


@pytest.mark.timeout(7200)
def test_a_release_without_a_difference_calls_no_group_a_priority(simulated: Simulated, seed: int) -> None:
    """Two hundred trusts, real list sizes, rounding: a clear difference in at most 5% of releases, wide limits in none."""
    generator = np.random.default_rng(seed)
    called, covered, compared = 0, 0, 0
    for _ in range(RELEASES):
        simulated.plant(draw(generator))
        simulated.build([*FACTS, "mart_priorities"])
        ((clear, within, limits),) = simulated.rows(
            "select count(*) filter (where certainty = 'clear difference'), "
            "count(*) filter (where 0 between excess_count_ci_lower_95 and excess_count_ci_upper_95), "
            "count(excess_count_ci_lower_95) from marts.mart_priorities"
        )
        called, covered, compared = called + (clear > 0), covered + within, compared + limits
    assert called <= at_most(0.05, RELEASES)
    assert compared > 3000 * RELEASES
    assert 0.93 <= covered / compared <= 0.97


@dataclass(frozen=True)
class Measured:
    """Of one release: how often the intervals of each measure hold its true value, and the Theil indices over tenths."""

    covered: pd.DataFrame
    theil: pd.DataFrame


@pytest.fixture(scope="module")
def measured(simulated: Simulated, seed: int) -> Measured:
    """The measures of trusts in which nothing differs: the truth is 1 for ratios, 0 for the others, the drawn share for values."""
    release = draw(np.random.default_rng(seed), TRUSTS)
    simulated.plant(release)
    simulated.build([*FACTS, *(f"int_inequality_{name}" for name in MEASURES), "fct_inequality_measure"])
    covered = simulated.frame(
        f"""
        with figures as (
            select measure, (measure in {ONE})::int as truth, ci_lower_95, ci_upper_95 from marts.fct_inequality_measure
            union all
            select 'value', true_share, ci_lower_95, ci_upper_95
            from marts.fct_indicator_value inner join drawn using (organisation_code, indicator_id)
        )
        select measure, count(*) as intervals, avg((truth between ci_lower_95 and ci_upper_95)::int) as covered
        from figures where ci_lower_95 is not null group by measure
        """,
        drawn=release.truth,
    )
    theil = simulated.frame(
        "select value, expected_value, certainty from marts.fct_inequality_measure where measure = 'theil_index' and "
        "indicator_id = 'wlmds_within_18_weeks' and dimension = 'imd_decile' and value is not null"
    )
    return Measured(covered.set_index("measure"), theil)


@pytest.mark.timeout(7200)
def test_intervals_cover_where_nothing_differs(measured: Measured) -> None:
    """Every measure with limits holds its true value in 93 to 97% of trusts, indicators and groups."""
    covered = measured.covered
    assert {"value", "absolute_gap", "relative_gap", "slope_index", "between_group_variance", "theil_index"} <= set(
        covered.index
    )
    # Chance of the simulation itself: the measures of a trust hang together, so its trusts are counted.
    slack = 3 * np.sqrt(0.05 * 0.95 / (2 * TRUSTS))
    highest = np.where(covered.index.isin(ONE_SIDED), 1, 0.97 + slack)
    wrong = covered[(covered.covered < 0.93 - slack) | (covered.covered > highest)]
    assert wrong.empty, wrong.to_string()


@pytest.mark.timeout(7200)
def test_spread_is_as_expected_if_no_group_differed(measured: Measured) -> None:
    """What chance makes is taken off: the index is 0 in about half of the trusts, and few are called different."""
    theil = measured.theil
    assert len(theil) > 0.8 * TRUSTS
    assert theil.value.mean() < 0.6 * theil.expected_value.mean()
    assert (theil.certainty == "clear difference").mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(theil))
    assert (theil.value == 0).mean() > 0.4


def _months(generator: np.random.Generator, count: int, kind: str) -> np.ndarray:
    """Months of `count` stable series of shares: thirty independent or alike (an autoregression of 0.64), or 48 with a season."""
    size = 48 if kind == "season" else 30
    noise = generator.standard_normal((count, size))
    if kind == "alike":
        for month in range(1, size):
            noise[:, month] = 0.64 * noise[:, month - 1] + np.sqrt(1 - 0.64**2) * noise[:, month]
    if kind == "season":
        noise = noise + 5 * np.sin(2 * np.pi * (np.arange(size) + generator.uniform(0, 12, (count, 1))) / 12)
    people = 5 * generator.integers(200, 4000, (count, 1))
    events = generator.binomial(people, np.clip(0.7 + 0.01 * noise, 0, 1))
    return np.asarray(5 * ((events + 2) // 5) / people)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", ["independent", "alike", "season"])
def test_a_stable_series_flags_a_special_cause_in_at_most_5_per_cent_of_years(
    simulated: Simulated, seed: int, kind: str
) -> None:
    values = _months(np.random.default_rng(seed), SERIES, kind)
    planted = pd.DataFrame(
        {
            "organisation_code": np.repeat([f"S{number:06d}" for number in range(SERIES)], values.shape[1]),
            "month": np.tile(np.arange(values.shape[1]), SERIES),
            "value": values.ravel(),
        }
    )
    simulated.rows("delete from intermediate.int_inequality_month")
    simulated.con.register("planted", planted)
    simulated.rows(
        "insert into intermediate.int_inequality_month by name select 'ae_four_hour_all' as indicator_id, organisation_code, "
        "'trust' as organisation_level, cast(date '2023-01-01' + to_months(cast(month as integer)) as date) as period_start, "
        "value, 'published' as value_status, 0 as segment from planted"
    )
    simulated.build(["int_inequality_season", "mart_control_chart"])
    ((flagged, series, alike, season),) = simulated.rows(
        f"select count(distinct case when special_cause_type <> 'Common Cause' and point_number > {values.shape[1] - 12} then organisation_code end), "
        "count(distinct organisation_code), avg(is_autocorrelated::int), avg(is_seasonal::int) from marts.mart_control_chart"
    )
    assert series == SERIES
    assert flagged <= at_most(0.05, SERIES)
    assert kind == "season" or (alike > 0.8) == (kind == "alike")
    assert season > 0.5 if kind == "season" else season < 0.03

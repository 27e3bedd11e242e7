"""Where nothing differs, nothing is called a difference: simulated releases through the models as dbt compiled them.

`make simulate` draws a hundred times as many (HIW_SIMULATIONS=100): about half an hour.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

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
FACTS = ("fct_indicator_value", "int_inequality_group")


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
            "count(*) filter (where 0 between excess_against_reference_ci_lower_95 and excess_against_reference_ci_upper_95), "
            "count(excess_against_reference_ci_lower_95) from marts.mart_priorities"
        )
        called, covered, compared = called + (clear > 0), covered + within, compared + limits
    assert called <= at_most(0.05, RELEASES)
    assert compared > 3000 * RELEASES
    assert 0.93 <= covered / compared <= 0.97


def _months(generator: np.random.Generator, count: int, kind: str) -> np.ndarray:
    """Months of `count` stable series of shares: thirty independent or alike (an autoregression of 0.64), or 48 with a season."""
    size = 48 if kind == "season" else 30
    noise = generator.standard_normal((count, size))
    if kind == "alike":
        for month in range(1, size):
            noise[:, month] = 0.64 * noise[:, month - 1] + np.sqrt(1 - 0.64**2) * noise[:, month]
    if kind == "season":
        noise = noise + 2 * np.sin(2 * np.pi * (np.arange(size) + generator.uniform(0, 12, (count, 1))) / 12)
    people = 5 * generator.integers(200, 4000, (count, 1))
    events = generator.binomial(people, np.clip(0.7 + 0.02 * noise, 0, 1))
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
    assert alike > 0.8 if kind == "alike" else alike < 0.3
    assert season > 0.5 if kind == "season" else season < 0.03

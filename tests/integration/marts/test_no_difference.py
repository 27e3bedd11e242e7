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
import statsmodels.api as sm  # type: ignore[import-untyped]
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint  # type: ignore[import-untyped]

from dagster_project.lake.paths import Lake
from tests.rebuilding import Models
from tests.simulation import (
    OPTIONS,
    Simulated,
    draw,
    draw_attendances,
    draw_recording,
    draw_returns,
    draw_survey,
    draw_workforce,
)
from tests.warehouses import Warehouse

MORE = int(os.environ.get("HIW_SIMULATIONS", "1"))
RELEASES = 4 * MORE
SERIES = 600 * MORE
TRUSTS = 200 * min(MORE, 20)
FEW_CALLS = 0.002
"""Of all figures of a measure, where none differs: by its limits alone it would call 5%, and one chance in twenty that it calls any is few of them."""
FACTS = ("int_indicator_value", "fct_indicator_value", "int_inequality_rounding", "int_inequality_group")
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
    called, covered, compared, of_average, averages = 0, 0, 0, 0, 0
    for _ in range(RELEASES):
        simulated.plant(draw(generator))
        simulated.build([*FACTS, "int_inequality_recording", "int_inequality_comparison", "mart_priorities"])
        ((clear, within, limits, average, average_limits),) = simulated.rows(
            "select (select count(*) from marts.mart_priorities where certainty = 'clear difference'), "
            "count(*) filter (where 0 between excess_count_ci_lower_95 and excess_count_ci_upper_95), "
            "count(excess_count_ci_lower_95), "
            "count(*) filter (where 0 between excess_against_average_ci_lower_95 and excess_against_average_ci_upper_95), "
            "count(excess_against_average_ci_lower_95) from marts.mart_priorities where value_status = 'published'"
        )
        called, covered, compared = called + (clear > 0), covered + within, compared + limits
        of_average, averages = of_average + average, averages + average_limits
    assert called <= at_most(0.05, RELEASES)
    assert compared > 3000 * RELEASES
    assert 0.93 <= covered / compared <= 0.97
    assert averages > 1000 * RELEASES
    assert 0.93 <= of_average / averages <= 0.97


@dataclass(frozen=True)
class Measured:
    """Of one release: how often the intervals of each measure hold its true value, and the Theil indices over tenths."""

    covered: pd.DataFrame
    theil: pd.DataFrame
    clear: pd.DataFrame
    apart: pd.DataFrame


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
    clear = simulated.frame(
        "select measure, count(*) filter (where certainty = 'clear difference') as clear, count(q_value) as tested from marts.fct_inequality_measure "
        "group by measure having count(q_value) > 0"
    )
    apart = simulated.frame(
        "select measure, sum(value) / sum(expected_value) as of_expected, avg((value > expected_upper_95)::int) as above, count(*) as trusts "
        "from marts.fct_inequality_measure where (measure like 'mean_difference%' or measure like 'index_of_disparity%') and expected_value is not null "
        "and dimension = 'imd_decile' group by measure order by measure"
    )
    return Measured(covered.set_index("measure"), theil, clear, apart)


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
def test_hardly_a_measure_calls_any_trust_different_where_none_is(measured: Measured) -> None:
    """By its q value: at most 5% of releases call any, and each measure of this one counts as one."""
    clear = measured.clear
    assert clear.tested.sum() > 50 * TRUSTS
    assert (clear.clear > 0).sum() <= at_most(0.05, len(clear)), clear.to_string()
    assert (clear.clear <= FEW_CALLS * clear.tested).all(), clear.to_string()


@pytest.mark.timeout(7200)
def test_spread_is_as_expected_if_no_group_differed(measured: Measured) -> None:
    """What chance makes is taken off: the index is 0 in about half of the trusts, and few are called different."""
    theil = measured.theil
    assert len(theil) > 0.8 * TRUSTS
    assert theil.value.mean() < 0.6 * theil.expected_value.mean()
    assert (theil.certainty == "clear difference").mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(theil))
    assert (theil.value == 0).mean() > 0.4


@pytest.mark.timeout(7200)
def test_differences_from_mean_and_reference_stand_beside_what_chance_makes(measured: Measured) -> None:
    """Where no group differs they are that, not 0, and most in small trusts: 5% lie above its 95% point."""
    apart = measured.apart.set_index("measure")
    assert len(apart) == 6 and (apart.trusts > 0.8 * TRUSTS).all()
    assert apart.of_expected.between(0.93, 1.07).all(), apart.to_string()
    above = apart.above.dropna()
    assert len(above) == 4 and above.between(0.01, 0.09).all(), apart.to_string()


OF_RETURNS = {
    "mart_hi_rate": (
        ("value", "100 * true_share", ""),
        ("rate_ratio", "1", "rate_ratio_"),
        ("excess_count", "0", "excess_count_"),
    ),
    "mart_inequality_summary": (("slope_index", "0", ""), ("relative_index", "1", "")),
    "mart_hi_intersection": (
        ("value", "100 * true_share", ""),
        ("within_fifth_gap", "0", "within_fifth_gap_"),
        ("ratio_of_ratios", "1", "ratio_of_ratios_"),
        ("reri", "0", "reri_"),
    ),
}
"""Figure, its truth and what its limits begin with, in each published table of returns that compares groups."""


@pytest.fixture(scope="module")
def returned(simulated: Simulated, seed: int) -> dict[tuple[str, str], tuple[float, int, int]]:
    """Of each figure made of returns: share of limits that hold the truth, how many, how many are called a clear difference."""
    cells = draw_returns(np.random.default_rng(seed), TRUSTS)
    simulated.fill("int_returns__rate_level", cells.drop(columns="true_share"))
    simulated.build(
        ["int_returns__rate_shown", "int_returns__intersection_cell", "mart_hi_rate", "int_returns__slope_index"]
    )
    simulated.build(OF_RETURNS)
    shares = cells[["geo_code", "metric_id", "true_share"]].drop_duplicates()
    found = {}
    for table, figures in OF_RETURNS.items():
        for figure, truth, limits in figures:
            certainty = {"rate_ratio": "certainty", "reri": "certainty"}.get(figure, "null::varchar")
            rows = simulated.frame(
                f"select avg(({truth} between {limits}ci_lower_95 and {limits}ci_upper_95)::int) as held, count({limits}ci_lower_95) as limits, "
                f"count(*) filter (where {certainty} = 'clear difference') as clear from {simulated.table(table)} "
                "inner join shares on organisation_code = geo_code and indicator_id = metric_id"
                + (f" where measure = '{figure}'" if table == "mart_inequality_summary" else ""),
                shares=shares,
            )
            found[table, figure] = tuple(rows.iloc[0])
    return found


@pytest.mark.timeout(7200)
def test_limits_of_what_trusts_send_cover_where_nothing_differs(
    returned: dict[tuple[str, str], tuple[float, int, int]],
) -> None:
    slack = 3 * np.sqrt(0.05 * 0.95 / (2 * TRUSTS))
    assert all(limits > TRUSTS for _, limits, _ in returned.values()), returned
    assert {key: held for key, (held, *_) in returned.items() if not 0.93 - slack <= held <= 0.97 + slack} == {}
    assert all(clear <= FEW_CALLS * limits for _, limits, clear in returned.values()), returned


@pytest.mark.timeout(7200)
def test_limits_of_attendances_cover_though_people_come_more_than_once(simulated: Simulated, seed: int) -> None:
    """Two attendances for each homeless person: limits that took each as independent held the truth in 4 of 5 trusts."""
    simulated.fill("int_returns__inclusion", draw_attendances(np.random.default_rng(seed), TRUSTS))
    simulated.build(["int_returns__inclusion_shown", "mart_inclusion_health"])
    ((held, alone, limits, clear),) = simulated.rows(
        "select avg((1 between rate_ratio_ci_lower_95 and rate_ratio_ci_upper_95)::int), "
        "avg((abs(ln(rate_ratio)) < 1.96 * sqrt(1 / numerator + 1 / reference_numerator))::int), count(rate_ratio_ci_lower_95), "
        f"count(*) filter (where certainty = 'clear difference') from {simulated.table('mart_inclusion_health')} where persons_status = 'published'"
    )
    slack = 3 * np.sqrt(0.05 * 0.95 / limits)
    assert limits > 0.9 * TRUSTS
    assert 0.93 - slack <= held <= 0.97 + slack
    assert alone < 0.9
    assert clear <= 1


@pytest.fixture(scope="module")
def recorded(simulated: Simulated, seed: int) -> dict[str, tuple[float, int]]:
    """Of each figure of survey, workforce and recording: the share of limits that hold the truth, and how many there are."""
    generator = np.random.default_rng(seed)
    survey, workforce = draw_survey(generator, OPTIONS * MORE), draw_workforce(generator, TRUSTS)
    grid, shares = draw_recording(generator, 2 * TRUSTS)
    simulated.fill("int_returns__survey_answer", survey.drop(columns="true_share"))
    simulated.fill("stg_returns__wr01", workforce.drop(columns="true_share"))
    simulated.fill(
        "int_returns__in_use",
        pd.DataFrame({"submission_id": workforce.submission_id.unique()}).assign(
            org_code=lambda rows: rows.submission_id, collection_code="WR01", period_end=pd.Timestamp("2026-03-31")
        ),
    )
    simulated.fill("int_waiting_list_wlmds_grid", grid)
    simulated.build(["int_returns__survey_share", "mart_survey_benchmark"])
    simulated.build(["int_returns__workforce_equality", "mart_workforce_equality"])
    simulated.build(["int_data_quality_recording", "mart_data_quality"])
    chosen = survey[["question_code", "true_share"]].drop_duplicates()
    fared = workforce[["submission_id", "wres_indicator", "true_share"]].drop_duplicates()
    found = simulated.frame(
        f"""
        with figures as (
            select 'survey' as figure, 100 * true_share as truth, ci_lower_95, ci_upper_95
            from {simulated.table("mart_survey_benchmark")} inner join chosen using (question_code)
            union all
            select 'survey change', 0, change_points_ci_lower_95, change_points_ci_upper_95
            from {simulated.table("mart_survey_benchmark")} inner join chosen using (question_code)
            union all
            select 'WRES ' || unit, case unit when 'ratio' then 1 else true_share end, ci_lower_95, ci_upper_95
            from {simulated.table("mart_workforce_equality")}
            inner join fared on organisation_code = submission_id and indicator_no = wres_indicator
            union all
            select measure, true_share, ci_lower_95, ci_upper_95
            from {simulated.table("mart_data_quality")} inner join shares using (organisation_code, measure)
            where field_name = case measure when 'left_out_share' then 'age' else 'ethnicity' end
        )
        select figure, avg((truth between ci_lower_95 and ci_upper_95)::int) as held, count(*) as limits
        from figures where ci_lower_95 is not null group by figure
        """,
        chosen=chosen,
        fared=fared,
        shares=shares,
    )
    return {row.figure: (row.held, row.limits) for row in found.itertuples()}


@pytest.mark.timeout(7200)
def test_limits_of_survey_workforce_and_recording_hold_the_truth(recorded: dict[str, tuple[float, int]]) -> None:
    assert set(recorded) == {
        *("survey", "survey change", "WRES proportion", "WRES ratio"),
        *("known_share", "valid_share", "not_stated_share", "not_known_share", "left_out_share"),
    }
    assert all(limits > 0.5 * TRUSTS for _, limits in recorded.values()), recorded
    outside = {
        figure: held
        for figure, (held, limits) in recorded.items()
        if not 0.93 - 3 * np.sqrt(0.05 * 0.95 / limits) <= held <= 0.97 + 3 * np.sqrt(0.05 * 0.95 / limits)
    }
    assert outside == {}


SECTORS = {"NHS_ACUTE": (0.59, 0.6), "INDEPENDENT_SECTOR": (0.74, 0.74), "OTHER": (0.8, 0.76)}
"""Shares of Core20 and of the rest within 18 weeks, as those of 29 June 2025."""


def _of_a_sector(sector: str, group: str, pathways: np.ndarray, value: np.ndarray | int) -> pd.DataFrame:
    """England's figures of a sector and a group, a day for each number of pathways."""
    return pd.DataFrame(
        {
            "indicator_id": "wlmds_within_18_weeks",
            "source_id": "nhse_wlmds",
            "organisation_code": f"ENG_{sector}",
            "organisation_level": "england_sector",
            "treatment_function_code": "all",
            "period_end": pd.date_range("2000-01-01", periods=len(pathways)),
            "dimension": "core20",
            "group_code": group,
            "geography_basis": "current",
            "denominator": pathways,
            "value": value,
        }
    )


@pytest.mark.timeout(7200)
def test_limits_of_the_parts_of_a_gap_hold_the_parts(simulated: Simulated, seed: int) -> None:
    """Days on which people are drawn into sectors and waits: each part lies in its limits in 93 to 97% of them."""
    generator, days = np.random.default_rng(seed), 400 * MORE
    share = {"core20": np.array([0.957, 0.039, 0.004]), "rest": np.array([0.943, 0.053, 0.004])}
    within = {group: np.array([of[place] for of in SECTORS.values()]) for place, group in enumerate(share)}
    frames = []
    for group, people in (("core20", 14_893), ("rest", 55_926)):
        pathways = generator.multinomial(people, share[group], days)
        events = generator.binomial(pathways, within[group])
        frames += [
            _of_a_sector(sector, group, pathways[:, place], events[:, place] / pathways[:, place])
            for place, sector in enumerate(SECTORS)
        ]
    simulated.fill("fct_indicator_value", pd.concat(frames, ignore_index=True))
    simulated.build(["mart_sector_gap"])
    mean = {group: (share[group] * within[group]).sum() for group in share}
    oftener, middle = share["core20"] - share["rest"], (within["core20"] + within["rest"]) / 2
    truth = pd.DataFrame(
        {
            "england_gap": mean["core20"] - mean["rest"],
            "gap_within_sectors": ((share["core20"] + share["rest"]) / 2 * (within["core20"] - within["rest"])).sum(),
            "gap_from_sector_mix": (oftener * middle).sum(),
            "gap_from_independent_sector": oftener[1] * (middle[1] - middle[0]),
            "nhs_acute_gap": within["core20"][0] - within["rest"][0],
            "independent_sector_gap": within["core20"][1] - within["rest"][1],
            "core20_independent_share": share["core20"][1],
            "rest_independent_share": share["rest"][1],
        }.items(),
        columns=["measure", "truth"],
    )
    held = simulated.frame(
        f"select measure, avg((truth between ci_lower_95 and ci_upper_95)::int) as held, count(*) as days from {simulated.table('mart_sector_gap')} "
        "inner join truth using (measure) group by measure",
        truth=truth,
    )
    slack = 3 * np.sqrt(0.05 * 0.95 / days)
    assert set(held.days) == {days}
    assert len(held) == len(truth)
    assert held[~held.held.between(0.93 - slack, 0.97 + slack)].empty, held


@pytest.mark.timeout(7200)
def test_a_gap_where_everybody_has_the_event_has_parts_without_width(simulated: Simulated, seed: int) -> None:
    """All variances are 0; what rounding leaves of them lies on either side of it, and has no root below it."""
    generator, days = np.random.default_rng(seed), 400
    frames = []
    for group, people in (("core20", 14_893), ("rest", 55_926)):
        pathways = generator.multinomial(people, [0.95, 0.045, 0.005], days)
        frames += [_of_a_sector(sector, group, pathways[:, place], 1) for place, sector in enumerate(SECTORS)]
    simulated.fill("fct_indicator_value", pd.concat(frames, ignore_index=True))
    simulated.build(["mart_sector_gap"])
    found = simulated.frame(
        "select measure, max(greatest(abs(value), ci_upper_95 - ci_lower_95)) as most, count(ci_lower_95) as days "
        f"from {simulated.table('mart_sector_gap')} where measure not like '%share' group by measure"
    )
    assert len(found) == 6 and set(found.days) == {days}
    assert found.most.max() < 1e-6


def test_a_printed_share_without_printed_limits_has_none(simulated: Simulated) -> None:
    """0.2 of 500 people, the numerator not known: neither the value itself nor 1 is a limit; 100 of 500 have Wilson's."""
    printed = {"indicator_id": "HYP-01", "source_id": "cvdprevent", "value_status": "published", "denominator": 500}
    rows = [{"numerator": None, "published_value": 0.2}, {"numerator": 100, "published_value": None}]
    simulated.fill("int_cardiovascular_indicator_value", pd.DataFrame([printed | row for row in rows]))
    simulated.build(["int_indicator_value"])
    found = simulated.rows(
        f"select value, ci_lower_95, ci_upper_95 from {simulated.table('int_indicator_value')} where source_id = 'cvdprevent' order by value_basis desc"
    )
    simulated.rows(f"delete from {simulated.table('int_cardiovascular_indicator_value')}")
    assert found[0] == (0.2, None, None)
    assert found[1] == pytest.approx((0.2, *proportion_confint(100, 500, method="wilson")), rel=1e-9)


@dataclass(frozen=True)
class Kind:
    """Of a stable series: months of a period, periods, lag 1 correlation, the wave of a year as a multiple of the noise, and the first
    periods of its later segments."""

    step: int
    size: int
    alike: float = 0
    season: float = 0
    breaks: tuple[int, ...] = ()


KINDS = {
    "months": Kind(1, 30),
    "months_alike": Kind(1, 30, 0.64),
    "two_years_with_a_season": Kind(1, 24, 0.64, season=5),
    "three_years_with_a_season": Kind(1, 36, 0.64, season=2),
    "five_years_with_a_season": Kind(1, 60, season=1.5),
    "months_with_breaks": Kind(1, 60, 0.64, breaks=(23, 46)),
    "quarters": Kind(3, 20),
    "quarters_alike": Kind(3, 20, 0.64),
    "quarters_with_a_season": Kind(3, 24, season=5),
}


def _series(generator: np.random.Generator, count: int, kind: Kind) -> np.ndarray:
    """Shares of `count` stable series: independent or an autoregression of order 1, rounded to 5, one row each."""
    noise = generator.standard_normal((count, kind.size))
    for period in range(1, kind.size):
        noise[:, period] = kind.alike * noise[:, period - 1] + np.sqrt(1 - kind.alike**2) * noise[:, period]
    if kind.season:
        months = kind.step * np.arange(kind.size)
        noise = noise + kind.season * np.sin(2 * np.pi * (months + generator.uniform(0, 12, (count, 1))) / 12)
    people = 5 * generator.integers(200, 4000, (count, 1))
    events = generator.binomial(people, np.clip(0.7 + 0.01 * noise, 0, 1))
    return np.asarray(5 * ((events + 2) // 5) / people)


def _planted(values: np.ndarray, kind: Kind) -> pd.DataFrame:
    """The shares of several series as rows: organisation, period (0 is the first), segment, value."""
    return pd.DataFrame(
        {
            "organisation_code": np.repeat([f"S{number:06d}" for number in range(len(values))], kind.size),
            "month": np.tile(kind.step * np.arange(kind.size), len(values)),
            "segment": np.tile(np.searchsorted(kind.breaks, np.arange(kind.size), side="right"), len(values)),
            "value": values.ravel(),
        }
    )


PLANTED_PERIODS = """
    'ae_four_hour_all' as indicator_id, organisation_code, 'trust' as organisation_level, value, 'published' as value_status,
    cast(date '2021-01-01' + to_months(cast(month as integer)) as date) as period_start,
    cast(date '2021-01-01' + to_months(cast(month as integer) + {step}) - interval 1 day as date) as period_end
"""


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", KINDS)
def test_a_stable_series_flags_a_special_cause_in_at_most_5_per_cent_of_years(
    simulated: Simulated, seed: int, name: str
) -> None:
    kind = KINDS[name]
    simulated.rows("delete from intermediate.int_inequality_month")
    simulated.con.register("planted", _planted(_series(np.random.default_rng(seed), SERIES, kind), kind))
    simulated.rows(
        f"insert into intermediate.int_inequality_month by name select {PLANTED_PERIODS.format(step=kind.step)}, segment from planted"
    )
    simulated.build(["int_inequality_season", "mart_control_chart"])
    ((flagged, series, alike, season),) = simulated.rows(
        "select count(distinct case when special_cause_type <> 'Common Cause' "
        f"and point_number > {kind.size - 12 // kind.step} then organisation_code end), "
        "count(distinct organisation_code), avg(is_autocorrelated::int), avg(is_seasonal::int) from marts.mart_control_chart"
    )
    assert series == SERIES
    assert flagged <= at_most(0.05, SERIES)
    if kind.step == 1:
        assert kind.season or (alike > 0.6) == (kind.alike > 0)
        assert season > 0.9 if kind.season else season <= at_most(0.014, SERIES) / SERIES
    else:
        assert season == 0


def test_the_season_is_the_share_that_least_squares_gives_a_wave_of_a_year(simulated: Simulated, seed: int) -> None:
    """Two segments with a mean and a trend of their own, a month without a figure: R of statsmodels, less what the trends explain."""
    generator, kind = np.random.default_rng(seed), Kind(1, 47)
    values = _series(generator, 40, kind) + generator.uniform(0, 0.02, (40, 1)) * np.sin(np.arange(47) * np.pi / 6)
    planted = _planted(values, kind).query("month != 9").assign(segment=lambda rows: (rows.month >= 20).astype(int))
    simulated.rows("delete from intermediate.int_inequality_month")
    simulated.con.register("planted", planted)
    simulated.rows(
        f"insert into intermediate.int_inequality_month by name select {PLANTED_PERIODS.format(step=1)}, segment from planted"
    )
    simulated.build(["int_inequality_season"])
    found = simulated.frame(
        "select organisation_code, max(season_correlation) as r, bool_or(is_seasonal) as seasonal, max(season_points) as points, "
        f"list(seasonal_effect order by calendar_month) as effects from {simulated.table('int_inequality_season')} group by organisation_code"
    ).set_index("organisation_code")
    for code, rows in planted.groupby("organisation_code"):
        month = rows.month.to_numpy()
        trends = np.column_stack([(rows.segment == part) * power for part in (0, 1) for power in (1, month)])
        wave = np.column_stack([np.cos(np.pi * month / 6), np.sin(np.pi * month / 6)])
        without = sm.OLS(rows.value, trends).fit()
        share = 1 - sm.OLS(rows.value, np.hstack([trends, wave])).fit().ssr / without.ssr
        assert found.r[code] == pytest.approx(np.sqrt(share), abs=1e-9)
        assert found.points[code] == 38
        assert found.seasonal[code] == (np.exp(-share * 38 / 4) < 0.01)
        effects = without.resid.groupby(month % 12).mean()
        assert np.allclose(found.effects[code], effects - effects.mean(), atol=1e-12)
    assert 0.2 < found.seasonal.mean() < 0.8


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", ["months", "months_alike", "quarters", "quarters_alike"])
def test_limits_of_a_slope_hold_that_of_a_stable_series(simulated: Simulated, seed: int, name: str) -> None:
    """None, in 93 to 97% of series, alike or not (78 to 83% where they are, before); q values leave hardly one a trend."""
    kind = KINDS[name]
    simulated.rows("delete from marts.fct_indicator_value")
    simulated.rows("delete from marts.fct_inequality_measure")
    simulated.con.register("planted", _planted(_series(np.random.default_rng(seed), SERIES, kind), kind))
    simulated.rows(
        f"insert into marts.fct_indicator_value by name select {PLANTED_PERIODS.format(step=kind.step)}, 'all' as dimension, 'all' as group_code, "
        f"'all' as treatment_function_code, 'current' as geography_basis, 'crude' as standardisation, '{'month' if kind.step == 1 else 'quarter'}' as period_type "
        "from planted"
    )
    simulated.build([*(f"int_inequality_trend_{part}" for part in ("point", "annual", "line")), "mart_trend"])
    ((held, series, called),) = simulated.rows(
        "select avg((0 between trend_slope_ci_lower_95 and trend_slope_ci_upper_95)::int), count(trend_slope_ci_lower_95), "
        "count(*) filter (where trend <> 'No significant change') from marts.mart_trend"
    )
    slack = 3 * np.sqrt(0.05 * 0.95 / SERIES)
    assert series == SERIES
    assert 0.93 - slack <= held <= 0.97 + slack
    assert called <= 0.02 * SERIES


@pytest.mark.timeout(7200)
def test_limits_of_the_trend_of_a_slope_index_hold_that_of_a_stable_one(simulated: Simulated, seed: int) -> None:
    """Months that are alike: none in 93 to 97% of series, 74% by limits that took them as independent; q values leave hardly one a trend."""
    kind, count = Kind(1, 16, 0.64), 400 * MORE
    fifths = _planted(_series(np.random.default_rng(seed), 5 * count, kind), kind)
    place = fifths.organisation_code.str[1:].astype(int)
    months = pd.date_range("2024-01-31", periods=kind.size, freq="ME")
    simulated.fill(
        "mart_hi_rate",
        pd.DataFrame(
            {
                "organisation_level": "trust",
                "organisation_code": "S" + (place // 5).astype(str),
                "indicator_id": "WL_LE18_PCT",
                "dimension": "IMD_QUINTILE",
                "group_code": (place % 5 + 1).astype(str),
                "period_end": months[fifths.month],
                "denominator": 1000,
                "value": 100 * fifths.value,
                "ci_lower_95": 100 * fifths.value - 1,
                "ci_upper_95": 100 * fifths.value + 1,
            }
        ),
    )
    simulated.build(["int_returns__slope_index", "mart_inequality_summary"])
    ((held, series, called),) = simulated.rows(
        "select avg((0 between ci_lower_95 and ci_upper_95)::int), count(ci_lower_95), count(*) filter (where trend in ('widening', 'narrowing')) "
        f"from {simulated.table('mart_inequality_summary')} where measure = 'slope_trend' and points_used = {kind.size}"
    )
    slack = 3 * np.sqrt(0.05 * 0.95 / count)
    assert series == count
    assert 0.93 - slack <= held <= 0.97 + slack
    assert called <= 0.02 * count

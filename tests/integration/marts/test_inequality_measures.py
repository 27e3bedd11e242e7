"""Measures of the published file against the same groups worked out by another path: numpy, scipy and statsmodels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from scipy.special import expit, logit
from scipy.stats import false_discovery_control, norm
from scipy.stats import t as student
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint  # type: ignore[import-untyped]

Z = float(norm.ppf(0.975))
TOLERANCE = 1e-9
ENGLAND = "organisation_code = 'ENG' and treatment_function_code = 'all' and geography_basis = 'current'"
Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Deciles:
    """The ten groups of England, most deprived first."""

    numerator: Array
    denominator: Array
    value: Array
    lower: Array
    upper: Array
    to_scale: Callable[[Any], Any]
    from_scale: Callable[[Any], Any]

    @property
    def shares(self) -> Array:
        """Shares of the denominators."""
        return np.asarray(self.denominator / self.denominator.sum())

    @property
    def ridits(self) -> Array:
        """Midpoints of the cumulated shares."""
        return np.asarray(np.cumsum(self.shares) - self.shares / 2)


def _wilson(events: Array, people: Array) -> tuple[Array, Array]:
    lower, upper = proportion_confint(events, people, alpha=0.05, method="wilson")
    return np.asarray(lower), np.asarray(upper)


def _with_rounding(events: Array, people: Array, limit: Array) -> Array:
    """Both counts are rounded to 5, off by -2 to 2: variance 2, which adds to the square of the half-width on the logit scale."""
    share = events / people
    error = np.sqrt(2 * (1 + share**2)) / people / (share * (1 - share))
    apart = logit(limit) - logit(share)
    return np.asarray(expit(logit(share) + np.sign(apart) * np.hypot(apart, Z * error)))


def _byar(events: Array, people: Array) -> tuple[Array, Array]:
    assert (events >= 10).all()
    above = events + 1
    lower = events * (1 - 1 / (9 * events) - Z / (3 * np.sqrt(events))) ** 3
    upper = above * (1 - 1 / (9 * above) + Z / (3 * np.sqrt(above))) ** 3
    return lower / people, upper / people


def _deciles(warehouse: Any, indicator: str) -> Deciles:
    """The counts of the newest period, and values and limits worked out here."""
    rows = warehouse.query(
        f"select numerator, denominator from fct_indicator_value where {ENGLAND} and indicator_id = '{indicator}' "
        "and dimension = 'imd_decile' and group_code <> 'unknown' "
        f"and period_end = (select max(period_end) from fct_indicator_value where indicator_id = '{indicator}' and dimension = 'imd_decile') "
        "order by cast(group_code as integer)"
    )
    assert len(rows) == 10
    events, people = np.array(rows, dtype=float).T
    if indicator.endswith("_per_1000"):
        lower, upper = _byar(events, people)
        return Deciles(events, people, 1000 * events / people, 1000 * lower, 1000 * upper, np.log, np.exp)
    limits = [_with_rounding(events, people, limit) for limit in _wilson(events, people)]
    return Deciles(events, people, events / people, *limits, logit, expit)


def _published(warehouse: Any, indicator: str, measure: str) -> tuple[float, float, float]:
    rows = warehouse.query(
        f"select value, ci_lower_95, ci_upper_95 from fct_inequality_measure where {ENGLAND} and indicator_id = '{indicator}' "
        f"and dimension = 'imd_decile' and measure = '{measure}' "
        f"and period_end = (select max(period_end) from fct_inequality_measure where indicator_id = '{indicator}')"
    )
    assert len(rows) == 1
    return tuple(rows[0])


def _slope(groups: Deciles) -> dict[str, tuple[float, float, float]]:
    """Slope and relative index, most against least deprived, by statsmodels' weighted least squares and propagation."""
    design = sm.add_constant(groups.ridits)
    fit = sm.WLS(groups.to_scale(groups.value), design, weights=groups.shares).fit()
    projection = np.linalg.solve(design.T @ np.diag(groups.shares) @ design, design.T @ np.diag(groups.shares))
    errors = (groups.to_scale(groups.upper) - groups.to_scale(groups.lower)) / (2 * Z)
    margin = Z * float(np.sqrt((projection[1] ** 2 * errors**2).sum()))
    middle = float(fit.params[0] + fit.params[1] / 2)
    slopes = [float(fit.params[1]), float(fit.params[1]) + margin, float(fit.params[1]) - margin]
    ends = [(groups.from_scale(middle - slope / 2), groups.from_scale(middle + slope / 2)) for slope in slopes]
    absolute = tuple(float(most - least) for most, least in ends)
    relative = tuple(float(most / least) for most, least in ends)
    return {"slope_index": absolute, "relative_index": relative}  # type: ignore[dict-item]


def _concentration(groups: Deciles) -> dict[str, tuple[float, float, float]]:
    """Twice the weighted covariance of value and ridit; limits from how it answers to each group's value."""

    def index(values: Array) -> float:
        centred = groups.ridits - np.average(groups.ridits, weights=groups.shares)
        return float(2 * np.average(values * centred, weights=groups.shares))

    answers = np.array([index(unit) for unit in np.eye(10)])
    margin = Z * float(np.sqrt((answers**2 * ((groups.upper - groups.lower) / (2 * Z)) ** 2).sum()))
    point, mean = index(groups.value), float(np.average(groups.value, weights=groups.shares))
    absolute = (point, point - margin, point + margin)
    return {
        "absolute_concentration_index": absolute,
        "relative_concentration_index": tuple(part / mean for part in absolute),  # type: ignore[dict-item]
    }


@pytest.mark.requires_mirror
@pytest.mark.parametrize("indicator", ["wlmds_over_52_weeks", "op_attendances_per_1000"])
def test_indices_of_england_agree_with_another_path(mirror_warehouse: Any, indicator: str) -> None:
    groups = _deciles(mirror_warehouse, indicator)
    for measure, expected in (_slope(groups) | _concentration(groups)).items():
        found = _published(mirror_warehouse, indicator, measure)
        assert found == pytest.approx(expected, rel=TOLERANCE), measure
        assert found[1] < found[0] < found[2], measure


@pytest.mark.requires_mirror
def test_the_most_deprived_wait_longer_in_every_measure(mirror_warehouse: Any) -> None:
    assert _published(mirror_warehouse, "wlmds_over_52_weeks", "slope_index")[1] > 0
    assert _published(mirror_warehouse, "wlmds_over_52_weeks", "relative_index")[1] > 1
    assert _published(mirror_warehouse, "wlmds_over_52_weeks", "absolute_concentration_index")[2] < 0
    assert _published(mirror_warehouse, "wlmds_over_52_weeks", "excess_events_net_least_deprived")[1] > 0


@pytest.mark.requires_mirror
def test_excess_of_the_most_deprived_fifth_is_newcombe_with_rounding_times_its_people(mirror_warehouse: Any) -> None:
    """Core20 over 52 weeks in England, against the least deprived fifth: counts of the fact, limits of statsmodels.

    Each of the four counts is the sum of two tenths rounded to 5: off by -2 to 2 each, variance 4, which adds to the square of each
    half-width.
    """
    rows = mirror_warehouse.query(
        f"select numerator, denominator from fct_indicator_value where {ENGLAND} and indicator_id = 'wlmds_over_52_weeks' "
        "and dimension = 'imd_quintile' and group_code in ('1', '5') order by group_code"
    )
    (events, people), (reference_events, reference_people) = rows
    lower, upper = confint_proportions_2indep(
        events, people, reference_events, reference_people, compare="diff", method="newcomb"
    )
    found = mirror_warehouse.query(
        "select excess_count, excess_count_ci_lower_95, excess_count_ci_upper_95, priority_status "
        "from mart_priorities where organisation_code = 'ENG' and indicator_id = 'wlmds_over_52_weeks' "
        "and dimension = 'imd_quintile' and group_code = '1'"
    )[0]
    excess = events - people * reference_events / reference_people
    rounding = sum(4 * (1 + (x / n) ** 2) / n**2 for x, n in rows)
    gap = excess / people
    lower, upper = (
        gap + math.copysign(math.sqrt((limit - gap) ** 2 + Z**2 * rounding), limit - gap) for limit in (lower, upper)
    )
    assert found[:3] == pytest.approx((excess, people * lower, people * upper), rel=TOLERANCE)
    assert found[3] == "priority"


@pytest.mark.requires_mirror
def test_q_values_of_each_level_are_scipys(mirror_warehouse: Any) -> None:
    for level in ("england", "icb", "trust"):
        rows = mirror_warehouse.query(
            f"select p_value, q_value, priority_status from mart_priorities where organisation_level = '{level}' and p_value is not null"
        )
        wanted = false_discovery_control([row[0] for row in rows])
        assert [row[1] for row in rows] == pytest.approx(list(wanted), rel=1e-9, abs=1e-300)
        assert all(row[1] <= 0.05 for row in rows if row[2] in ("priority", "contained"))


@pytest.mark.requires_mirror
def test_no_ranking_holds_two_indicators_that_contain_each_other_or_groups_that_overlap(mirror_warehouse: Any) -> None:
    both = mirror_warehouse.query(
        "select organisation_code, dimension from mart_priorities where priority_rank is not null "
        "and indicator_id in ('wlmds_over_52_weeks', 'wlmds_within_18_weeks') group by all having count(distinct indicator_id) > 1"
    )
    assert both == []
    first = mirror_warehouse.query(
        "select organisation_code, dimension, max(smallest) filter (where priority_rank = 1), max(smallest) "
        "from (select *, coalesce(avoidable_per_1000, avoidable_per_1000_low) as smallest from mart_priorities) where priority_status = 'priority' group by all"
    )
    assert first
    assert all(top == pytest.approx(most, abs=0.05) for *_, top, most in first)


@pytest.mark.requires_mirror
def test_the_figure_of_all_trusts_lies_between_the_bounds_of_the_hidden_counts(mirror_warehouse: Any) -> None:
    """Long waits of Core20: 23 of 132 trusts have a hidden count, and without them the share would be too high."""
    rows = mirror_warehouse.query(
        "select numerator, denominator, numerator_low, numerator_high from fct_indicator_value where indicator_id = 'wlmds_over_52_weeks' "
        "and organisation_level = 'trust' and dimension = 'core20' and group_code = 'core20' and geography_basis = 'current' "
        "and treatment_function_code = 'all' and denominator > 0 and period_end = date '2025-06-29'"
    )
    people = sum(row[1] for row in rows)
    low, high = (sum(row[n] if row[0] is None else row[0] for row in rows) / people for n in (2, 3))
    shown = sum(row[0] for row in rows if row[0] is not None) / sum(row[1] for row in rows if row[0] is not None)
    found = mirror_warehouse.query(
        "select distinct baseline_low, baseline_high, trusts_included, trusts_bounded from mart_funnel "
        "where indicator_id = 'wlmds_over_52_weeks' and group_code = 'core20'"
    )
    assert len(found) == 1
    assert found[0] == pytest.approx((low, high, len(rows), sum(row[0] is None for row in rows)), rel=TOLERANCE)
    assert found[0][3] > 20 and low < high < shown


@pytest.mark.requires_mirror
def test_most_trusts_and_months_are_as_they_usually_are(mirror_warehouse: Any) -> None:
    """Of trusts 85% lay outside limits for chance, of months of trusts 52% were special."""
    clear, trusts = mirror_warehouse.query(
        "select count(*) filter (where certainty = 'clear difference'), count(*) from mart_funnel where indicator_id = 'rtt_within_18_weeks'"
    )[0]
    assert trusts > 140 and clear < 0.15 * trusts
    marks = mirror_warehouse.query(
        "select value, baseline, denominator, chance_lower_998, chance_upper_998 from mart_funnel "
        "where indicator_id = 'rtt_within_18_weeks' and value is not null"
    )
    for _, baseline, people, lower, upper in marks:
        width = norm.isf(0.001) * math.sqrt(baseline * (1 - baseline) / people)
        assert (lower, upper) == pytest.approx((max(baseline - width, 0), min(baseline + width, 1)), rel=TOLERANCE)
    assert sum(not lower <= value <= upper for value, _, _, lower, upper in marks) > 0.7 * trusts
    special, months = mirror_warehouse.query(
        "select count(*) filter (where point_type <> 'common_cause'), count(point_type) from mart_control_chart where organisation_level = 'trust'"
    )[0]
    assert months > 20000 and special < 0.05 * months


@pytest.mark.requires_mirror
def test_a_break_of_fourteen_trusts_leaves_the_others_alone(mirror_warehouse: Any) -> None:
    """The others have figures in February 2023; their next segment starts at the hole, not at the end of the field test."""
    others = (
        "(select organisation_code from mart_control_chart where indicator_id = 'ae_four_hour_all' "
        "and organisation_level = 'trust' and period_start = date '2023-02-01' and value is not null)"
    )
    rows = mirror_warehouse.query(
        f"select segment_reason, count(*) from mart_control_chart where indicator_id = 'ae_four_hour_all' and organisation_code in {others} "
        "and segment_reason is not null group by all order by 1"
    )
    assert [row[0] for row in rows] == ["two periods or more without a figure"]
    assert rows[0][1] > 100


@pytest.mark.requires_mirror
def test_known_share_of_priorities_is_that_of_data_quality(mirror_warehouse: Any) -> None:
    """Two ways to the same share, for every trust whose code is the same on both geographies and has no hidden cell.

    Priorities count pathways with a known clock start, data quality counts all: 0.1 points apart at the most of 130 trusts.
    """
    compared = mirror_warehouse.query(
        """
        select p.known_share, q.value
        from (select distinct organisation_code, period_end, known_share from mart_priorities where dimension = 'ethnic_group') as p
        join mart_data_quality as q using (organisation_code, period_end)
        join (
            select organisation_code from fct_indicator_value
            where indicator_id = 'wlmds_waiting' and dimension = 'ethnic_group' and geography_basis = 'current'
            group by organisation_code having count(*) = count(value)
        ) using (organisation_code)
        where q.measure = 'known_share' and q.field_name = 'ethnicity' and q.value is not null
        """
    )
    assert len(compared) > 100
    assert [pair for pair in compared if pair[0] != pytest.approx(pair[1], abs=2e-3)] == []


@pytest.mark.requires_mirror
def test_control_chart_of_england_has_the_limits_of_its_own_months(mirror_warehouse: Any) -> None:
    """April 2024 to February 2026, the segment after the hole of a year: mean and 2.66 mean moving ranges by numpy.

    Its months are alike, so the ranges are divided by the square root of one less their correlation, corrected for its bias.
    """
    rows = mirror_warehouse.query(
        "select value, mean_value, lower_process_limit, upper_process_limit from mart_control_chart "
        "where indicator_id = 'ae_four_hour_all' and organisation_code = 'ENG' and period_start >= date '2024-04-01' order by period_start"
    )
    values = np.array([row[0] for row in rows], dtype=float)
    ranges = np.abs(np.diff(values))
    apart, points = values - values.mean(), len(values)
    alike = float((apart[1:] * apart[:-1]).sum() / (apart**2).sum())
    assert alike > (norm.ppf(0.9) * math.sqrt(points) - 1) / points
    width = 2.66 * ranges.mean() / math.sqrt(1 - min(0.9, alike + (1 + 3 * alike) / points))
    expected = (values.mean(), values.mean() - width, values.mean() + width)
    assert len(values) == 23
    for row in rows:
        assert row[1:] == pytest.approx(expected, rel=TOLERANCE)


@pytest.mark.requires_mirror
def test_months_that_are_not_held_are_rows_without_points(mirror_warehouse: Any) -> None:
    months = mirror_warehouse.query(
        "select value_status, point_type, limits_reason from mart_control_chart where indicator_id = 'ae_four_hour_all' "
        "and organisation_code = 'ENG' and period_start between date '2023-04-01' and date '2024-03-01'"
    )
    assert months == [("missing", None, "missing value")] * 12


@pytest.mark.requires_mirror
def test_a_trend_of_months_is_statsmodels_line(mirror_warehouse: Any) -> None:
    rows = mirror_warehouse.query(
        "select date_diff('day', date '2020-01-01', period_end) / 365.25, value from fct_indicator_value "
        f"where {ENGLAND} and indicator_id = 'ae_over_12_hours_from_decision' and period_start >= date '2024-04-01' order by 1"
    )
    time, values = np.array(rows, dtype=float).T
    fit = sm.OLS(values, sm.add_constant(time)).fit()
    correlation = float((fit.resid[1:] * fit.resid[:-1]).sum() / (fit.resid**2).sum())
    points = len(values)
    phi = min(0.9, max(0, (points * correlation + 4) / (points - 4)))
    alike = (1 + phi) / (1 - phi)
    freedom = max(4, points / alike - 2) // 1
    half = student.ppf(0.975, freedom) * fit.bse[1] * np.sqrt(alike * (points - 2) / max(2, points - 2 * alike))
    found = mirror_warehouse.query(
        "select trend_slope, trend_slope_ci_lower_95, trend_slope_ci_upper_95, autocorrelation from mart_trend "
        "where indicator_id = 'ae_over_12_hours_from_decision' and organisation_code = 'ENG'"
    )[0]
    slope = float(fit.params[1])
    assert correlation > 0
    assert found == pytest.approx((slope, slope - half, slope + half, correlation), rel=1e-6)


@pytest.mark.requires_mirror
def test_no_row_stands_for_a_measure_that_its_dimension_cannot_carry(mirror_warehouse: Any) -> None:
    ordered_only = (
        "('slope_index', 'relative_index', 'absolute_concentration_index', 'excess_events_net_least_deprived')"
    )
    query = f"select count(*) from fct_inequality_measure where measure in {ordered_only} and dimension like 'ethnic_group%'"
    assert mirror_warehouse.one(query) == 0
    no_direction = "select count(*) from fct_inequality_measure where measure like 'excess_events_positive%' and indicator_id = 'op_tele_share'"
    assert mirror_warehouse.one(no_direction) == 0


def test_every_clear_measure_has_a_q_value_that_is_scipys(sample_warehouse: Any) -> None:
    """Of one measure at one level, all periods: a gap was called clear by its own limits, one in twenty of hundreds by chance."""
    rows = sample_warehouse.query(
        "select organisation_level, measure, p_value, q_value, certainty, value, value_status, ci_lower_95, ci_upper_95 from fct_inequality_measure"
    )
    families: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for level, measure, p, q, certainty, value, status, lower, upper in rows:
        if p is not None:
            families.setdefault((level, measure), []).append((p, q))
        if measure in ("slope_index", "excess_events_net_least_deprived") and p is not None and value:
            assert p == pytest.approx(
                2 * norm.sf(Z * abs(value) / abs(value - (lower if value > 0 else upper))), rel=1e-6
            )
        if value is None:
            assert certainty == ("clear difference" if q is not None and q <= 0.05 else "too few to tell")
            assert q is None or status == "bounded"
        elif lower is None:
            assert certainty is None
        else:
            without = 1 if measure in ("relative_gap", "relative_index") else 0
            is_clear = q is not None and q <= 0.05 and not lower <= without <= upper
            assert certainty == ("clear difference" if is_clear else "no clear difference")
    assert {"absolute_gap", "relative_gap", "slope_index", "theil_index"} <= {measure for _, measure in families}
    for found in families.values():
        wanted = false_discovery_control([p for p, _ in found])
        assert [q for _, q in found] == pytest.approx(list(wanted), rel=1e-9, abs=1e-300)


def test_a_core20_gap_is_better_or_worse_only_where_its_q_value_says_so(sample_warehouse: Any) -> None:
    for table in ("mart_core20plus5_adults", "mart_core20plus5_children", "mart_five_priorities"):
        called = sample_warehouse.query(
            f"select core20_gap_q_value, core20_gap_ci_lower_95, core20_gap_ci_upper_95 from {table} "
            "where core20_gap_reading in ('better', 'worse', 'higher', 'lower')"
        )
        assert all(q <= 0.05 and not lower <= 0 <= upper for q, lower, upper in called), table

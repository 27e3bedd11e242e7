"""The questions of boards and analysts, asked of the sample's published file with the queries that stand in it.

The answers are worked out here from the sample's own counts (dagster_project/sample/returns_*.py), rounded and divided in
Python: no SQL, no macro, no mart of the code under test. Questions 8, 9 and 11 are those of the survey.
"""

from __future__ import annotations

import collections
import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, norm

from dagster_project.lake.paths import Lake
from dagster_project.release.dbt_artifacts import read_exposed_models
from dagster_project.release.project import load_example_queries
from dagster_project.sample import returns_op01, returns_uc01, returns_wl01
from dagster_project.sample import returns_story as story
from dagster_project.sample.files import round_to_five
from dagster_project.sample.returns_people import ETHNIC, FIVE, FIVE_OF, Counts, five_by_fifth
from tests.warehouses import Warehouse

Row = tuple[Any, ...]
Answer = Callable[[str], list[Row]]
NEWEST = story.NEWEST_MONTH
SUMMED = [code for code in story.WAITING_LIST_TRUSTS if code != story.SAFE]
"""Trusts in sums by group: those that suppress before they send are left out."""


@pytest.fixture(scope="module")
def answer(sample_warehouse: Warehouse) -> Answer:
    """`answer(name)`: the rows of the example query of that name, on the published file."""
    queries = {query.name: query.sql for query in load_example_queries()}
    return lambda name: sample_warehouse.query(queries[name])


@cache
def fifths(org_code: str, month: dt.date) -> tuple[tuple[int, int], ...]:
    """(over 52 weeks, all) of each fifth, 1 to 5, as true counts."""
    counts = returns_wl01.in_use(org_code, month)
    assert counts is not None
    whole = counts.sum(axis=0)
    cells = []
    for fifth in range(5):
        two = whole[2 * fifth : 2 * fifth + 2].sum(axis=0)
        cells.append((int(two[returns_wl01.FIRST_OVER_52 :].sum()), int(two.sum())))
    return tuple(cells)


def shown(numerator: int, denominator: int) -> float | None:
    """The rate as it may be shown, per cent: from counts rounded to 5, None where numerator or complement is too small."""
    x, n = round_to_five(numerator), round_to_five(denominator)
    return None if numerator < 8 or n - x <= 11 else 100 * x / n


def test_q1_the_largest_excess_is_the_long_waits_of_the_most_deprived_fifth_at_the_planted_trust(
    answer: Answer,
) -> None:
    rows: list[Row] = answer("largest_avoidable_excess")
    largest = max(rows, key=lambda row: row[4])
    (x1, n1), (x5, n5) = (fifths("R9A", NEWEST)[place] for place in (0, 4))
    rounded = [round_to_five(count) for count in (x1, n1, x5, n5)]
    assert largest[:4] == ("R9A", "WL_GT52_PCT", "IMD_QUINTILE", "1")
    assert largest[4] == pytest.approx(rounded[0] - rounded[2] / rounded[3] * rounded[1])
    assert largest[5] == pytest.approx(rounded[0] / rounded[1] * rounded[3] / rounded[2])
    assert max(collections.Counter(row[0] for row in rows).values()) <= 5
    assert story.MISSING not in {row[0] for row in rows}


def test_q2_points_between_the_most_and_the_least_deprived_fifth(answer: Answer) -> None:
    """Of the newest month; the planted trust comes first."""
    rows = {row[0]: row for row in answer("long_waits_most_against_least_deprived")}
    for code in ("R9A", "R9B", "R9D"):
        now = [shown(*fifths(code, NEWEST)[place]) or 0.0 for place in (0, 4)]
        assert rows[code][2:] == (*map(pytest.approx, now), pytest.approx(now[0] - now[1]), NEWEST)
    assert next(iter(rows)) == "R9B"
    assert rows[story.SAFE][4] is None and rows[story.DECILE_NOT_KNOWN][4] is None


def test_q3_the_position_of_each_ethnic_group_in_the_newest_month(sample_warehouse: Warehouse, answer: Answer) -> None:
    """England leaves out whose recording fails, who is missing and who suppresses."""
    found: list[Row] = answer("position_by_ethnic_group")
    trusts = [code for code in SUMMED if code != story.FALLING_RECORDING]
    counts = [one for code in trusts if (one := returns_wl01.in_use(code, NEWEST)) is not None]
    for place, five in enumerate(FIVE[:5]):
        rows = [row for row, code in enumerate(ETHNIC) if FIVE_OF[code] == place]
        of_trusts = [one[rows].sum(axis=(0, 1)) for one in counts]
        over = [int(bands[returns_wl01.FIRST_OVER_52 :].sum()) for bands in of_trusts]
        # Nine trusts: a sum of fewer than ten is not shown where one of them is hidden.
        hidden = any(0 < number < 8 for number in over)
        expected = None if hidden else shown(sum(over), int(sum(bands.sum() for bands in of_trusts)))
        found_now = sample_warehouse.one(
            "select value from mart_hi_rate where organisation_level = 'england' and dimension = 'ETHNIC5' and indicator_id = 'WL_GT52_PCT'"
            f" and period_end = date '{NEWEST}' and group_code = '{five}'"
        )
        assert found_now == (None if expected is None else pytest.approx(expected)), five
        assert [row[2] for row in found if row[:2] == (five, "WL_GT52_PCT")] == [found_now]
    assert len(counts) == 9
    left_out = sample_warehouse.one(
        "select distinct trusts_left_out from mart_hi_rate where organisation_level = 'england' and dimension = 'ETHNIC5' and not is_estimate"
        f" and indicator_id = 'WL_GT52_PCT' and period_end = date '{NEWEST}'"
    )
    assert set(left_out.split(", ")) == {
        story.MISSING,
        story.SUSPENDED,
        story.REJECTED,
        story.FALLING_RECORDING,
        story.SAFE,
    }


def test_q4_missed_appointments_rise_with_deprivation(answer: Answer) -> None:
    rows: list[Row] = answer("missed_and_cancelled_appointments")
    most_deprived = {row[0] for row in rows if row[1:3] == ("IMD_QUINTILE", "1")}
    assert {"R9A", "R9B", "R9D", "R9K", "ENG"} <= most_deprived
    (ratio,) = [row[4] for row in rows if row[:3] == ("R9A", "IMD_QUINTILE", "1") and row[7] == "OP_DNA_PCT"]
    whole = returns_op01.counts_of("R9A", NEWEST).sum(axis=0)
    shares = []
    for fifth in (0, 4):
        by_code = dict(zip(returns_op01.CODES, whole[2 * fifth : 2 * fifth + 2].sum(axis=0).tolist(), strict=True))
        missed, attended = by_code["3"] + by_code["7"], by_code["5"] + by_code["6"]
        shares.append(round_to_five(missed) / round_to_five(missed + attended))
    assert ratio == pytest.approx(shares[0] / shares[1])
    assert all(row[5] > 1 for row in rows)


def test_q5_the_ethnic_gap_vanishes_inside_the_fifths_at_the_planted_trust(
    sample_warehouse: Warehouse, answer: Answer
) -> None:
    rows = {row[:2]: row[2] for row in answer("ethnic_gap_inside_deprivation_fifths")}
    assert rows["WHITE", 1] > 1.5 * rows["WHITE", 5]
    overall = sample_warehouse.query(
        "select group_code, rate_ratio, rate_ratio_ci_lower_95 from mart_hi_rate where organisation_code = 'R9B' and dimension = 'ETHNIC5'"
        f" and indicator_id = 'WL_GT52_PCT' and period_end = date '{NEWEST}' and group_code in ('ASIAN', 'BLACK')"
    )
    assert len(overall) == 2 and all(lower > 1.5 for _, _, lower in overall)
    inside = sample_warehouse.query(
        "select within_fifth_gap_ci_lower_95, within_fifth_gap_ci_upper_95 from mart_hi_intersection where organisation_code = 'R9B'"
        f" and indicator_id = 'WL_GT52_PCT' and period_end = date '{NEWEST}' and within_fifth_gap is not null"
        " and ethnic_group_5 in ('ASIAN', 'BLACK')"
    )
    assert len(inside) >= 3 and all(lower < 0 < upper for lower, upper in inside)


def test_q5_cells_are_those_of_the_returns(sample_warehouse: Warehouse) -> None:
    cells = five_by_fifth(returns_wl01.counts_of("R9B", NEWEST))
    found = sample_warehouse.query(
        "select ethnic_group_5, imd_quintile, numerator, denominator from mart_hi_intersection where organisation_code = 'R9B'"
        f" and indicator_id = 'WL_GT52_PCT' and period_end = date '{NEWEST}' and disclosure_flag = 'OK'"
    )
    assert found
    for five, fifth, numerator, denominator in found:
        bands: Counts = cells[five, f"Q{fifth}"]
        over = int(bands[returns_wl01.FIRST_OVER_52 :].sum())
        assert (numerator, denominator) == (round_to_five(over), round_to_five(int(bands.sum())))


def test_q5_interaction_is_that_of_adverse_events_with_limits(sample_warehouse: Warehouse) -> None:
    """RERI of every row from the four shown cells: those over 18 weeks are the people less those within."""
    rows = sample_warehouse.query(
        "select organisation_code, indicator_id, period_end, ethnic_group_5, imd_quintile, numerator, denominator, reri, reri_ci_lower_95, reri_ci_upper_95, "
        "ratio_of_ratios, ratio_of_ratios_ci_lower_95, ratio_of_ratios_ci_upper_95, certainty from mart_hi_intersection"
    )
    adverse = {
        row[:5]: ((row[6] - row[5]) if row[1] == "WL_LE18_PCT" else row[5]) / row[6]
        for row in rows
        if row[5] is not None and row[6]
    }
    seen: set[str] = set()
    for row in rows:
        *place, group, fifth = row[:5]
        cells = [adverse.get((*place, *cell)) for cell in ((group, fifth), (group, 5), ("WHITE", fifth), ("WHITE", 5))]
        if row[7] is None or any(cell is None for cell in cells):
            continue
        both, first, second, neither = cells
        assert row[7] == pytest.approx((both - first - second) / neither + 1, abs=1e-9)
        assert row[8] < row[7] < row[9] and row[13] in {"clear difference", "no clear difference"}
        assert row[11] <= row[10] <= row[12]
        seen.add(row[1])
    assert {"WL_LE18_PCT", "WL_GT52_PCT"} <= seen


def test_q6_inequality_widens_at_one_trust_and_narrows_at_another_without_chaining_deciles(
    sample_warehouse: Warehouse, answer: Answer
) -> None:
    slopes = {row[:2]: row[2:] for row in answer("is_inequality_widening")}
    assert slopes["R9D", "WL_GT52_PCT"][0] > 0.1 and slopes["R9K", "WL_GT52_PCT"][0] < -0.1
    assert abs(slopes["R9A", "WL_GT52_PCT"][0]) < 0.05
    assert {code for code, _ in slopes} == set(story.LONG_SERIES)
    assert (slopes["R9D", "WL_GT52_PCT"][1], slopes["R9K", "WL_GT52_PCT"][1]) == (14, 12)
    series = sample_warehouse.query(
        "select dimension, imd_version, count(*) from mart_inequality_summary where measure = 'slope_index' and organisation_code = 'R9K' and indicator_id = 'WL_GT52_PCT'"
        " group by all order by all"
    )
    assert series == [("IMD_QUINTILE", "IMD2025", 12), ("IMD_QUINTILE_2019", "IMD2019", 2)]
    lower, upper = slopes["R9D", "WL_GT52_PCT"][2:4]
    assert 0 < lower < slopes["R9D", "WL_GT52_PCT"][0] < upper
    trends = dict(
        sample_warehouse.query(
            "select organisation_code, trend from mart_inequality_summary where measure = 'slope_trend' and organisation_level = 'trust' and indicator_id = 'WL_GT52_PCT'"
            f" and period_end = date '{NEWEST}' and organisation_code in ('R9A', 'R9D', 'R9K', 'R9C')"
        )
    )
    wanted = {"R9A": "no clear change", "R9D": "widening", "R9K": "narrowing", "R9C": "fewer than 12 periods"}
    assert trends == wanted


def test_q7_homeless_to_housed_ratios_name_their_denominator_and_are_withheld_where_housing_is_not_known(
    sample_warehouse: Warehouse, answer: Answer
) -> None:
    rows: list[Row] = answer("homeless_to_housed_ratios")
    for code, planted in returns_uc01.RATIOS.items():
        measures = dict(zip(("AE_ATTENDANCES", "EM_ADMISSIONS", "MEAN_LOS"), planted, strict=True))
        for measure, ratio in measures.items():
            found = [row for row in rows if row[:2] == (code, measure)]
            if code == story.HOUSING_NOT_KNOWN:
                assert found == []
                continue
            assert found and all(row[2] == pytest.approx(ratio, rel=0.03) for row in found), (code, measure)
            assert all(row[5] for row in found)
    assert {row[5] for row in rows if row[1] == "AE_ATTENDANCES"} == {"H-CLIC against ONS_MYE"}
    assert all(row[3] < row[2] < row[4] for row in rows if row[1] != "MEAN_LOS")
    reasons = sample_warehouse.query(
        f"select distinct withheld_reason from mart_inclusion_health where organisation_code = '{story.HOUSING_NOT_KNOWN}'"
    )
    assert reasons == [("U03: housing not known for more than 40%",)]


def test_limits_of_attendances_count_the_people_behind_them(sample_warehouse: Warehouse) -> None:
    """Seven people for ten attendances: the variance of a count X is (2 X / people - 1) X (geometric), and that of rounding comes on top."""
    rows = sample_warehouse.query(
        "select measure_code, numerator, persons, denominator, reference_numerator, reference_persons, reference_denominator, rate_ratio, "
        "rate_ratio_ci_lower_95, rate_ratio_ci_upper_95, q_value, certainty, remark, period_end from mart_inclusion_health "
        "where rate_ratio is not null and measure_code <> 'MEAN_LOS'"
    )
    tested: dict[Any, list[tuple[float, float]]] = collections.defaultdict(list)
    for measure, x, persons, n, x0, persons0, n0, ratio, lower, upper, q, certainty, note, period in rows:
        assert (persons is None) == (measure == "EM_ADMISSIONS")
        variance = 0.0
        for count, people, served in ((x, persons, n), (x0, persons0, n0)):
            variance += (1 if people is None else max(1, 2 * count / people - 1)) / count
            variance += 2 * (1 + (count / served) ** 2) / count**2
        margin = norm.ppf(0.975) * np.sqrt(variance)
        assert (lower, upper) == pytest.approx((ratio * np.exp(-margin), ratio * np.exp(margin)), rel=1e-9)
        if persons is None:
            assert (q, certainty) == (None, None) and "no difference is called clear" in note
        else:
            tested[period].append((2 * norm.sf(abs(np.log(ratio)) / np.sqrt(variance)), q))
            assert certainty == ("clear difference" if q <= 0.05 else "no clear difference")
    assert tested
    for found in tested.values():
        assert [q for _, q in found] == pytest.approx(list(false_discovery_control([p for p, _ in found])), rel=1e-6)


def test_growth_is_worked_out_from_the_counts_and_a_stated_one_that_does_not_fit_is_marked(
    sample_warehouse: Warehouse,
) -> None:
    (row,) = sample_warehouse.query(
        "select numerator, growth_pct, growth_stated_pct, growth_note from mart_inclusion_health"
        " where measure_code = 'EPC_REGISTERED' and growth_pct is not null"
    )
    assert row[0] == 1300 and row[1] == pytest.approx(80.6, abs=0.05) and row[2] == 90
    assert row[3] == "U04: the stated growth is not the growth of the counts"


def test_q10_groups_that_a_trust_names_stand_beside_their_gap_and_its_actions(answer: Answer) -> None:
    rows = {row[:2]: row[2:] for row in answer("named_groups_gaps_and_actions")}
    worst, actions = rows["R9A", "IH_HOMELESS"]
    assert worst == pytest.approx(6, rel=0.03) and actions > 0
    assert rows["R9B", "IH_HOMELESS"][0] == pytest.approx(3, rel=0.03) and rows["R9B", "IH_HOMELESS"][1] == 0


def test_q12_who_has_not_sent_and_what_share_has_come(sample_warehouse: Warehouse, answer: Answer) -> None:
    rows = {row[:2]: row[2:] for row in answer("returns_outstanding")}
    expected, received, per_cent, outstanding = rows["WL01", NEWEST]
    assert (expected, received, per_cent) == (15, 12, 80.0)
    assert set(outstanding) == {story.MISSING, story.REJECTED}
    assert rows["OP01", NEWEST][3] == [story.MISSING]
    states = dict(
        sample_warehouse.query(
            f"select organisation_code, status from mart_submission where collection_code = 'WL01' and period_end = date '{NEWEST}'"
        )
    )
    planted = {story.MISSING: "LATE", story.REJECTED: "REJECTED", story.SUSPENDED: "SUSPENDED", story.NIL: "NIL"}
    assert {code: states[code] for code in planted} == planted


def test_beside_every_table_made_of_returns_stands_who_is_missing(sample_warehouse: Warehouse) -> None:
    """Which tables these are is found in dbt's lineage by the release as well as by the mart: they must agree."""
    rows = sample_warehouse.query(
        "select mart_name, collection_code, trusts_expected, trusts_included, trusts_left_out"
        f" from mart_return_coverage where period_end = date '{NEWEST}'"
    )
    by_table = {row[:2]: row[2:] for row in rows}
    missing = ", ".join(sorted((story.MISSING, story.SUSPENDED, story.REJECTED)))
    assert by_table["mart_hi_rate", "WL01"] == by_table["mart_plus_group", "WL01"] == (15, 12, missing)
    assert by_table["mart_hi_rate", "OP01"][2] == by_table["mart_inclusion_health", "UC01"][2] == story.MISSING
    manifest = Lake(sample_warehouse.lake).build / "dbt" / "manifest.json"
    made_of_returns = {model.name for model in read_exposed_models(manifest) if model.made_of_returns}
    trackers = {"mart_submission", "mart_submission_file", "mart_return_coverage"}
    named = {name for (name,) in sample_warehouse.query("select distinct mart_name from mart_return_coverage")}
    assert named == made_of_returns - trackers


def test_q13_falling_recording_is_seen_and_not_stated_is_told_from_not_known(
    sample_warehouse: Warehouse, answer: Answer
) -> None:
    rows: list[Row] = answer("ethnicity_recording_of_trusts")
    assert {row[1] for row in rows[:2]} == {story.FALLING_RECORDING}
    assert all(row[2:] == (74, -18) for row in rows[:2])
    shares = sample_warehouse.query(
        "select distinct not_stated_pct, not_known_pct from mart_data_quality where field_name = 'ETHNIC_CATEGORY'"
        f" and organisation_code = '{story.FALLING_RECORDING}' and period_end = date '{NEWEST}'"
    )
    assert shares == [(10, 16)]
    hidden = sample_warehouse.query(
        f"select distinct disclosure_flag, value, excess_count from mart_hi_rate where organisation_code = '{story.FALLING_RECORDING}'"
        f" and dimension in ('ETHNIC5', 'ETHNIC_CATEGORY') and period_end = date '{NEWEST}'"
    )
    assert hidden == [("WITHHELD", None, None)]


def test_q14_targets_have_a_colour_by_rule_and_core20_stands_beside_the_overall_figure(answer: Answer) -> None:
    rows = {row[0]: row for row in answer("targets_and_core20") if row[8] == "returns"}
    _, code, actual, trajectory, target, colour, core20, gap, _, period_end, _ = rows["SYN_R9A_WL52"]
    counts = returns_wl01.counts_of("R9A", NEWEST)
    over, whole = int(counts[:, :, returns_wl01.FIRST_OVER_52 :].sum()), int(counts.sum())
    gone = (NEWEST - dt.date(2025, 8, 31)).days / (dt.date(2027, 3, 31) - dt.date(2025, 8, 31)).days
    assert (code, target) == ("R9A", 2)
    assert actual == pytest.approx(shown(over, whole))
    assert trajectory == pytest.approx(6 + gone * (2 - 6))
    assert colour == ("GREEN" if actual <= trajectory else "AMBER" if actual - trajectory <= 0.8 else "RED") == "RED"
    of_fifths = [[round_to_five(count) for count in fifth] for fifth in fifths("R9A", NEWEST)[1:5]]
    rest = 100 * sum(fifth[0] for fifth in of_fifths) / sum(fifth[1] for fifth in of_fifths)
    assert core20 == pytest.approx(shown(*fifths("R9A", NEWEST)[0])) and gap == pytest.approx(core20 - rest)
    assert period_end == NEWEST


def test_q15_every_table_says_what_the_gate_said_and_from_what_it_was_made(
    sample_warehouse: Warehouse, answer: Answer
) -> None:
    rows = {row[0]: row for row in answer("can_i_trust_this_release")}
    tables = {
        row[0] for row in sample_warehouse.query("select table_name from duckdb_tables() where schema_name = 'main'")
    }
    assert set(rows) == tables
    fingerprint = sample_warehouse.one("select fingerprint from meta.releases where this_release")
    assert {row[6] for row in rows.values()} == {fingerprint}
    assert {row[2] for row in rows.values()} <= {"PASSED", "PASSED_WITH_WARNINGS"}
    assert all(row[3] is None and row[5] and row[7] for row in rows.values())
    assert rows["mart_submission"][2] == "PASSED_WITH_WARNINGS" and "not_received" in rows["mart_submission"][4]
    assert rows["mart_hi_rate"][1] == NEWEST


def test_a_late_trust_lowers_the_reported_total_and_not_the_estimated_one(sample_warehouse: Warehouse) -> None:
    """U8: reported and estimated apart, who is missing named, what stands in named, no trust imputed."""
    rows = sample_warehouse.query(
        "select is_estimate, denominator, trusts_left_out, estimate_basis_period from mart_hi_rate where organisation_level = 'england'"
        f" and dimension = 'ALL' and indicator_id = 'WL_GT52_PCT' and period_end = date '{NEWEST}' order by is_estimate"
    )
    (_, reported, left_out, _), (_, estimated, _, basis) = rows
    missing = [story.MISSING, story.SUSPENDED, story.REJECTED]
    before = story.months_of(story.MISSING)[0]
    stand_ins = sum(int(returns_wl01.counts_of(code, before).sum()) for code in missing)
    assert estimated - reported == pytest.approx(stand_ins, abs=10)
    assert left_out.split(", ") == sorted(missing)
    assert basis == ", ".join(f"{code} {before:%Y-%m}" for code in sorted(missing))
    imputed = sample_warehouse.query(
        f"select 1 from mart_hi_rate where organisation_level = 'trust' and (is_estimate or (organisation_code = '{story.MISSING}'"
        f" and period_end = date '{NEWEST}'))"
    )
    assert imputed == []


def test_the_revision_of_a_trust_speaks_for_it_and_is_marked(sample_warehouse: Warehouse) -> None:
    """T6 and T13: P, R and V came; V came after the close. R9M came after the close only."""
    query = (
        "select organisation_code, denominator, revision_flag from mart_hi_rate where organisation_level = 'trust' and dimension = 'ALL'"
        f" and indicator_id = 'WL_GT52_PCT' and period_end = date '{NEWEST}' and organisation_code in ('R9C', 'R9E', 'R9M') order by 1"
    )
    revised = round_to_five(int(returns_wl01.revised_counts("R9C", NEWEST).sum()))
    late, after = (round_to_five(int(returns_wl01.counts_of(code, NEWEST).sum())) for code in ("R9E", "R9M"))
    assert sample_warehouse.query(query) == [("R9C", revised, "r"), ("R9E", late, None), ("R9M", after, "r")]
    files = sample_warehouse.query(
        "select submission_type, status from mart_submission_file where collection_code = 'WL01' and organisation_code = 'R9C'"
        f" and period_end = date '{NEWEST}' order by sequence_no"
    )
    assert [kind for kind, _ in files] == ["P", "R", "V"]
    assert [status for _, status in files][:2] == ["SUPERSEDED", "SUPERSEDED"]


def test_what_a_trust_suppressed_before_sending_is_never_a_zero(sample_warehouse: Warehouse) -> None:
    """D8: bounds are carried, a figure whose bounds are far apart is not available, and the trust is in no sum by group."""
    rows = sample_warehouse.query(
        "select numerator, numerator_status, numerator_low, numerator_high from mart_hi_rate where organisation_code = 'R9J'"
        " and dimension = 'IMD_QUINTILE' and indicator_id = 'WL_GT52_PCT' and is_sent_suppressed"
    )
    assert rows
    assert all(low is not None and high > low for _, _, low, high in rows)
    assert all(value is None for value, status, *_ in rows if status != "published")
    assert all(low - 2 <= value <= high + 2 and value > 0 for value, status, low, high in rows if status == "published")


def test_the_wait_never_stands_without_the_missed_appointments_beside_it(sample_warehouse: Warehouse) -> None:
    rows = sample_warehouse.query(
        "select waits.note, missed.value, missed.value_status from mart_hi_rate as waits left join mart_hi_rate as missed"
        " on missed.indicator_id = waits.paired_indicator_id and missed.organisation_code = waits.organisation_code"
        " and missed.dimension = waits.dimension and missed.group_code = waits.group_code and missed.period_end = waits.period_end"
        " where waits.indicator_id like 'WL%' and waits.organisation_code = 'R9A' and waits.dimension = 'IMD_QUINTILE'"
    )
    assert rows and all("first appointment" in note for note, *_ in rows)
    assert [row for row in rows if row[1] is None and row[2] != "suppressed"] == []
    assert any(value is not None for _, value, _ in rows)


def test_q_values_of_ratios_are_scipys_over_all_ratios_of_a_level_and_month(sample_warehouse: Warehouse) -> None:
    """p of the log ratio with Katz's variance and that of rounding four counts to 5 (delta method); Benjamini and Hochberg by scipy."""
    rows = sample_warehouse.query(
        """
        select g.organisation_level || g.period_end, g.numerator, g.denominator, r.numerator, r.denominator, g.q_value
        from mart_hi_rate as g
        join mart_hi_rate as r using (organisation_level, organisation_code, indicator_id, dimension, period_end)
        where g.rate_ratio is not null and r.group_code = g.reference_group and not r.is_estimate
            and g.group_code not in ('Z', '99', 'UNK', 'X')
        """
    )
    frame = pd.DataFrame(rows, columns=["family", "x", "n", "x0", "n0", "q"]).astype(
        dict.fromkeys(("x", "n", "x0", "n0", "q"), float)
    )
    share, base = frame.x / frame.n, frame.x0 / frame.n0
    variance = 1 / frame.x - 1 / frame.n + 1 / frame.x0 - 1 / frame.n0
    for counted, people, part in ((frame.x, frame.n, share), (frame.x0, frame.n0, base)):
        variance += 2 * (1 + part**2) / people**2 / (counted / people) ** 2
    frame["p"] = 2 * norm.sf((np.log(share / base) / np.sqrt(variance)).abs())
    wanted = frame.groupby("family").p.transform(false_discovery_control)
    assert len(frame) > 1000
    assert np.allclose(frame.q, wanted, rtol=1e-6, atol=1e-12)
    words = sample_warehouse.query(
        "select certainty, count(*), min(q_value), max(q_value) from mart_hi_rate where q_value is not null group by 1 order by 1"
    )
    assert [word for word, *_ in words] == ["clear difference", "no clear difference"]
    assert words[0][3] <= 0.05 < words[1][2]

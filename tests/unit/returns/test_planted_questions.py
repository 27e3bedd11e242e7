"""Example queries over returns, asked of small planted marts; the right answers are worked out by hand in the comments.

The tables have the marts' own columns and types (dbt/models/marts) and stand in memory; the text of a query is that of its YAML.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.fixtures.planted import Row, answer

NOW, BEFORE = dt.date(2026, 9, 30), dt.date(2026, 8, 31)


def rate(code: str, metric: str, dimension: str, group: str, **more: Any) -> Row:
    return {
        "organisation_level": "trust",
        "organisation_code": code,
        "indicator_id": metric,
        "dimension": dimension,
        "group_code": group,
        "period_end": NOW,
        "is_estimate": False,
        "disclosure_flag": "OK",
        "known_pct": 95,
        **more,
    }


def test_the_largest_excess_is_in_the_bad_direction_of_each_metric() -> None:
    """Within 18 weeks, 0.9 times as often is 100 late waits too many; 1.2 times as often is 200 fewer, no excess at all.

    900 too many with limits that leave out 1, but a q value of 20%: one of many comparisons, no clear difference.
    """
    clear = {"certainty": "clear difference", "q_value": 0.01}
    worse = {
        "excess_count": 100.0,
        "rate_ratio": 0.9,
        "rate_ratio_ci_lower_95": 0.85,
        "rate_ratio_ci_upper_95": 0.95,
    } | clear
    better = {
        "excess_count": -200.0,
        "rate_ratio": 1.2,
        "rate_ratio_ci_lower_95": 1.1,
        "rate_ratio_ci_upper_95": 1.3,
    } | clear
    longer = {
        "excess_count": 40.0,
        "rate_ratio": 2.0,
        "rate_ratio_ci_lower_95": 1.5,
        "rate_ratio_ci_upper_95": 2.7,
    } | clear
    chance = {
        "excess_count": 900.0,
        "rate_ratio": 1.2,
        "rate_ratio_ci_lower_95": 1.01,
        "rate_ratio_ci_upper_95": 1.4,
        "q_value": 0.2,
        "certainty": "no clear difference",
    }
    rows = answer(
        "largest_avoidable_excess",
        mart_hi_rate=[
            rate("R9A", "WL_LE18_PCT", "IMD_QUINTILE", "1", **worse),
            rate("R9A", "WL_LE18_PCT", "IMD_QUINTILE", "2", **better),
            rate("R9A", "WL_GT52_PCT", "IMD_QUINTILE", "1", **longer),
            rate("R9A", "WL_GT52_PCT", "IMD_QUINTILE", "2", **chance),
            rate("R9A", "WL_GT52_PCT", "IMD_QUINTILE", "3", **longer | {"known_pct": 79}),
            rate("R9A", "WL_GT52_PCT", "IMD_QUINTILE", "4", **longer | {"period_end": BEFORE, "excess_count": 999.0}),
        ],
    )
    assert [(row["indicator_id"], row["group_code"], row["excess_count"]) for row in rows] == [
        ("WL_LE18_PCT", "1", 100),
        ("WL_GT52_PCT", "1", 40),
    ]


def test_points_between_the_fifths_are_of_one_month() -> None:
    """Now 4 - 3 = 1 point; the highest of all months would be 9 - 6 = 3. A trust whose fifth is hidden has no gap."""
    fifth = "IMD_QUINTILE"
    found = answer(
        "long_waits_most_against_least_deprived",
        mart_hi_rate=[
            rate("R9A", "WL_GT52_PCT", fifth, "1", value=9.0, period_end=BEFORE),
            rate("R9A", "WL_GT52_PCT", fifth, "5", value=6.0, period_end=BEFORE),
            rate("R9A", "WL_GT52_PCT", fifth, "1", value=4.0),
            rate("R9A", "WL_GT52_PCT", fifth, "5", value=3.0),
            rate("R9B", "WL_GT52_PCT", fifth, "5", value=7.0, period_end=BEFORE),
            rate("R9B", "WL_GT52_PCT", fifth, "1", value=8.0),
            rate("R9B", "WL_GT52_PCT", fifth, "5", value=None),
            rate("R9A", "OP_DNA_PCT", fifth, "1", value=50.0, period_end=dt.date(2026, 10, 31)),
        ],
        dim_trust=[
            {"organisation_code": "R9A", "organisation_name": "A"},
            {"organisation_code": "R9B", "organisation_name": "B"},
        ],
    )
    assert [(row["organisation_code"], row["q1"], row["q5"], row["gap_pp"], row["period_end"]) for row in found] == [
        ("R9A", 4, 3, 1, NOW),
        ("R9B", 8, None, None, NOW),
    ]


def test_the_position_of_ethnic_groups_is_of_the_newest_period_as_reported() -> None:
    england = {"organisation_level": "england"}
    rows = answer(
        "position_by_ethnic_group",
        mart_hi_rate=[
            rate("ENG", "WL_GT52_PCT", "ETHNIC5", "BLACK", value=9.0, period_end=BEFORE, **england),
            rate("ENG", "WL_GT52_PCT", "ETHNIC5", "BLACK", value=5.0, rate_ratio=1.25, **england),
            rate("ENG", "WL_GT52_PCT", "ETHNIC5", "BLACK", value=6.0, **england) | {"is_estimate": True},
            rate("ENG", "WL_GT52_PCT", "ETHNIC5", "WHITE", value=4.0, **england),
            rate("ENG", "WL_LE18_PCT", "ETHNIC5", "WHITE", value=60.0, period_end=BEFORE, **england),
        ],
    )
    assert [(row["indicator_id"], row["group_code"], row["value"], row["period_end"]) for row in rows] == [
        ("WL_GT52_PCT", "BLACK", 5, NOW),
        ("WL_GT52_PCT", "WHITE", 4, NOW),
        ("WL_LE18_PCT", "WHITE", 60, BEFORE),
    ]


def test_missed_appointments_are_of_the_newest_period_and_name_it() -> None:
    clear = {
        "value": 12.0,
        "rate_ratio": 1.5,
        "rate_ratio_ci_lower_95": 1.2,
        "rate_ratio_ci_upper_95": 1.9,
        "certainty": "clear difference",
    }
    chance = clear | {"rate_ratio_ci_lower_95": 1.01, "certainty": "no clear difference"}
    rows = answer(
        "missed_and_cancelled_appointments",
        mart_hi_rate=[
            rate("R9A", "OP_DNA_PCT", "IMD_QUINTILE", "1", **clear),
            rate("R9A", "OP_DNA_PCT", "IMD_QUINTILE", "2", **chance),
            rate("R9B", "OP_DNA_PCT", "IMD_QUINTILE", "1", period_end=BEFORE, **clear),
            rate("ENG", "OP_DNA_PCT", "IMD_QUINTILE", "1", **clear) | {"is_estimate": True},
        ],
    )
    assert [(row["organisation_code"], row["group_code"], row["indicator_id"], row["period_end"]) for row in rows] == [
        ("R9A", "1", "OP_DNA_PCT", NOW)
    ]


def cell(code: str, group: str, fifth: str, events: int | None, people: int | None, **more: Any) -> Row:
    status = "published" if events is not None else "suppressed"
    return {
        "organisation_level": "trust",
        "organisation_code": code,
        "indicator_id": "WL_GT52_PCT",
        "ethnic_group_5": group,
        "imd_quintile": fifth,
        "period_end": NOW,
        "numerator": events,
        "numerator_status": status,
        "denominator": people,
        "denominator_status": "published" if people is not None else "suppressed",
        "disclosure_flag": "OK" if events is not None else "SUPPRESSED",
        **more,
    }


def whole(code: str, group: str, events: int, people: int) -> Row:
    row = cell(code, group, "", events, people)
    del row["ethnic_group_5"], row["imd_quintile"]
    return {"dimension": "ETHNIC5", "group_code": group, **row}


def test_hidden_cells_are_bounds_of_the_ethnic_gap_and_not_left_out() -> None:
    """Black, most deprived: 40 of 400 shown and 1 to 7 of 100 hidden are 41 to 47 of 500, 8.2 to 9.4%; shown cells alone
    said 10%, as White patients (100 of 1,000), so no gap: it is -1.8 to -0.6 points. Fifth 5: withheld, 0 to 50 of 50.
    The whole group comes from its own figure. R9G records too little and is in no sum.
    """
    withheld = {"numerator_status": "withheld", "withheld_reason": "half of the quintiles of this group are too small"}
    unrecorded = {"numerator_status": "withheld", "withheld_reason": "W06: ethnic category not known for more than 20%"}
    rows = answer(
        "ethnic_gap_inside_deprivation_fifths",
        mart_hi_intersection=[
            cell("R9A", "BLACK", "1", 40, 400),
            cell("R9B", "BLACK", "1", None, 100),
            cell("R9A", "BLACK", "5", None, 50, **withheld),
            cell("R9A", "WHITE", "1", 60, 600),
            cell("R9B", "WHITE", "1", 40, 400),
            cell("R9A", "WHITE", "5", 5, 100),
            cell("R9G", "BLACK", "1", None, 9000, **unrecorded),
            cell("R9A", "BLACK", "1", 400, 400, period_end=BEFORE),
        ],
        mart_hi_rate=[
            whole("R9A", "BLACK", 45, 450),
            whole("R9B", "BLACK", 5, 100),
            whole("R9A", "WHITE", 65, 700),
            whole("R9B", "WHITE", 40, 400),
            whole("R9G", "WHITE", 9000, 9000),
        ],
    )
    found = {(row["ethnic_group_5"], row["imd_quintile"]): row for row in rows}
    black = found["BLACK", 1]
    assert (black["rate_low"], black["rate_high"]) == (pytest.approx(0.082), pytest.approx(0.094))
    assert (black["gap_low"], black["gap_high"]) == (pytest.approx(-0.018), pytest.approx(-0.006))
    assert black["rate"] is None and (black["trusts"], black["trusts_hidden"]) == (2, 1)
    assert found["WHITE", 1]["rate"] == pytest.approx(0.1)
    assert (found["BLACK", 5]["rate_low"], found["BLACK", 5]["rate_high"]) == (0, 1)
    assert found["BLACK", None]["rate"] == pytest.approx(50 / 550)
    assert found["WHITE", None]["rate"] == pytest.approx(105 / 1100)
    assert found["BLACK", None]["gap_low"] == pytest.approx(50 / 550 - 105 / 1100)


def test_people_of_a_withheld_cell_are_unknown_and_so_is_the_rate() -> None:
    hidden = {"numerator_status": "withheld", "denominator_status": "withheld"}
    rows = answer(
        "ethnic_gap_inside_deprivation_fifths",
        mart_hi_intersection=[cell("R9A", "BLACK", "1", 40, 400), cell("R9B", "BLACK", "1", None, None, **hidden)],
        mart_hi_rate=[],
    )
    assert [(row["rate"], row["rate_low"], row["rate_high"]) for row in rows] == [(None, None, None)]


def inclusion(measure: str, ratio: float, period: dt.date = NOW) -> Row:
    return {
        "organisation_code": "R9A",
        "group_code": "IH_HOMELESS",
        "measure_code": measure,
        "rate_ratio": ratio,
        "disclosure_flag": "OK",
        "period_end": period,
    }


def test_homeless_ratios_are_of_the_newest_period() -> None:
    measures = [inclusion("AE_ATTENDANCES", 9.0, BEFORE), inclusion("AE_ATTENDANCES", 6.0), inclusion("MEAN_LOS", 2.0)]
    rows = answer("homeless_to_housed_ratios", mart_inclusion_health=measures)
    assert [(row["measure_code"], row["rate_ratio"]) for row in rows] == [("AE_ATTENDANCES", 6), ("MEAN_LOS", 2)]


def test_an_open_action_is_counted_once_whatever_the_number_of_measures() -> None:
    """Two measures now, two actions open and one closed: two actions, and the worst ratio of now, 6, not 9 of before."""
    named = {
        "organisation_code": "R9A",
        "option_code": "IH_HOMELESS",
        "question_code": "HI_PLUS_GROUP",
        "selected": True,
    }
    action = {"organisation_code": "R9A", "group_code": "IH_HOMELESS"}
    rows = answer(
        "named_groups_gaps_and_actions",
        mart_trust_survey=[
            {**named, "wave": "2025"},
            {**named, "wave": "2024"},
            {**named, "wave": "2024", "option_code": "IH_VETERANS"},
        ],
        mart_inclusion_health=[
            inclusion("AE_ATTENDANCES", 9.0, BEFORE),
            inclusion("AE_ATTENDANCES", 6.0),
            inclusion("MEAN_LOS", 2.0),
        ],
        mart_action=[
            {**action, "item_id": "1", "status": "ACTIVE"},
            {**action, "item_id": "2", "status": "PLANNED"},
            {**action, "item_id": "3", "status": "CLOSED"},
        ],
    )
    assert rows == [{"organisation_code": "R9A", "plus_group": "IH_HOMELESS", "worst_rr": 6, "actions": 2}]

"""Example queries over returns, asked of small planted marts; the right answers are worked out by hand in the comments.

The tables have the marts' own columns and types (dbt/models/marts) and stand in memory; the text of a query is that of its YAML.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.planted import BEFORE, LATER, NOW, PLACES, WRONG, Row, answer, beside, many


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


def clear(metric: str, fifth: str, **more: Any) -> Row:
    """A rate twice as high as that of the reference group, which is a clear difference."""
    return rate("R9A", metric, "IMD_QUINTILE", fifth, **({"rate_ratio": 2.0, "certainty": "clear difference"} | more))


def test_the_largest_excess_is_in_the_bad_direction_of_each_metric() -> None:
    """Within 18 weeks, 0.9 times as often is 100 late waits too many; 1.2 times as often is 200 fewer, no excess at all.

    900 too many, but a q value of 20%: one of many comparisons, no clear difference. Of six groups of a trust the first five.
    """
    worse = clear("WL_LE18_PCT", "1", excess_count=100.0, rate_ratio=0.9)
    longer = clear("WL_GT52_PCT", "1", excess_count=40.0)
    rows = answer(
        "largest_avoidable_excess",
        mart_hi_rate=[
            worse,
            worse | {"group_code": "2", "excess_count": -200.0, "rate_ratio": 1.2},
            longer,
            *beside(
                longer, {"group_code": "2", "excess_count": 900.0}, certainty="no clear difference", known_pct=79, disclosure_flag="SUPPRESSED",
                period_end=BEFORE, organisation_level="icb", is_estimate=True,
            ),
            *(longer | {"organisation_code": "R9B", "group_code": str(group), "excess_count": 9.0 - group} for group in range(1, 7)),
        ],
    )  # fmt: skip
    assert [
        (row["organisation_code"], row["indicator_id"], row["group_code"], row["excess_count"]) for row in rows
    ] == [
        ("R9A", "WL_LE18_PCT", "1", 100),
        ("R9A", "WL_GT52_PCT", "1", 40),
        *(("R9B", "WL_GT52_PCT", str(group), 9 - group) for group in range(1, 6)),
    ]


def test_the_largest_excess_is_of_the_newest_month_that_trusts_sent_of_each_metric() -> None:
    """Appointments come a month after waits; a later month of England, or one that is estimated, is no month of trusts."""
    missed = clear("OP_DNA_PCT", "1", excess_count=60.0, period_end=BEFORE)
    rows = answer(
        "largest_avoidable_excess",
        mart_hi_rate=[
            clear("WL_GT52_PCT", "1", excess_count=40.0),
            missed,
            *beside(
                missed, {"excess_count": WRONG, "period_end": LATER}, organisation_level="england", is_estimate=True
            ),
        ],
    )
    assert [(row["indicator_id"], row["excess_count"], row["period_end"]) for row in rows] == [
        ("OP_DNA_PCT", 60, BEFORE),
        ("WL_GT52_PCT", 40, NOW),
    ]


def test_points_between_the_fifths_are_of_one_month() -> None:
    """Now 4 - 3 = 1 point; the highest of all months would be 9 - 6 = 3. A trust whose fifth is hidden has no gap.

    A later month of boards, of other rates, by another division or estimated is no month of trusts.
    """
    most = rate("R9A", "WL_GT52_PCT", "IMD_QUINTILE", "1", value=4.0)
    other = {
        "organisation_level": "icb",
        "indicator_id": "OP_DNA_PCT",
        "dimension": "IMD_QUINTILE_2019",
        "is_estimate": True,
    }
    found = answer(
        "long_waits_most_against_least_deprived",
        mart_hi_rate=[
            *many(
                most, {}, {"group_code": "5", "value": 3.0}, {"group_code": "3", "value": WRONG},
                {"value": 9.0, "period_end": BEFORE}, {"group_code": "5", "value": 6.0, "period_end": BEFORE},
            ),
            *many(
                most | {"organisation_code": "R9B"}, {"value": 8.0}, {"group_code": "5", "value": None},
                {"group_code": "5", "value": 7.0, "period_end": BEFORE},
            ),
            *many(most | {"organisation_code": "R9C"}, {"value": 5.0}, {"group_code": "5", "value": 3.0}),
            *beside(most, {"value": WRONG}, **other),
            *beside(most, {"value": WRONG, "period_end": LATER}, **other),
        ],
        dim_trust=[*PLACES[:2], {"organisation_code": "R9C", "organisation_name": "C Trust"}],
    )  # fmt: skip
    assert [(row["organisation_name"], row["q1"], row["q5"], row["gap_pp"], row["period_end"]) for row in found] == [
        ("C Trust", 5, 3, 2, NOW),
        ("A Trust", 4, 3, 1, NOW),
        ("B Trust", 8, None, None, NOW),
    ]


def test_the_position_of_ethnic_groups_is_of_the_newest_period_as_reported() -> None:
    black = rate("ENG", "WL_GT52_PCT", "ETHNIC5", "BLACK", value=5.0, organisation_level="england")
    other = {"organisation_level": "trust", "dimension": "ETHNIC_CATEGORY", "is_estimate": True}
    rows = answer(
        "position_by_ethnic_group",
        mart_hi_rate=[
            black,
            black | {"group_code": "WHITE", "value": 4.0},
            black | {"group_code": "WHITE", "value": 60.0, "indicator_id": "WL_LE18_PCT", "period_end": BEFORE},
            black | {"group_code": "WHITE", "value": 1.0, "indicator_id": "WL_GT65_PCT"},
            *beside(black, {"value": WRONG}, period_end=BEFORE, indicator_id="OP_DNA_PCT", **other),
            *beside(black, {"value": WRONG, "period_end": LATER}, **other),
        ],
    )
    assert [(row["indicator_id"], row["group_code"], row["value"], row["period_end"]) for row in rows] == [
        ("WL_GT52_PCT", "BLACK", 5, NOW),
        ("WL_GT52_PCT", "WHITE", 4, NOW),
        ("WL_GT65_PCT", "WHITE", 1, NOW),
        ("WL_LE18_PCT", "WHITE", 60, BEFORE),
    ]


def test_missed_appointments_are_of_the_newest_period_and_name_it() -> None:
    """Less often than the reference group is not more often, however clear it is."""
    missed = clear("OP_DNA_PCT", "1", value=12.0)
    other = {"indicator_id": "WL_GT52_PCT", "dimension": "SEX", "is_estimate": True}
    rows = answer(
        "missed_and_cancelled_appointments",
        mart_hi_rate=[
            missed,
            missed | {"indicator_id": "OP_PATCANC_PCT", "period_end": BEFORE},
            missed | {"indicator_id": "OP_HOSPCANC_PCT", "dimension": "ETHNIC5", "group_code": "BLACK"},
            *beside(
                missed, {"group_code": "2"}, period_end=BEFORE, certainty="no clear difference", rate_ratio=0.8, **other
            ),
            *beside(missed, {"period_end": LATER}, **other),
        ],
    )
    assert [(row["organisation_code"], row["group_code"], row["indicator_id"], row["period_end"]) for row in rows] == [
        ("R9A", "1", "OP_DNA_PCT", NOW),
        ("R9A", "BLACK", "OP_HOSPCANC_PCT", NOW),
        ("R9A", "1", "OP_PATCANC_PCT", BEFORE),
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
    black_most, black_whole = cell("R9A", "BLACK", "1", 40, 400), whole("R9A", "BLACK", 45, 450)
    other = {"indicator_id": "OP_DNA_PCT", "organisation_level": "icb"}
    rows = answer(
        "ethnic_gap_inside_deprivation_fifths",
        mart_hi_intersection=[
            black_most,
            *beside(black_most, {"numerator": 400}, period_end=BEFORE, **other),
            *beside(black_most, {"numerator": 400, "period_end": LATER}, **other),
            cell("R9B", "BLACK", "1", None, 100),
            cell("R9A", "BLACK", "5", None, 50, **withheld),
            cell("R9A", "WHITE", "1", 60, 600),
            cell("R9B", "WHITE", "1", 40, 400),
            cell("R9A", "WHITE", "5", 5, 100),
            cell("R9G", "BLACK", "1", None, 9000, **unrecorded),
        ],
        mart_hi_rate=[
            black_whole,
            *beside(black_whole, {"numerator": 450}, period_end=BEFORE, dimension="ETHNIC_CATEGORY", **other),
            whole("R9B", "BLACK", 5, 100),
            whole("R9A", "WHITE", 65, 700),
            whole("R9B", "WHITE", 40, 400),
            whole("R9G", "WHITE", 9000, 9000),
        ],
    )
    found = {(row["ethnic_group_5"], row["imd_quintile"]): row for row in rows}
    assert len(found) == len(rows)
    black = found["BLACK", 1]
    assert (black["rate_low"], black["rate_high"]) == (pytest.approx(0.082), pytest.approx(0.094))
    assert (black["gap_low"], black["gap_high"]) == (pytest.approx(-0.018), pytest.approx(-0.006))
    assert black["rate"] is None and (black["trusts"], black["trusts_hidden"]) == (2, 1)
    assert found["WHITE", 1]["rate"] == pytest.approx(0.1) and found["WHITE", 1]["gap_low"] is None
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


def inclusion(measure: str, ratio: float | None, **more: Any) -> Row:
    return {
        "organisation_code": "R9A",
        "group_code": "IH_HOMELESS",
        "measure_code": measure,
        "rate_ratio": ratio,
        "disclosure_flag": "OK",
        "period_end": NOW,
        **more,
    }


def test_homeless_ratios_are_of_the_newest_period() -> None:
    """Each measure has its own; where it is hidden, the one before does not stand in."""
    visits = inclusion("AE_ATTENDANCES", 6.0)
    rows = answer(
        "homeless_to_housed_ratios",
        mart_inclusion_health=[
            visits,
            inclusion("EM_ADMISSIONS", 3.0, period_end=BEFORE),
            inclusion("MEAN_LOS", 2.0),
            visits | {"organisation_code": "R9B", "rate_ratio": 5.0, "period_end": BEFORE},
            visits | {"organisation_code": "R9B", "rate_ratio": None, "disclosure_flag": "SUPPRESSED"},
            *beside(
                visits, {"rate_ratio": WRONG}, period_end=BEFORE, group_code="IH_ROMA", measure_code="EPC_REGISTERED"
            ),
            *beside(visits, {"rate_ratio": WRONG, "period_end": LATER}, group_code="IH_ROMA"),
        ],
    )
    assert [(row["organisation_code"], row["measure_code"], row["rate_ratio"]) for row in rows] == [
        ("R9A", "AE_ATTENDANCES", 6),
        ("R9A", "EM_ADMISSIONS", 3),
        ("R9A", "MEAN_LOS", 2),
    ]


def test_an_open_action_is_counted_once_whatever_the_number_of_measures() -> None:
    """Two measures, two actions open and one closed: two actions, and the worst of the newest ratios, 7 (stays) and 6 (visits), not 9 of before.

    A later wave that asked something else names no group.
    """
    named = {
        "organisation_code": "R9A",
        "option_code": "IH_HOMELESS",
        "question_code": "HI_PLUS_GROUP",
        "selected": True,
        "wave": "2025",
    }
    visits = inclusion("AE_ATTENDANCES", 6.0)
    action = {"organisation_code": "R9A", "group_code": "IH_HOMELESS", "item_id": "1", "status": "ACTIVE"}
    elsewhere = {"organisation_code": "R9B", "group_code": "IH_ROMA"}
    rows = answer(
        "named_groups_gaps_and_actions",
        mart_trust_survey=[
            named,
            *beside(named, {"option_code": "IH_ROMA"}, wave="2024", selected=False, question_code="HI_BARRIER"),
            named | {"question_code": "HI_BARRIER", "wave": "2026"},
        ],
        mart_inclusion_health=[
            visits,
            inclusion("MEAN_LOS", 7.0, period_end=BEFORE),
            *beside(visits, {"rate_ratio": 9.0}, period_end=BEFORE, **elsewhere),
        ],
        mart_action=[
            action,
            action | {"item_id": "2", "status": "PLANNED"},
            *beside(action, {"item_id": "3"}, status="CLOSED", **elsewhere),
        ],
    )
    assert rows == [{"organisation_code": "R9A", "plus_group": "IH_HOMELESS", "worst_rr": 7, "actions": 2}]

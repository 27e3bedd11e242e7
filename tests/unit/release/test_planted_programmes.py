"""Example queries over trends, priorities, returns and the release, asked of small planted marts: what is wanted, worked out by hand, and beside it what must not be taken.

A row that must not be taken is of another period, indicator, group, geography or level; each has a value that would be seen.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from tests.fixtures.planted import (
    BEFORE,
    LATER,
    LONG,
    NOW,
    OLD,
    PLACES,
    QUERIES,
    WRONG,
    answer,
    beside,
    many,
)


def test_is_inequality_widening() -> None:
    """The newest trend of each trust and metric, of at least 12 months."""
    slope = {
        "organisation_level": "trust",
        "organisation_code": "R9A",
        "indicator_id": "WL_GT52_PCT",
        "dimension": "IMD_QUINTILE",
        "measure": "slope_trend",
        "points_used": 12,
        "period_end": NOW,
        "value": 0.1,
        "trend": "widening",
    }
    rows = answer(
        "is_inequality_widening",
        mart_inequality_summary=[
            slope,
            slope | {"organisation_code": "R9B", "period_end": BEFORE, "value": 0.2},
            slope | {"indicator_id": "OP_DNA_PCT", "period_end": BEFORE, "value": 0.3},
            slope | {"value": WRONG, "period_end": BEFORE},
            *beside(
                slope | {"period_end": LATER},
                {"value": WRONG},
                points_used=11,
                organisation_level="icb",
                dimension="IMD_DECILE",
                measure="slope_index",
            ),
        ],
    )
    assert sorted((row["trend_per_month"], row["trend"], row["period_end"]) for row in rows) == [
        (0.1, "widening", NOW),
        (0.2, "widening", BEFORE),
        (0.3, "widening", BEFORE),
    ]


def test_returns_outstanding() -> None:
    """Two of six are in use, a third; a suspended return is not in use and not outstanding."""
    states = ["ACCEPTED", "LATE", "ACCEPTED", "REJECTED", "AWAITED", "SUSPENDED"]
    rows = answer(
        "returns_outstanding",
        mart_submission=[
            {
                "collection_code": "WL01",
                "period_end": NOW,
                "organisation_code": f"R9{letter}",
                "status": status,
                "is_in_use": status == "ACCEPTED",
            }
            for letter, status in zip("FEDCBA", states, strict=True)
        ],
    )
    assert [tuple(row.values()) for row in rows] == [("WL01", NOW, 6, 2, 33.3, ["R9B", "R9C", "R9E"])]


def test_missed_appointments_by_deprivation() -> None:
    """Nobody publishes it of patients; the nearest is of trusts by their catchment, and says so."""
    fifth = {
        "analysis": "did_not_attend_against_catchment_deprivation",
        "dimension": "catchment_core20_fifth",
        "organisation_level": "england",
    }
    rows = answer(
        "missed_appointments_by_deprivation",
        mart_coverage=many(
            {"indicator_id": "op_did_not_attend", "breakdown": "deprivation", "organisation_level": "england", "availability": "not_public"},
            {}, {"breakdown": "age", "availability": "available"}, {"indicator_id": LONG, "availability": "available"},
        ),
        mart_outpatients=[
            *many(fifth | {"period_end": NOW}, {"group_code": "1", "value": 0.08}, {"group_code": "5", "value": 0.06}),
            *many(fifth | {"value": WRONG}, {"dimension": "all"}, {"analysis": "did_not_attend_by_age"}),
        ],
    )  # fmt: skip
    assert [(row["availability"], row["fifth"], row["value"]) for row in rows] == [
        ("not_public", None, None), ("nearest", "1", 0.08), ("nearest", "5", 0.06)
    ]  # fmt: skip


def test_what_changed_since_the_period_before() -> None:
    """The newest month of each indicator alone; a chart of another month or trust says nothing of it; what is new has not moved.

    The board is the first that has a month before.
    """
    moved = {
        "organisation_code": "R9A",
        "organisation_name": "A Trust",
        "icb_code": "QAA",
        "unit": "proportion",
        "period_end": NOW,
        "previous_period_end": BEFORE,
    }
    wait = moved | {
        "dimension": "all",
        "treatment_function_code": "all",
        "indicator_id": "rtt",
        "period_end": BEFORE,
        "value": 0.6,
        "previous_value": 0.5,
    }
    stay = moved | {"indicator_id": "ae", "value": 0.5, "previous_value": 0.75}
    chart = {"indicator_id": "ae", "organisation_code": "R9A", "period_end": NOW, "certainty": "clear difference"}
    rows = answer(
        "what_changed_since_the_period_before",
        mart_waiting_list=[wait, *beside(wait, {"value": WRONG}, period_end=OLD, dimension="sex", treatment_function_code="C_110")],
        mart_urgent_care=[
            stay,
            *beside(stay, {"value": WRONG}, period_end=BEFORE, unit="count", icb_code="QBB", previous_value=None),
            stay | {"icb_code": "Q00", "previous_value": None},
        ],
        mart_control_chart=[
            chart,
            *beside(chart, {"certainty": "wrong"}, period_end=BEFORE, organisation_code="R9B", indicator_id="rtt_other"),
        ],
    )  # fmt: skip
    assert [(row["value"], row["change"], row["more_than_ordinary_variation"]) for row in rows] == [
        (0.5, -0.25, "clear difference"),
        (0.6, pytest.approx(0.1), "no control chart at this level"),
    ]


def test_preterm_births_by_deprivation() -> None:
    """A tenth and a fifth are both called 1: the dimension tells them apart; where there is no figure there is the reason."""
    covered = {
        "indicator_id": "MAT-04",
        "organisation_level": "icb",
        "availability": "available",
        "breakdown": "deprivation",
    }
    birth = {
        "indicator_id": "MAT-04",
        "organisation_code": "QAA",
        "organisation_level": "icb",
        "geography_basis": "current",
        "period_end": NOW,
        "dimension": "imd_decile",
        "group_code": "1",
        "value": 80,
    }
    rows = answer(
        "preterm_births_by_deprivation",
        mart_coverage=[
            covered,
            covered | {"breakdown": "sex", "availability": "not_public", "availability_reason": "not given"},
            *many(covered, {"breakdown": "age"}, {"breakdown": "all"}, {"breakdown": "ethnicity"}),
            *beside(covered, {}, organisation_level="trust", indicator_id=LONG),
        ],
        dim_indicator=many({"unit": "rate_per_1000"}, {"indicator_id": "MAT-04"}, {"indicator_id": LONG}),
        fct_indicator_value=[
            birth,
            birth | {"dimension": "imd_quintile", "value": 75},
            birth | {"dimension": "core20", "value": 76},
            birth | {"dimension": "ethnic_group", "value": 70},
            birth | {"dimension": "age_band", "value": 71},
            birth | {"dimension": "all", "value": 72},
            *beside(birth, {"value": WRONG}, geography_basis="as_reported", indicator_id=LONG, organisation_level="trust"),
        ],
        dim_organisation=PLACES,
    )  # fmt: skip
    assert [
        (row["breakdown"], row["dimension"], row["organisation_name"], row["value"], row["availability_reason"])
        for row in rows
    ] == [
        ("age", "age_band", "A Board", 71, None),
        ("all", "all", "A Board", 72, None),
        ("deprivation", "core20", "A Board", 76, None),
        ("deprivation", "imd_decile", "A Board", 80, None),
        ("deprivation", "imd_quintile", "A Board", 75, None),
        ("ethnicity", "ethnic_group", "A Board", 70, None),
        ("sex", None, None, None, "not given"),
    ]


def test_priorities_of_trusts() -> None:
    """By rank; what is no priority has none and comes last."""
    group = {"organisation_level": "trust", "organisation_name": "A Trust", "indicator_name": "Over 52 weeks"}
    rows = answer(
        "priorities_of_trusts",
        mart_priorities=many(
            group,
            {"group_name": "Most deprived", "priority_rank": 2, "avoidable_per_1000": 3},
            {"group_name": "African", "priority_rank": 1, "avoidable_per_1000": 4},
            {"group_name": "Chinese", "priority_status": "no_clear_excess"},
            {"group_name": "Wrong", "organisation_level": "icb", "priority_rank": 1},
        ),
    )
    assert [(row["group_name"], row["priority_rank"]) for row in rows] == [
        ("African", 1),
        ("Most deprived", 2),
        ("Chinese", None),
    ]


def test_control_chart_of_four_hour_waits() -> None:
    month = {"indicator_id": "ae_four_hour_all", "organisation_code": "ENG", "assurance_icon": "consistent_fail"}
    rows = answer(
        "control_chart_of_four_hour_waits",
        mart_control_chart=[
            *many(month, {"period_start": NOW, "value": 0.75}, {"period_start": BEFORE, "value": 0.7}),
            *many(
                month | {"period_start": NOW, "value": WRONG},
                {"organisation_code": "R9A"},
                {"indicator_id": "ae_four_hour_type_1"},
            ),
        ],
    )
    assert [(row["value"], row["assurance_icon"]) for row in rows] == [
        (0.7, "consistent_fail"),
        (0.75, "consistent_fail"),
    ]


def test_targets_and_core20() -> None:
    """Each target and source has its own newest period."""
    at = {"target_id": "T1", "source_id": "nhse_rtt", "organisation_code": "ENG", "period_end": NOW}
    rows = answer(
        "targets_and_core20",
        mart_target_progress=many(
            at,
            {"value": 61.4, "trajectory": 64.3, "rag": "RED"},
            {"value": WRONG, "period_end": BEFORE},
            {"value": 60.0, "source_id": "returns", "period_end": BEFORE},
            {"value": 2.0, "target_id": "T2", "period_end": BEFORE},
        ),
    )
    assert sorted((row["source_id"], row["value"], row["rag"]) for row in rows) == [
        ("nhse_rtt", 2, None),
        ("nhse_rtt", 61.4, "RED"),
        ("returns", 60.0, None),
    ]


def test_what_an_indicator_means() -> None:
    """One row for an indicator: how far its definition is verified, not its target."""
    rows = answer(
        "what_an_indicator_means",
        dim_indicator=[{"indicator_id": LONG, "caveats": "pathways, not people"}],
        dim_indicator_verification=many(
            {"indicator_id": LONG},
            {"part": "definition", "verification": "read in the source"},
            {"part": "target", "verification": "not verified"},
        ),
    )
    assert [(row["indicator_id"], row["verification"], row["caveats"]) for row in rows] == [
        (LONG, "read in the source", "pathways, not people")
    ]


def test_trends_of_regions() -> None:
    rows = answer(
        "trends_of_regions",
        mart_trend=many(
            {"indicator_name": "A&E", "measure": "value", "dimension": "all"},
            {"organisation_level": "region", "organisation_name": "London", "trend": "Increasing"},
            {"organisation_level": "england", "organisation_name": "England", "trend": "No significant change"},
            {"organisation_level": "trust", "organisation_name": "A Trust", "trend": "Decreasing"},
        ),
    )
    assert [(row["organisation_name"], row["trend"]) for row in rows] == [
        ("England", "No significant change"),
        ("London", "Increasing"),
    ]


def test_can_i_trust_this_release() -> None:
    """Of each table what the gate said last."""
    day = dt.datetime(2026, 3, 31, tzinfo=dt.UTC)
    rows = answer(
        "can_i_trust_this_release",
        mart_publication=many(
            {"mart_name": "mart_funnel"},
            {"published_at": day, "gate_status": "passed"},
            {"published_at": day - dt.timedelta(days=1), "gate_status": "warned"},
            {"published_at": day - dt.timedelta(days=1), "gate_status": "warned", "mart_name": "mart_trend"},
        ),
    )
    found = sorted((row["mart_name"], row["gate_status"]) for row in rows)
    assert found == [("mart_funnel", "passed"), ("mart_trend", "warned")]


ELSEWHERE = {
    # records of the release itself: meta of a whole night
    "how_fresh_is_it", "what_is_in_it", "why_did_a_number_change",
    # macros of the published file, whose answers test_published_macros and test_measures_published know
    "group_against_group_in_an_icb", "measures_on_data_of_your_own",
}  # fmt: skip


def test_every_example_query_is_asked_of_planted_rows() -> None:
    """In any of the files test_planted_*."""
    planted = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parents[1].rglob("test_planted_*.py"))
    asked = set(re.findall(r'answer\(\s*"(\w+)"', planted))
    assert asked | ELSEWHERE == set(QUERIES)
    assert not asked & ELSEWHERE

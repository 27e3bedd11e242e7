"""Example queries over programmes, targets, returns and surveys, asked of small planted marts: what is wanted, worked out by hand, and beside it what must not be taken.

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
    WITHIN,
    WRONG,
    Case,
    answer,
    beside,
    cases_of,
    many,
    run,
)


def what_is_missing() -> None:
    row = {
        "indicator_id": "STM-EL-02",
        "breakdown": "all",
        "organisation_level": "england",
        "availability": "not_public",
        "availability_reason": "in SUS",
    }
    wrong = {"indicator_name": "Wrong"}
    rows = answer(
        "what_is_missing",
        mart_coverage=[
            row,
            *beside(row, wrong, availability="available", breakdown="sex", organisation_level="icb"),
            *beside(row, wrong, availability="partly"),
        ],
    )
    assert [(one["indicator_id"], one["reason"]) for one in rows] == [("STM-EL-02", "in SUS")]


def targets_met_lapsed_and_ahead() -> None:
    reading = {"organisation_code": "ENG", "indicator_id": LONG, "indicator_name": "Over 52 weeks", "period_end": NOW}
    rows = answer(
        "targets_met_lapsed_and_ahead",
        mart_target_reading=[
            *many(
                reading,
                {"value": 0.02, "target_reading": "target not met"},
                {"value": WRONG, "period_end": BEFORE},
                {"value": WRONG, "organisation_code": "QAA"},
            ),
            *many(reading, {"indicator_id": WITHIN, "period_end": BEFORE, "value": 0.6, "target_reading": "lapsed"}),
        ],
    )
    assert [(one["value"], one["target_reading"]) for one in rows] == [(0.6, "lapsed"), (0.02, "target not met")]


def is_inequality_widening() -> None:
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


def returns_outstanding() -> None:
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


def breadth_and_measures() -> None:
    """Each measure in its own column, however large the others are."""
    rows = answer(
        "breadth_and_measures",
        mart_action_summary=[
            *many(
                {"organisation_code": "R9A", "organisation_name": "A Trust"},
                {"measure": "open_priorities", "value": 4},
                {"measure": "share_with_metric", "value": 0.5},
                {"measure": "share_recurrent", "value": 0.25},
                {"measure": "published_plans", "value": 1},
            ),
            *many(
                {"organisation_code": "R9B", "organisation_name": "B Trust"},
                {"measure": "open_priorities", "value": 7},
                {"measure": "published_plans", "value": 9},
            ),
        ],
    )
    assert [tuple(row.values())[:5] for row in rows] == [("B Trust", 7, None, None, 9), ("A Trust", 4, 0.5, 0.25, 1)]


def approaches_by_trust_type() -> None:
    """A later wave of others, of all trusts or of another question says nothing of ours."""
    answered = {
        "question_code": "HI_APPROACH",
        "stratum_type": "TRUST_TYPE",
        "source_id": "own_survey",
        "wave": "2026",
        "stratum": "ACUTE",
        "option_label": "QI",
        "value": 60,
        "n_base": 10,
    }
    other = {"stratum_type": "ALL", "source_id": "published", "question_code": "HI_BARRIER"}
    rows = answer(
        "approaches_by_trust_type",
        mart_survey_benchmark=[
            answered,
            answered | {"option_label": "Pilot", "value": None, "n_base": None},
            answered | {"option_label": "Research", "value": 80},
            *beside(answered, {"value": WRONG}, wave="2025", **other),
            *beside(answered, {"value": WRONG, "wave": "2027"}, **other),
        ],
    )
    assert [(row["option_label"], row["value"], row["n_base"]) for row in rows] == [
        ("Research", 80, 10),
        ("QI", 60, 10),
        ("Pilot", None, None),
    ]


def missed_appointments_by_deprivation() -> None:
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


def what_changed_since_the_period_before() -> None:
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


def preterm_births_by_deprivation() -> None:
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


def priorities_of_trusts() -> None:
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


def control_chart_of_four_hour_waits() -> None:
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


def core20plus5_1_maternity() -> None:
    """A later period of another indicator says nothing of continuity of carer."""
    woman = {
        "indicator_id": "MAT-03",
        "organisation_level": "england",
        "period_end": NOW,
        "core20_value": 0.1,
        "rest_value": 0.2,
        "core20_gap": -0.1,
    }
    rows = answer(
        "core20plus5_1_maternity",
        mart_core20plus5_adults=[
            woman,
            *beside(woman, {"core20_value": WRONG}, period_end=BEFORE, indicator_id="SMI-01"),
            *beside(woman, {"core20_value": WRONG, "period_end": LATER}, indicator_id="SMI-01"),
        ],
    )
    assert [(row["core20_value"], row["rest_value"], row["core20_gap"]) for row in rows] == [(0.1, 0.2, -0.1)]


def core20plus5_2_severe_mental_illness() -> None:
    person = {
        "indicator_id": "SMI-01",
        "organisation_level": "icb",
        "organisation_name": "A Board",
        "period_end": NOW,
        "target": 0.6,
    }
    rows = answer(
        "core20plus5_2_severe_mental_illness",
        mart_core20plus5_adults=many(
            person,
            {"all_value": 0.5, "distance_to_target": -0.1},
            {"all_value": 0.4, "organisation_level": "england"},
            {"all_value": WRONG, "organisation_level": "trust"},
            {"all_value": WRONG, "indicator_id": "SMI-02"},
        ),
    )
    assert [(row["all_value"], row["target"], row["distance_to_target"]) for row in rows] == [
        (0.4, 0.6, None),
        (0.5, 0.6, -0.1),
    ]


def core20plus5_4_early_cancer_diagnosis() -> None:
    """The figure of England stands on the line of everybody alone, not beside boards or breakdowns that have none."""
    place = {
        "indicator_id": "CAN-01",
        "core20plus5_area": "early_cancer_diagnosis",
        "breakdown": "all",
        "organisation_level": "england",
    }
    stage = {"indicator_id": "CAN-01", "organisation_code": "ENG", "all_value": 0.58}
    rows = answer(
        "core20plus5_4_early_cancer_diagnosis",
        mart_coverage=[
            place,
            place | {"breakdown": "sex"},
            place | {"organisation_level": "icb"},
            *beside(place, {}, organisation_level="trust", core20plus5_area="maternity"),
        ],
        mart_core20plus5_adults=[stage, *beside(stage, {"all_value": WRONG}, organisation_code="QAA", indicator_id="CAN-02")],
    )  # fmt: skip
    found = [(row["organisation_level"], row["breakdown"], row["all_value"]) for row in rows]
    assert found == [("england", "all", 0.58), ("england", "sex", None), ("icb", "all", None)]


def core20plus5_children() -> None:
    """An element without a figure says why; an adults' indicator is none of the children's."""
    rows = answer(
        "core20plus5_children",
        dim_indicator=[
            {
                "indicator_id": "CYP-AST-01",
                "core20plus5_programme": "children",
                "core20plus5_element": 1,
                "not_public": "in a register",
            },
            {"indicator_id": "CYP-EPI-01", "core20plus5_programme": "children", "core20plus5_element": 3},
            {
                "indicator_id": "CYP-ORA-01",
                "core20plus5_programme": "children",
                "core20plus5_element": 4,
                "published_elsewhere": "in a report",
            },
            {"indicator_id": "SMI-01", "core20plus5_programme": "adults", "core20plus5_element": 2},
        ],
        mart_core20plus5_children=many(
            {"indicator_id": "CYP-EPI-01", "organisation_code": "ENG"},
            {"all_value": 0.7},
            {"all_value": WRONG, "organisation_code": "QAA"},
        ),
    )
    assert [(row["core20plus5_element"], row["all_value"], row["why_not"]) for row in rows] == [
        ("1", None, "in a register"),
        ("3", 0.7, None),
        ("4", None, "in a report"),
    ]


def statement_of_a_trust_or_icb() -> None:
    line = {
        "organisation_code": "R9A",
        "organisation_level": "trust",
        "statement_version": "2023",
        "line_no": 4,
        "breakdown": "all",
    }
    rows = answer(
        "statement_of_a_trust_or_icb",
        mart_statement=[
            *many(
                line,
                {
                    "indicator_id": "b",
                    "value": 1.2,
                    "level_label": "ICB of the trust",
                    "availability": "not_public",
                    "note": "a proxy",
                },
            ),
            *many(
                line,
                {
                    "indicator_id": "a",
                    "line_no": 1,
                    "value": 0.6,
                    "level_label": "NHS trust",
                    "availability": "available",
                },
            ),
            *many(
                line | {"value": WRONG},
                {"organisation_code": "R9B"},
                {"organisation_code": "QAA", "organisation_level": "icb"},
            ),
        ],
    )
    assert [(row["value"], row["level_label"], row["availability"], row["note"]) for row in rows] == [
        (0.6, "NHS trust", "available", None),
        (1.2, "ICB of the trust", "not_public", "a proxy"),
    ]


def five_priorities() -> None:
    """England's rows, and the priority that has no figure at all."""
    rows = answer(
        "five_priorities",
        mart_five_priorities=many(
            {"organisation_code": "ENG"},
            {"priority_no": 2, "indicator_id": "a", "value": 0.5, "core20_gap": 0.1},
            {"priority_no": 1, "organisation_code": "none", "value_status_reason": "nobody counts it"},
            {"priority_no": 2, "organisation_code": "R9A", "value": WRONG},
        ),
    )
    assert [(row["priority_no"], row["value"], row["value_status_reason"]) for row in rows] == [
        (1, None, "nobody counts it"),
        (2, 0.5, None),
    ]


def targets_and_core20() -> None:
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


def barriers_over_waves() -> None:
    """The first wave has none before it; strata are no whole."""
    said = {
        "question_code": "HI_BARRIER",
        "stratum_type": "ALL",
        "source_id": "own_survey",
        "wave": "2026",
        "previous_wave": "2025",
    }
    rows = answer(
        "barriers_over_waves",
        mart_survey_benchmark=many(
            said,
            {"option_label": "Data", "value": 40, "change_points": -10},
            {"option_label": "Money", "value": 60, "change_points": 5},
            {"value": WRONG, "previous_wave": None},
            {"value": WRONG, "stratum_type": "TRUST_TYPE"},
            {"value": WRONG, "question_code": "HI_APPROACH"},
        ),
    )
    assert [(row["option_label"], row["value"], row["change_points"]) for row in rows] == [
        ("Data", 40, -10),
        ("Money", 60, 5),
    ]


def us_and_our_peers() -> None:
    said = {"stratum_type": "TRUST_TYPE", "organisation_name": "A Trust", "question_code": "HI_BARRIER"}
    rows = answer(
        "us_and_our_peers",
        mart_trust_vs_peer=many(
            said,
            {"option_label": "Data", "contrast": "we_do_most_peers_do_not", "selected": True, "value": 20},
            {"option_label": "Money", "contrast": "as_most_peers", "value": WRONG},
            {"option_label": "Time", "contrast": "most_peers_do_we_do_not", "selected": False, "value": 80},
            {"option_label": "Data", "contrast": "we_do_most_peers_do_not", "stratum_type": "ALL", "value": WRONG},
        ),
    )
    assert [(row["option_label"], row["selected"], row["value"]) for row in rows] == [
        ("Data", True, 20),
        ("Time", False, 80),
    ]


def race_equality_ratios() -> None:
    """The largest ratio of each indicator first, those that cannot be worked out last."""
    ratio = {"measure_kind": "relative_likelihood", "indicator_no": 2}
    rows = answer(
        "race_equality_ratios",
        mart_workforce_equality=many(
            ratio,
            {"organisation_name": "A Trust", "value": 1.2},
            {"organisation_name": "B Trust", "value": None, "value_status_reason": "nobody was appointed"},
            {"organisation_name": "C Trust", "value": 1.8},
            {"organisation_name": "D Trust", "value": WRONG, "measure_kind": "share"},
        ),
    )
    assert [(row["organisation_name"], row["ratio"]) for row in rows] == [
        ("C Trust", 1.8),
        ("A Trust", 1.2),
        ("B Trust", None),
    ]


def plus_groups_and_their_evidence() -> None:
    """Named, or with a clear gap, or with an open action; a group with none of them is left out."""
    rows = answer(
        "plus_groups_and_their_evidence",
        mart_plus_group=many(
            {"organisation_name": "A Trust", "selected": False, "has_clear_gap": False, "open_actions": 0},
            {"group_name": "Carers", "selected": True},
            {"group_name": "Homeless", "has_clear_gap": True},
            {"group_name": "Roma", "open_actions": 2},
            {"group_name": "Veterans"},
        ),
    )
    assert [row["group_name"] for row in rows] == ["Carers", "Homeless", "Roma"]


def what_an_indicator_means() -> None:
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


def trends_of_regions() -> None:
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


def core20_population() -> None:
    """The newest edition first; of a trust the share is that of the boards its patients come from, in a column of its own."""
    rows = answer(
        "core20_population",
        mart_core20_population=many(
            {"imd_version": "2025"},
            {"organisation_level": "trust", "organisation_name": "A Trust", "core20_share_of_catchment_icbs": 0.3},
            {"organisation_level": "icb", "organisation_name": "A Board", "value": 0.25},
            {"organisation_level": "icb", "organisation_name": "B Board", "value": 0.35},
            {"organisation_level": "icb", "organisation_name": "A Board", "value": 0.24, "imd_version": "2019"},
        ),
    )
    found = [
        (row["imd_version"], row["organisation_name"], row["value"], row["core20_share_of_catchment_icbs"])
        for row in rows
    ]
    assert found == [
        ("2025", "B Board", 0.35, None),
        ("2025", "A Board", 0.25, None),
        ("2025", "A Trust", None, 0.3),
        ("2019", "A Board", 0.24, None),
    ]


def core20plus5_3_chronic_respiratory() -> None:
    area = {
        "core20plus5_area": "chronic_respiratory",
        "organisation_level": "england",
        "breakdown": "all",
        "indicator_id": "RESP-01",
    }
    shown = many(area, {"availability": "available"}, {"availability": "not_public", "organisation_level": "icb"})
    others = many(area, {"organisation_level": "trust"}, {"core20plus5_area": "maternity"})
    rows = answer("core20plus5_3_chronic_respiratory", mart_coverage=[*shown, *others])
    assert [row["availability"] for row in rows] == ["available", "not_public"]


def core20plus5_5_hypertension() -> None:
    """Crude and standardised side by side, with what to keep in mind."""
    place = {
        "indicator_id": "HYP-01",
        "organisation_level": "england",
        "standardisation": "crude",
        "slope_index": -0.05,
    }
    rows = answer(
        "core20plus5_5_hypertension",
        dim_indicator=[{"indicator_id": "HYP-01", "caveats": "ages differ"}, {"indicator_id": "HYP-03"}],
        mart_core20plus5_adults=[
            place,
            place | {"standardisation": "age_standardised", "slope_index": 0.02},
            *beside(place, {"slope_index": WRONG}, organisation_level="icb", indicator_id="HYP-03"),
        ],
    )  # fmt: skip
    assert [(row["standardisation"], row["slope_index"], row["caveats"]) for row in rows] == [
        ("age_standardised", 0.02, "ages differ"),
        ("crude", -0.05, "ages differ"),
    ]


def core20plus5_smoking_cessation() -> None:
    smokes = {"core20plus5_area": "smoking_cessation", "indicator_name": "At delivery", "organisation_level": "england"}
    rows = answer(
        "core20plus5_smoking_cessation",
        mart_core20plus5_adults=many(
            smokes,
            {"period_end": BEFORE, "all_value": 0.07},
            {"period_end": NOW, "all_value": 0.06},
            {"core20plus5_area": "maternity", "all_value": WRONG},
        ),
    )
    assert [row["all_value"] for row in rows] == [0.06, 0.07]


def can_i_trust_this_release() -> None:
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


def published_survey_figures() -> None:
    rows = answer(
        "published_survey_figures",
        mart_survey_benchmark=many(
            {"question_code": "Q1", "wave": "2021"},
            {"source_id": "NHSP_2021", "value": 72},
            {"source_id": "own_survey", "value": WRONG},
        ),
    )
    assert [(row["wave"], row["value"]) for row in rows] == [("2021", 72)]


def consultants_and_maturity() -> None:
    pair = {"role_code": "PHC", "domain_code": "OVERALL", "stratum": "ALL"}
    rows = answer(
        "consultants_and_maturity",
        mart_ph_workforce_association=many(
            pair,
            {"value": 3.0, "employed_developed": 6},
            {"value": WRONG, "role_code": "PHS"},
            {"value": WRONG, "domain_code": "DATA"},
        ),
    )
    assert [(row["value"], row["employed_developed"]) for row in rows] == [(3, 6)]


def self_assessment_of_a_trust() -> None:
    domain = {"basis": "self_assessment", "organisation_name": "A Trust"}
    rows = answer(
        "self_assessment_of_a_trust",
        mart_maturity=many(
            domain,
            {"domain_code": "B", "score_pct": 50, "median_of_type": 60},
            {"domain_code": "A", "score_pct": 70},
            {"basis": "survey", "score_pct": WRONG},
        ),
    )
    assert [(row["score_pct"], row["median_of_type"]) for row in rows] == [(70, None), (50, 60)]


def eds_totals() -> None:
    total = {"score_kind": "total", "organisation_name": "A Trust"}
    rows = answer(
        "eds_totals",
        mart_eds=many(
            total,
            {"financial_year": "2024-25", "score": 20, "stated_total": 21, "is_mismatch": True},
            {"score_kind": "outcome", "score": WRONG},
        ),
    )
    assert [(row["score"], row["stated_total"], row["is_mismatch"]) for row in rows] == [(20, 21, True)]


def policy_over_the_years() -> None:
    """By year and day; what has no year comes last."""
    rows = answer(
        "policy_over_the_years",
        mart_policy=many(
            {"document": "Guidance"},
            {"financial_year": "2025-26"},
            {"financial_year": None},
            {"financial_year": "2023-24"},
        ),
    )
    assert [row["financial_year"] for row in rows] == ["2023-24", "2025-26", None]


def figures_that_are_quoted() -> None:
    """720 to 1,300 is 80.6% more, whatever is quoted."""
    rows = answer(
        "figures_that_are_quoted",
        mart_external_benchmark=[
            {"benchmark_id": "EPC", "value": 90, "value_from": 720, "value_to": 1300, "growth_pct": 80.6}
        ],
    )
    assert [(row["value"], row["growth_pct"]) for row in rows] == [(90, 80.6)]


CASES = cases_of(globals())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_query_gives_the_answer_worked_out_by_hand(case: Case) -> None:
    run(case)


ELSEWHERE = {
    # records of the release itself: meta of a whole night
    "how_fresh_is_it", "what_is_in_it", "why_did_a_number_change",
    # macros of the published file, whose answers test_published_macros and test_measures_published know
    "group_against_group_in_an_icb", "measures_on_data_of_your_own",
}  # fmt: skip


def test_every_example_query_is_asked_of_planted_rows() -> None:
    """Here, of waits and measures, or of returns."""
    planted = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parents[1].rglob("test_planted_*.py"))
    asked = set(re.findall(r'answer\(\s*"(\w+)"', planted))
    assert asked | ELSEWHERE == set(QUERIES)
    assert not asked & ELSEWHERE

"""Example queries over Core20PLUS5, the Statement and targets, asked of small planted marts: what is wanted, worked out by hand, and beside it what must not be taken."""

from __future__ import annotations

from tests.fixtures.planted import (
    BEFORE,
    LATER,
    LONG,
    NOW,
    WITHIN,
    WRONG,
    answer,
    beside,
    many,
)


def test_what_is_missing() -> None:
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


def test_targets_met_lapsed_and_ahead() -> None:
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


def test_core20plus5_1_maternity() -> None:
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


def test_core20plus5_2_severe_mental_illness() -> None:
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


def test_core20plus5_4_early_cancer_diagnosis() -> None:
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


def test_core20plus5_children() -> None:
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


def test_statement_of_a_trust_or_icb() -> None:
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


def test_five_priorities() -> None:
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


def test_core20_population() -> None:
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


def test_core20plus5_3_chronic_respiratory() -> None:
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


def test_core20plus5_5_hypertension() -> None:
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


def test_core20plus5_smoking_cessation() -> None:
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

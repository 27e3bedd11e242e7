"""Example queries over surveys, self-assessment, workforce, actions and policy, asked of small planted marts: what is wanted, worked out by hand, and beside it what must not be taken."""

from __future__ import annotations

from tests.fixtures.planted import (
    WRONG,
    answer,
    beside,
    many,
)


def test_breadth_and_measures() -> None:
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


def test_approaches_by_trust_type() -> None:
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


def test_barriers_over_waves() -> None:
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


def test_us_and_our_peers() -> None:
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


def test_race_equality_ratios() -> None:
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


def test_plus_groups_and_their_evidence() -> None:
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


def test_published_survey_figures() -> None:
    rows = answer(
        "published_survey_figures",
        mart_survey_benchmark=many(
            {"question_code": "Q1", "wave": "2021"},
            {"source_id": "NHSP_2021", "value": 72},
            {"source_id": "own_survey", "value": WRONG},
        ),
    )
    assert [(row["wave"], row["value"]) for row in rows] == [("2021", 72)]


def test_consultants_and_maturity() -> None:
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


def test_self_assessment_of_a_trust() -> None:
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


def test_eds_totals() -> None:
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


def test_policy_over_the_years() -> None:
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


def test_figures_that_are_quoted() -> None:
    """720 to 1,300 is 80.6% more, whatever is quoted."""
    rows = answer(
        "figures_that_are_quoted",
        mart_external_benchmark=[
            {"benchmark_id": "EPC", "value": 90, "value_from": 720, "value_to": 1300, "growth_pct": 80.6}
        ],
    )
    assert [(row["value"], row["growth_pct"]) for row in rows] == [(90, 80.6)]

"""Example queries over waits and measures, asked of small planted marts: what is wanted, worked out by hand, and beside it what must not be taken.

A row that must not be taken is of another period, indicator, group, geography or level; each has a value that would be seen.
"""

from __future__ import annotations

from tests.fixtures.planted import (
    BEFORE,
    GAP,
    LATER,
    LONG,
    NAMES,
    NOW,
    OLD,
    PLACES,
    WAIT,
    WITHIN,
    WRONG,
    answer,
    beside,
    many,
)

COMPARED = {
    "indicator_id": LONG,
    "period_end": NOW,
    "organisation_code": "R9A",
    "certainty": "no clear difference",
    "q_value": 0.4,
}
NOT_COMPARED = {"indicator_id": WITHIN, "period_end": BEFORE, "dimension": "sex", "reference_group": "whole"}
"""Of priorities: the one of a gap, and what makes it one of another gap."""


def test_long_waits_by_deprivation() -> None:
    """A later week of trusts, of other waits or of quintiles says nothing of England's deciles."""
    tenth = WAIT | {"indicator_id": LONG, "dimension": "imd_decile", "group_code": "2", "value": 0.04}
    other = {
        "organisation_code": "R9A",
        "indicator_id": WITHIN,
        "dimension": "imd_quintile",
        "treatment_function_code": "C_110",
    }
    wrong = {"group_code": "1", "value": WRONG}
    rows = answer(
        "long_waits_by_deprivation",
        mart_waiting_list=[
            tenth,
            tenth | {"group_code": "10", "value": 0.02},
            *beside(tenth, wrong, period_end=BEFORE, **other),
            *beside(tenth, wrong | {"period_end": LATER}, **other),
        ],
    )  # fmt: skip
    assert [(row["imd_decile"], row["value"]) for row in rows] == [("2", 0.04), ("10", 0.02)]


def test_widest_deprivation_gaps() -> None:
    """A later week of England, of other waits or by age has no quintiles of trusts: their newest figures are those of the week before."""
    gap = GAP | {
        "indicator_id": LONG,
        "dimension": "imd_quintile",
        "comparison_group": "1",
        "reference_group": "5",
        "value": 0.01,
    }
    other = {
        "organisation_level": "england",
        "indicator_id": WITHIN,
        "dimension": "age_band",
        "treatment_function_code": "C_110",
        "geography_basis": "as_reported",
        "measure": "relative_gap",
    }
    place = COMPARED | {"dimension": "imd_quintile", "group_code": "1", "reference_group": "5"}
    rows = answer(
        "widest_deprivation_gaps",
        fct_inequality_measure=[
            gap,
            gap | {"organisation_code": "R9B", "value": 0.03},
            *beside(gap, {"value": WRONG}, period_end=BEFORE, value_status="suppressed", **other),
            *beside(gap, {"value": WRONG, "period_end": LATER}, **other),
        ],
        dim_organisation=PLACES,
        mart_priorities=[
            place,
            place | {"organisation_code": "R9B", "certainty": "clear difference", "q_value": 0.01},
            *beside(place, {"q_value": WRONG}, organisation_code="R9C", group_code="2", **NOT_COMPARED),
        ],
    )  # fmt: skip
    assert [(row["organisation_name"], row["gap"], row["q_value"], row["certainty"]) for row in rows] == [
        ("B Trust", 0.03, 0.01, "clear difference"),
        ("A Trust", 0.01, 0.4, "no clear difference"),
    ]


def test_waits_by_ethnic_group() -> None:
    """A later week of trusts, of other waits or of five groups says nothing of England's groups."""
    of = {"organisation_code": "ENG", "dimension": "ethnic_group", "reference_group": "A"}
    ratio = GAP | of | {"indicator_id": LONG, "measure": "relative_gap", "comparison_group": "N", "value": 1.2}
    other = {
        "reference_group": "whole",
        "organisation_code": "R9A",
        "dimension": "ethnic_group_5",
        "measure": "absolute_gap",
        "indicator_id": WITHIN,
        "treatment_function_code": "C_110",
        "geography_basis": "as_reported",
    }
    place = COMPARED | of | {"group_code": "N"}
    rows = answer(
        "waits_by_ethnic_group",
        fct_inequality_measure=[
            ratio,
            ratio | {"comparison_group": "R", "value": 0.9},
            *beside(ratio, {"value": WRONG}, period_end=OLD, **other),
            *beside(ratio, {"value": WRONG, "period_end": LATER}, **other),
        ],
        dim_group=many(
            {"dimension": "ethnic_group", "group_code": "N", "group_name": "African"},
            {}, {"group_code": "R", "group_name": "Chinese"}, {"dimension": "ethnic_group_5", "group_name": "Wrong"},
        ),
        mart_priorities=[place, *beside(place, {"q_value": WRONG}, organisation_code="R9A", group_code="P", **NOT_COMPARED)],
    )  # fmt: skip
    assert [(row["group_name"], row["ratio"], row["q_value"]) for row in rows] == [("African", 1.2, 0.4), ("Chinese", 0.9, None)]  # fmt: skip


def test_group_against_group_over_time() -> None:
    """Twelve months back from the newest, so one period of the two that are held in them; the board is that of today.

    The board is the first that has trusts by ethnicity, and the newest period is one by ethnicity.
    """
    wait = WAIT | {
        "dimension": "ethnic_group_5",
        "organisation_level": "trust",
        "icb_code": "QAA",
        "organisation_code": "R9A",
    }
    groups = {"dimension": "ethnic_group_5", "comparison_group": "black", "reference_group": "white"}
    ratio = GAP | groups | {"indicator_id": LONG, "measure": "relative_gap", "value": 1.5}
    rows = answer(
        "group_against_group_over_time",
        mart_waiting_list=[
            wait,
            *beside(wait, {"icb_code": "Q00"}, organisation_level="icb", dimension="sex"),
            wait | {"dimension": "sex", "period_end": NOW.replace(year=2028)},
        ],
        fct_inequality_measure=[
            ratio,
            ratio | {"value": 1.4, "period_end": BEFORE},
            ratio | {"value": 1.1, "organisation_code": "R9B"},
            *beside(
                ratio, {"value": WRONG}, period_end=OLD, comparison_group="asian", organisation_code="R9C", geography_basis="as_reported",
                treatment_function_code="C_110", organisation_level="icb", measure="absolute_gap", reference_group="whole", dimension="sex", indicator_id=WITHIN,
            ),
        ],
        dim_organisation=[*PLACES, {"organisation_code": "R9C", "icb_code": "QAA", "current_icb_code": "QBB"}],
    )  # fmt: skip
    assert [(row["period_end"], row["ratio"], row["periods_held"]) for row in rows] == [
        (BEFORE, 1.4, 2),
        (NOW, 1.5, 2),
        (NOW, 1.1, 1),
    ]


def test_is_the_core20_gap_closing() -> None:
    """The newest gap is hidden: it is empty beside the newest period, not the gap of the period before.

    England and the board have one period.
    """
    gap = GAP | {"dimension": "core20", "comparison_group": "core20", "reference_group": "rest", "indicator_id": WITHIN}
    trend = {
        "measure": "absolute_gap",
        "dimension": "core20",
        "group_code": "core20",
        "organisation_code": "R9A",
        "standardisation": "crude",
        "indicator_id": WITHIN,
        "trend": "Increasing",
        "trend_rating": "better",
        "trend_slope": 0.02,
    }
    rows = answer(
        "is_the_core20_gap_closing",
        fct_inequality_measure=[
            *many(gap | {"indicator_id": LONG}, {"value": 0.02, "period_end": BEFORE}, {"value": None}),
            *many(gap, {"value": -0.03, "period_end": BEFORE}, {"value": -0.01}),
            gap | {"organisation_level": "england", "organisation_code": "ENG", "value": -0.04},
            gap | {"organisation_level": "icb", "organisation_code": "QAA", "value": -0.02},
            *beside(
                gap, {"value": WRONG, "period_end": LATER}, standardisation="age_standardised", treatment_function_code="C_110", measure="relative_gap",
                organisation_level="region", geography_basis="as_reported", dimension="imd_quintile",
            ),
        ],
        dim_indicator=NAMES,
        mart_trend=[
            trend,
            *beside(
                trend, {"trend_rating": "worse", "trend_slope": WRONG}, measure="value", dimension="imd_quintile", group_code="rest", organisation_code="R9B",
                standardisation="age_standardised", indicator_id="rtt",
            ),
        ],
    )  # fmt: skip
    found = [
        (row["indicator_id"], row["periods_held"], row["newest"], row["gap"], row["closing"], row["change_per_year"])
        for row in rows
    ]
    assert found == [
        (LONG, 2, NOW, None, "Cannot be calculated: too few figures", None),
        (WITHIN, 1, NOW, -0.04, "Cannot be calculated: one period is held", None),
        (WITHIN, 1, NOW, -0.02, "Cannot be calculated: one period is held", None),
        (WITHIN, 2, NOW, -0.01, "better", 0.02),
    ]


def test_core20_against_the_rest() -> None:
    """Of each indicator its own newest period; crude and standardised gaps of a board are two rows that say which they are."""
    gap = GAP | {"organisation_level": "icb", "organisation_code": "QAA", "dimension": "core20", "indicator_id": LONG}
    rows = answer(
        "core20_against_the_rest",
        fct_inequality_measure=[
            *many(
                gap,
                {"value": 0.01},
                {"value": 0.02, "organisation_code": "QBB"},
                {"value": 0.03, "standardisation": "age_standardised"},
                {"value": -0.1, "indicator_id": WITHIN, "period_end": BEFORE},
                {"value": WRONG, "indicator_id": WITHIN, "period_end": OLD},
            ),
            *beside(
                gap, {"value": WRONG}, treatment_function_code="C_110", organisation_level="trust", dimension="sex", geography_basis="as_reported",
                measure="relative_gap",
            ),
        ],
        dim_indicator=NAMES,
        dim_organisation=PLACES,
    )  # fmt: skip
    assert [(row["indicator_name"], row["organisation_name"], row["standardisation"], row["gap"]) for row in rows] == [
        ("Over 52 weeks", "A Board", "age_standardised", 0.03),
        ("Over 52 weeks", "B Board", "crude", 0.02),
        ("Over 52 weeks", "A Board", "crude", 0.01),
        ("Within 18 weeks", "A Board", "crude", -0.1),
    ]


def test_core20_gap_by_sector() -> None:
    """Each indicator has its own newest period and its own whole: 0.002 of 0.008 is a quarter."""
    part = {"indicator_id": WITHIN, "indicator_name": "Within 18 weeks", "period_end": NOW, "measure": "england_gap"}
    longer = part | {"indicator_id": LONG, "indicator_name": "Over 52 weeks", "period_end": BEFORE}
    rows = answer(
        "core20_gap_by_sector",
        mart_sector_gap=[
            *many(
                part,
                {"value": -0.008},
                {"measure": "gap_from_independent_sector", "value": -0.002},
                {"measure": "gap_within_sectors", "value": -0.006},
                {"measure": "nhs_acute_gap", "value": -0.005},
                {"period_end": BEFORE, "value": WRONG},
            ),
            *many(longer, {"value": 0.02}, {"measure": "gap_within_sectors", "value": 0.01}),
        ],
    )
    assert [(row["measure"], row["value"], row["share_of_england_gap"]) for row in rows] == [
        ("england_gap", 0.02, 1),
        ("gap_within_sectors", 0.01, 0.5),
        ("england_gap", -0.008, 1),
        ("gap_from_independent_sector", -0.002, 0.25),
        ("gap_within_sectors", -0.006, 0.75),
        ("nhs_acute_gap", -0.005, None),
    ]


def test_waiting_list_of_a_trust() -> None:
    """The first trust of the monthly waits, whatever boards and trusts of other sources come before it."""
    trust = WAIT | {
        "organisation_code": "R9A",
        "organisation_level": "trust",
        "source_id": "nhse_rtt",
        "value": 0.6,
        "england_value": 0.7,
    }
    rows = answer(
        "waiting_list_of_a_trust",
        mart_waiting_list=[
            trust,
            trust | {"value": 0.5, "period_end": BEFORE, "england_value": None},
            *beside(trust, {"value": WRONG}, dimension="sex", treatment_function_code="C_110", organisation_code="R9B"),
            *beside(trust, {"value": WRONG, "organisation_code": "A00"}, organisation_level="icb", source_id="nhse_wlmds"),
        ],
    )  # fmt: skip
    assert [(row["period_end"], row["value"], row["england_value"]) for row in rows] == [
        (NOW, 0.6, 0.7),
        (BEFORE, 0.5, None),
    ]


def test_long_waits_by_specialty() -> None:
    """All treatment functions together are no treatment function; another source's week is no month."""
    over = WAIT | {
        "source_id": "nhse_rtt",
        "treatment_function_code": "C_110",
        "treatment_function_name": "Orthopaedics",
        "indicator_id": "rtt_over_52_weeks",
        "value": 0.02,
    }
    other = {"organisation_code": "R9A", "treatment_function_code": "all", "source_id": "nhse_wlmds"}
    rows = answer(
        "long_waits_by_specialty",
        mart_waiting_list=[
            *many(
                over,
                {},
                {"indicator_id": "rtt_over_65_weeks", "value": 0.01},
                {"indicator_id": "rtt_waiting", "value": 500.0, "numerator": 500},
                {"indicator_id": "rtt_new_periods", "value": 900.0, "numerator": 900},
                {"treatment_function_code": "C_130", "treatment_function_name": "Ophthalmology", "value": 0.03},
            ),
            *beside(over, {"value": WRONG}, period_end=BEFORE, **other),
            *beside(over, {"value": WRONG, "period_end": LATER}, **other),
        ],
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [
        ("Ophthalmology", 0.03, None, None, None),
        ("Orthopaedics", 0.02, 0.01, None, 500),
    ]


def test_four_hour_waits_over_time() -> None:
    month = {
        "indicator_id": "ae_four_hour_all",
        "organisation_code": "ENG",
        "period_end": NOW,
        "organisations_missing": 2,
    }
    rows = answer(
        "four_hour_waits_over_time",
        mart_urgent_care=[
            *many(month, {"value": 0.75}, {"value": 0.7, "period_end": BEFORE}),
            *many(month | {"value": WRONG}, {"indicator_id": "ae_four_hour_type_1"}, {"organisation_code": "Y60"}),
        ],
    )
    assert [(row["period_end"], row["value"], row["organisations_missing"]) for row in rows] == [
        (BEFORE, 0.7, 2),
        (NOW, 0.75, 2),
    ]


def test_cancer_waits_beside_core20() -> None:
    """Another standard, and boards, have a later month: the newest of 62 days of trusts is wanted."""
    trust = {
        "indicator_id": "cancer_62_days",
        "organisation_level": "trust",
        "period_end": NOW,
        "organisation_name": "B Trust",
        "value": 0.6,
    }
    other = {"organisation_level": "icb", "indicator_id": "cancer_28_days"}
    rows = answer(
        "cancer_waits_beside_core20",
        mart_cancer_waiting=[
            trust,
            trust | {"organisation_name": "A Trust", "value": 0.8, "core20_share_of_catchment_icbs": 0.3},
            *beside(trust, {"value": WRONG}, period_end=BEFORE, **other),
            *beside(trust, {"value": WRONG, "period_end": LATER}, **other),
        ],
    )  # fmt: skip
    assert [(row["organisation_name"], row["value"], row["core20_share_of_catchment_icbs"]) for row in rows] == [
        ("B Trust", 0.6, None),
        ("A Trust", 0.8, 0.3),
    ]


def test_what_is_hidden() -> None:
    """Of each source its newest period, and which it is: a period before is not counted beside it."""
    cell = {
        "measure": "suppressed_share",
        "organisation_code": "all",
        "source_id": "nhse_wlmds",
        "period_end": NOW,
        "value": 0.2,
    }
    rows = answer(
        "what_is_hidden",
        mart_data_quality=[
            cell,
            cell | {"organisation_code": "ENG", "value": 0.0},
            cell | {"source_id": "returns", "period_end": BEFORE, "value": 0.1},
            *beside(cell, {"value": WRONG}, period_end=BEFORE, organisation_code="R9A", measure="known_share"),
        ],
    )
    assert [(row["source_id"], row["period_end"], row["hidden_share"]) for row in rows] == [
        ("nhse_wlmds", NOW, 0.2),
        ("returns", BEFORE, 0.1),
        ("nhse_wlmds", NOW, 0),
    ]


def test_ethnicity_recording() -> None:
    """The waiting list's own newest day, whatever returns, boards or other fields came later; who knows nothing of it is left out.

    Two trusts of one name are two.
    """
    cell = {
        "field_name": "ethnicity",
        "organisation_level": "trust",
        "waiting_band": "total",
        "source_id": "nhse_wlmds",
        "period_end": NOW,
        "organisation_code": "R9B",
        "organisation_name": "B Trust",
        "measure": "known_share",
        "value": 0.6,
    }
    kinds = [("known_share", 0.7), ("not_stated_share", 0.1), ("not_known_share", 0.2), ("valid_share", 0.8)]
    other = {"source_id": "returns", "organisation_level": "icb", "field_name": "imd"}
    rows = answer(
        "ethnicity_recording",
        mart_data_quality=[
            cell,
            *many(cell | {"organisation_code": "R9A", "organisation_name": "A Trust"}, *({"measure": kind, "value": value} for kind, value in kinds)),
            cell | {"organisation_code": "R9C", "organisation_name": "C Trust", "measure": "not_stated_share"},
            cell | {"organisation_code": "R9D", "organisation_name": "A Trust", "value": 0.8},
            *beside(cell, {"value": WRONG}, period_end=BEFORE, waiting_band="weeks_over_52", organisation_code="all", **other),
            *beside(cell, {"value": WRONG, "period_end": LATER}, measure="suppressed_share", **other),
        ],
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [
        ("B Trust", 0.6, None, None),
        ("A Trust", 0.7, 0.1, 0.2),
        ("A Trust", 0.8, None, None),
    ]


def test_ethnicity_recording_of_trusts() -> None:
    """Each collection has its own newest period, and A&E of a later month has nothing to do with it."""
    cell = {"field_name": "ETHNIC_CATEGORY", "organisation_code": "R9A"}
    rows = answer(
        "ethnicity_recording_of_trusts",
        mart_data_quality=[
            *many(cell, {"collection_code": "WL01", "period_end": NOW, "known_pct": 74, "previous_value": 0.92}),
            *many(cell, {"collection_code": "OP01", "period_end": BEFORE, "known_pct": 80, "previous_value": 0.79}),
            *many(cell | {"collection_code": "WL01", "period_end": BEFORE, "known_pct": WRONG}, {}),
            {"field_name": "four_hour_waits", "period_end": LATER, "organisation_code": "ENG"},
        ],
    )
    assert [tuple(row.values()) for row in rows] == [("WL01", "R9A", 74, -18), ("OP01", "R9A", 80, 1)]


def test_slope_and_concentration_of_england() -> None:
    slope = GAP | {
        "organisation_code": "ENG",
        "dimension": "imd_decile",
        "indicator_id": LONG,
        "measure": "slope_index",
        "value": 0.01,
    }
    rows = answer(
        "slope_and_concentration_of_england",
        fct_inequality_measure=[
            slope,
            slope | {"value": 0.02, "period_end": BEFORE},
            slope | {"value": 1.5, "measure": "relative_index"},
            slope | {"value": 0.3, "measure": "relative_concentration_index"},
            slope | {"value": 0.4, "measure": "absolute_concentration_index"},
            slope | {"value": 5.0, "indicator_id": "op_attendances_per_1000"},
            *beside(
                slope, {"value": WRONG}, measure="absolute_gap", organisation_code="R9A", dimension="imd_quintile", indicator_id=WITHIN,
                geography_basis="as_reported", treatment_function_code="C_110",
            ),
        ],
    )  # fmt: skip
    assert [(row["period_end"], row["measure"], row["value"]) for row in rows] == [
        (NOW, "slope_index", 5), (NOW, "slope_index", 0.01), (NOW, "relative_index", 1.5), (NOW, "relative_concentration_index", 0.3),
        (NOW, "absolute_concentration_index", 0.4), (BEFORE, "slope_index", 0.02),
    ]  # fmt: skip


def test_spread_beyond_chance() -> None:
    theil = GAP | {
        "indicator_id": LONG,
        "dimension": "imd_decile",
        "measure": "theil_index",
        "value": 3.0,
        "ci_lower_95": 1.0,
        "expected_value": 2.0,
    }
    rows = answer(
        "spread_beyond_chance",
        fct_inequality_measure=[
            theil,
            theil | {"organisation_code": "R9B", "value": 9.0, "expected_value": 9.5, "ci_lower_95": None},
            theil | {"organisation_code": "R9B", "value": 4.0, "ci_lower_95": 1.5, "period_end": BEFORE},
            *beside(
                theil, {"value": WRONG, "ci_lower_95": WRONG}, organisation_level="icb", dimension="ethnic_group", measure="slope_index",
                treatment_function_code="C_110", geography_basis="as_reported",
            ),
        ],
        dim_organisation=PLACES,
    )  # fmt: skip
    assert [(row["organisation_name"], row["theil_index"], row["expected_if_no_group_differed"]) for row in rows] == [
        ("B Trust", 4, 2),
        ("A Trust", 3, 2),
        ("B Trust", 9, 9.5),
    ]


def test_trusts_outside_the_funnel() -> None:
    """One of three marks lies outside the wide limits, one between them and the narrow ones. What is spread most comes first."""
    mark = {
        "indicator_name": "RTT",
        "period_end": NOW,
        "baseline": 0.6,
        "dispersion_ratio": 400.0,
        "trusts_included": 3,
    }
    rows = answer(
        "trusts_outside_the_funnel",
        mart_funnel=many(
            mark,
            {"organisation_code": "R9A", "funnel_label": "Low (0.001)"},
            {"organisation_code": "R9B", "funnel_label": "Not significant"},
            {"organisation_code": "R9C", "funnel_label": "High (0.025)"},
            {"indicator_name": "A&E", "baseline": 0.7, "dispersion_ratio": 2.0, "trusts_included": 1},
        ),
    )
    assert [(row["pooled_share"], row["outside_998"], row["trusts"]) for row in rows] == [(0.6, 1, 3), (0.7, 0, 1)]

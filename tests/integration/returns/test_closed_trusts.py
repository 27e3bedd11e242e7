"""T2, U1: a return under the code of a closed trust, from the sample's night to the published file.

R9X merged into R9B on 1 October 2025 and sends a waiting list for September 2026 all the same; R9Y was divided in 2021.
"""

from __future__ import annotations

from dagster_project.sample import returns_bad, returns_wl01
from dagster_project.sample import returns_story as story
from dagster_project.sample.files import round_to_five
from tests.warehouses import Warehouse

NEWEST = story.NEWEST_MONTH
OVER_52 = f"indicator_id = 'WL_GT52_PCT' and dimension = 'ALL' and period_end = date '{NEWEST}'"


def over_52_weeks(org_code: str) -> tuple[int, int]:
    """Those over 52 weeks and all of them, from the sample's own counts."""
    counts = returns_wl01.in_use(org_code, NEWEST)
    assert counts is not None
    return int(counts[..., returns_wl01.FIRST_OVER_52 :].sum()), int(counts.sum())


def test_a_closed_trust_keeps_its_figures_and_its_code_and_names_the_one_that_followed(
    sample_warehouse: Warehouse,
) -> None:
    sent = returns_bad.bad_returns()["trust has closed"].sent
    counts = [int(row[-1] or 0) for row in sent.rows if row[4] == "G0"]
    over_52 = sum(counts[returns_wl01.FIRST_OVER_52 :])
    shown = sample_warehouse.query(
        "select numerator, denominator, current_organisation_code, current_organisation_code_reason, is_expected"
        f" from mart_hi_rate where organisation_code = 'R9X' and {OVER_52}"
    )
    assert shown == [(over_52, sum(counts), "R9B", None, False)]


def test_its_people_are_in_no_other_figure_of_the_trust_that_followed_nor_of_england(
    sample_warehouse: Warehouse,
) -> None:
    """They may be in the return of R9B too: as reported and of today stand side by side and are never added."""
    by_code = {
        code: (x, n, of_today)
        for code, x, n, of_today in sample_warehouse.query(
            f"select organisation_code, numerator, denominator, current_organisation_code from mart_hi_rate where {OVER_52} and not is_estimate"
        )
    }
    assert by_code["R9B"] == (*map(round_to_five, over_52_weeks("R9B")), "R9B")
    taking_part = [
        code
        for code in story.WAITING_LIST_TRUSTS
        if code != story.SAFE and returns_wl01.in_use(code, NEWEST) is not None
    ]
    without_the_safe_one = sum(over_52_weeks(code)[1] for code in taking_part)
    all_of_them = without_the_safe_one + over_52_weeks(story.SAFE)[1]
    assert abs(by_code["ENG"][1] - all_of_them) < 200 < by_code["R9X"][1]


def test_the_file_is_taken_in_with_a_warning_and_both_codes(sample_warehouse: Warehouse) -> None:
    files = sample_warehouse.query(
        "select organisation_code, current_organisation_code, status, warned_rules from mart_submission_file where organisation_code = 'R9X'"
    )
    assert files == [("R9X", "R9B", "ACCEPTED_WARN", "C03")]


def test_no_mart_names_a_trust_of_today_that_the_succession_does_not_give(sample_warehouse: Warehouse) -> None:
    """Every code of a trust that closed maps to its one successor, of a divided one to none, and says why."""
    expected = sample_warehouse.query(
        "select organisation_code, current_organisation_code, current_organisation_code_reason is null"
        " from dim_organisation where organisation_code in ('R9X', 'R9Y') order by 1"
    )
    assert expected == [("R9X", "R9B", True), ("R9Y", None, False)]
    for mart, code in (
        ("mart_hi_rate", "organisation_code"),
        ("mart_hi_intersection", "organisation_code"),
        ("mart_inclusion_health", "organisation_code"),
        ("mart_submission_file", "organisation_code"),
    ):
        wrong = sample_warehouse.query(
            f"select distinct mart.{code} from {mart} as mart inner join dim_organisation as known"
            f" on mart.{code} = known.organisation_code where (mart.current_organisation_code,"
            " mart.current_organisation_code_reason) is distinct from (known.current_organisation_code,"
            " known.current_organisation_code_reason)"
        )
        assert wrong == [], mart

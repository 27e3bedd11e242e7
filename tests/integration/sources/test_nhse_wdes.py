"""WDES: a synthetic workbook in the assumed layout; units, groups, and every difference named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from tests.fixtures.sheets import Change, judge, rename_sheet, set_cell, write_changed

SLUG = "nhse_wdes"


@pytest.fixture
def parse(parse_file: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(change)`: the sample's workbook with a change, through the parser."""

    def run(change: Change = lambda _: None) -> Any:
        (original,) = sample_estate.rglob("WDES-2025-data-by-trust.xlsx")
        return parse_file(SLUG, "trust", write_changed(original, tmp_path / "changed.xlsx", change), "2025")

    return run


def test_relative_likelihoods_are_ratios_and_the_others_percentages(parse: Any) -> None:
    parsed = parse()
    assert parsed.rows("select distinct indicator from clean where unit = 'ratio' order by 1") == [("2",), ("3",)]
    assert parsed.rows("select distinct data_year from clean") == [(2025,)]
    levels = "select organisation_level, count(distinct organisation_code) from clean group by all order by all"
    assert parsed.rows(levels)[0] == ("england", 1)


def test_a_hidden_count_is_suppressed_with_its_percentage(parse: Any) -> None:
    query = (
        "select numerator, numerator_status, denominator, value, value_status from clean "
        "where organisation_code = 'R9M' and staff_group = 'disabled' and indicator = '1'"
    )
    assert parse().row(query) == (None, "suppressed", 10_000, None, "suppressed")


def test_scores_and_differences_are_no_percentages(parse: Any) -> None:
    parsed = parse()
    query = "select indicator, unit, value from clean where organisation_code = 'ENG' and indicator in ('9a', '10') order by 1"
    assert parsed.rows(query) == [("10", "percentage_points", -1.2), ("9a", "score", 6.4)]
    assert judge(SLUG, "trust", parsed.clean) == ()


def test_gate_holds_a_percentage_that_is_not_that_of_its_counts(parse: Any) -> None:
    failures = judge(SLUG, "trust", parse(set_cell("Trust data", "Value", 60.0, row=1)).clean)
    assert any("own counts" in failure for failure in failures)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename_sheet("Trust data", "Trusts"), r"its sheets are \['Trusts'\]"),
        (
            set_cell("Trust data", "Metric", "Number"),
            r"expected the columns .*missing \['Metric'\], not known \['Number'\]",
        ),
        (set_cell("Trust data", "Ratio", "All"), r"a relative likelihood without the group Ratio"),
        (set_cell("Trust data", "Metric", "11", row=1), r"rows break a rule.*column indicator"),
        (set_cell("Trust data", "Group", "Other", row=1), r"column staff_group: the text must be one of"),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, change: Change, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(change)

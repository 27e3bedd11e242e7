"""Epilepsy12: a synthetic workbook in the assumed layout; levels, and every difference named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.rcpch_epilepsy12 import COUNTS, HEALTH_BOARD
from tests.fixtures.sheets import Change, Sheets, judge, rename_sheet, set_cell, write_changed

SLUG = "rcpch_epilepsy12"


@pytest.fixture
def parse(parse_file: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(change)`: the sample's workbook with a change, through the parser."""

    def run(change: Change = lambda _: None) -> Any:
        (original,) = sample_estate.rglob("epilepsy12-results-2024-25.xlsx")
        return parse_file(SLUG, "measure", write_changed(original, tmp_path / "changed.xlsx", change), "fy2024-25")

    return run


def test_trusts_and_health_boards_are_told_apart(parse: Any) -> None:
    query = "select organisation_level, organisation_code, numerator, denominator from clean where dimension = 'all' order by all"
    assert parse().rows(query) == [
        ("england", "ENG", *COUNTS["ENG"]),
        ("health_board", HEALTH_BOARD, 20, 25),
        ("trust", "R9A", *COUNTS["R9A"]),
        ("trust", "R9P", *COUNTS["R9P"]),
    ]


def test_a_breakdown_that_is_not_one_of_ours_keeps_its_own_words(parse: Any) -> None:
    query = "select dimension, group_code, numerator from clean where dimension <> 'all'"
    assert parse().rows(query) == [("learning_disability_or_autism", "Yes", 520)]


def test_gate_holds_more_children_with_a_nurse_than_children(parse: Any) -> None:
    assert judge(SLUG, "measure", parse().clean) == ()
    failures = judge(SLUG, "measure", parse(set_cell("Data", "Numerator", 3_001, row=1)).clean)
    assert any("part of its denominator" in failure for failure in failures)


def test_gate_holds_a_file_whose_measures_have_other_names(parse: Any) -> None:
    def rename(sheets: Sheets) -> None:
        for row in sheets["Data"]:
            row[:] = [
                "Another name" if cell == "Input by an epilepsy specialist nurse in the first year of care" else cell
                for cell in row
            ]

    assert any("names that are assumed" in failure for failure in judge(SLUG, "measure", parse(rename).clean))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename_sheet("Data", "Results"), r"its sheets are \['Notes', 'Results'\]"),
        (set_cell("Data", "Level", "Organisation type"), r"missing \['Level'\], not known \['Organisation type'\]"),
        (set_cell("Data", "Trust", "Hospital"), r"column level: the text must be one of"),
        (set_cell("Data", "Percentage", "n/a", row=1), r"column value: must be a number that is not negative or \*"),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, change: Change, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(change)

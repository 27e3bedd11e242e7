"""WRES: a synthetic workbook in the assumed layout; units, groups, and every difference named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.nhse_wres import PERCENTAGES
from tests.fixtures.sheets import Change, judge, rename_sheet, set_cell, write_changed

SLUG = "nhse_wres"


@pytest.fixture
def parse(parse_file: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(change)`: the sample's workbook with a change, through the parser."""

    def run(change: Change = lambda _: None) -> Any:
        (original,) = sample_estate.rglob("WRES-2025-data-by-trust.xlsx")
        return parse_file(SLUG, "trust", write_changed(original, tmp_path / "changed.xlsx", change), "2025")

    return run


def test_relative_likelihoods_are_ratios_and_the_others_percentages(parse: Any) -> None:
    parsed = parse()
    assert parsed.rows("select distinct indicator from clean where unit = 'ratio' order by 1") == [
        ("2",),
        ("3",),
        ("4",),
    ]
    assert parsed.rows("select distinct data_year from clean") == [(2025,)]
    levels = "select organisation_level, count(distinct organisation_code) from clean group by all order by all"
    assert parsed.rows(levels)[0] == ("england", 1)


def test_survey_indicators_keep_both_groups(parse: Any) -> None:
    query = (
        "select indicator, max(value) filter (where staff_group = 'bme'), max(value) filter (where staff_group = 'white') "
        "from clean where organisation_code = 'ENG' and indicator in ('5', '6', '7', '8') group by all order by all"
    )
    assert parse().rows(query) == [(number, *pair) for number, pair in PERCENTAGES.items()]


def test_board_is_a_difference_and_may_be_below_nothing(parse: Any) -> None:
    parsed = parse()
    assert parsed.rows("select distinct unit, value from clean where indicator = '9'") == [("percentage_points", -12.1)]
    assert judge(SLUG, "trust", parsed.clean) == ()


def test_gate_holds_a_percentage_that_is_not_that_of_its_counts(parse: Any) -> None:
    failures = judge(SLUG, "trust", parse(set_cell("Trust data", "Value", 60.0, row=1)).clean)
    assert any("own counts" in failure for failure in failures)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename_sheet("Trust data", "Trusts"), r"its sheets are \['Trusts'\]"),
        (
            set_cell("Trust data", "Indicator", "Number"),
            r"expected the columns .*missing \['Indicator'\], not known \['Number'\]",
        ),
        (set_cell("Trust data", "Ratio", "All"), r"a relative likelihood without the group Ratio"),
        (set_cell("Trust data", "Indicator", "11", row=1), r"rows break a rule.*column indicator"),
        (set_cell("Trust data", "Group", "Other", row=1), r"column staff_group: the text must be one of"),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, change: Change, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(change)

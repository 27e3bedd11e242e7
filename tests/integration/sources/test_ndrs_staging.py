"""Early diagnosis of cancer: a synthetic workbook in the assumed layout; every difference from it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.ndrs_staging import EARLY
from tests.fixtures.sheets import Change, Sheets, judge, rename_sheet, set_cell, write_changed

SLUG = "ndrs_staging"


@pytest.fixture
def parse(parse_file: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(change)`: the sample's workbook with a change, through the parser."""

    def run(change: Change = lambda _: None) -> Any:
        (original,) = sample_estate.rglob("Case-mix-adjusted-stage-1-and-2-2022.xlsx")
        return parse_file(SLUG, "early_diagnosis", write_changed(original, tmp_path / "changed.xlsx", change), "2022")

    return run


def test_periods_adjustments_and_fifths_are_told_apart(parse: Any) -> None:
    parsed = parse()
    query = (
        "select standardisation, dimension, year(period_end) - year(period_start) + 1, count(*), count(early_stage) "
        "from clean group by all order by all"
    )
    # England and four ICBs; one year and three; the fifths are of England, unadjusted
    assert parsed.rows(query) == [
        ("case_mix_adjusted", "all", 1, 5, 0),
        ("case_mix_adjusted", "all", 3, 5, 0),
        ("crude", "all", 1, 5, 5),
        ("crude", "all", 3, 5, 5),
        ("crude", "imd_quintile", 1, 5, 5),
    ]
    assert parsed.report.footer == ["Source: invented"]


def test_fifths_of_england_are_the_planted_ones(parse: Any) -> None:
    query = (
        "select group_code, value from clean where dimension = 'imd_quintile' and group_code in ('1', '5') order by 1"
    )
    assert parse().rows(query) == [(fifth, 100 * EARLY[fifth]) for fifth in ("1", "5")]


def test_gate_holds_a_percentage_that_is_not_that_of_its_counts(parse: Any) -> None:
    assert judge(SLUG, "early_diagnosis", parse().clean) == ()
    failures = judge(SLUG, "early_diagnosis", parse(set_cell("Data", "Percentage", 61.0, row=1)).clean)
    assert any("own counts" in failure for failure in failures)


def test_gate_holds_shares_where_percentages_are_expected(parse: Any) -> None:
    def shrink(sheets: Sheets) -> None:
        for row in sheets["Data"]:
            row[9:12] = [cell / 100 if isinstance(cell, (int, float)) else cell for cell in row[9:12]]

    assert judge(SLUG, "early_diagnosis", parse(shrink).clean)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            rename_sheet("Data", "Table 1"),
            r"0 sheets have a title like '\^data\$', its sheets are \['Notes', 'Table 1'\]",
        ),
        (
            set_cell("Data", "Percentage", "Per cent"),
            r"sheet 'Data', row \d+: expected the columns .*missing \['Percentage'\], not known \['Per cent'\]",
        ),
        (set_cell("Data", "England", "Nation", row=0), r"column geography_type: the text must be one of: England, ICB"),
        (set_cell("Data", "1 - most deprived", "Poorest"), r"not in the code list: Poorest"),
        (set_cell("Data", "E92000001", "ENG"), r"column geography_code"),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, change: Change, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(change)

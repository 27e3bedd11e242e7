"""WRES: a synthetic workbook in the assumed layout; units, groups, and every difference named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
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


def _rows(parsed: Any) -> Any:
    return parsed.rows("select * exclude (snapshot_sha256) from clean order by all")


def _insert(place: int, *rows: list[Any]) -> Change:
    def change(sheets: Any) -> None:
        sheets["Trust data"][place:place] = [list(row) for row in rows]

    return change


def _add_sheet_first(sheets: Any) -> None:
    kept = dict(sheets)
    sheets.clear()
    sheets.update({"Notes": [["Notes"], ["Trust data are of March"]], **kept})


@pytest.mark.parametrize(
    "change",
    [
        _insert(17, [None]),
        _insert(40, [None], [None], [None]),
        _insert(10_000, [None], ["Source: workforce equality data"], ["Note 1", "Shares are rounded."]),
        _insert(10_000, ["Source: workforce equality data"]),
        _add_sheet_first,
    ],
)
def test_blank_rows_notes_and_further_sheets_change_no_figure(parse: Any, change: Change) -> None:
    assert _rows(parse(change)) == _rows(parse())


def test_row_below_the_notes_refuses_the_file(parse: Any) -> None:
    with pytest.raises(
        LakeError, match="sheet 'Trust data', row 22 has the shape of the table, but notes begin above it in row 21"
    ):
        parse(_insert(20, ["Source: workforce equality data"]))


def test_row_that_lost_all_but_its_code_refuses_the_file(parse: Any) -> None:
    with pytest.raises(LakeError, match="rows break a rule"):
        parse(_insert(10_000, ["ENG"]))


@pytest.mark.parametrize("kind", ["error", "formula"])
def test_error_and_formula_without_result_are_named_with_their_cell(
    kind: str, parse_file: Any, sample_estate: Path, tmp_path: Path
) -> None:
    (original,) = sample_estate.rglob("WRES-2025-data-by-trust.xlsx")
    workbook = openpyxl.load_workbook(original)
    sheet = workbook["Trust data"]
    (heading,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == "Value"]
    cell = sheet.cell(heading.row + 2, heading.column)
    cell.value = "#REF!" if kind == "error" else "=1+1"
    workbook.save(tmp_path / "x.xlsx")
    said = "#REF!" if kind == "error" else "a formula without a stored result"
    with pytest.raises(LakeError, match=f"sheet 'Trust data': {cell.coordinate} holds {said}"):
        parse_file(SLUG, "trust", tmp_path / "x.xlsx", "2025")

"""NPDA: a synthetic workbook in the assumed layout; groups, hidden counts, and every difference named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.rcpch_npda import PUMP_BY_ETHNICITY, SENSOR_BY_FIFTH
from tests.fixtures.sheets import Change, Sheets, judge, rename_sheet, set_cell, write_changed

SLUG = "rcpch_npda"


@pytest.fixture
def parse(parse_file: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(change)`: the sample's workbook with a change, through the parser."""

    def run(change: Change = lambda _: None) -> Any:
        (original,) = sample_estate.rglob("npda-results-2024-25.xlsx")
        return parse_file(SLUG, "measure", write_changed(original, tmp_path / "changed.xlsx", change), "fy2024-25")

    return run


def test_sensors_by_fifth_and_pumps_by_ethnicity_are_the_planted_ones(parse: Any) -> None:
    parsed = parse()
    query = "select group_code, value::int from clean where dimension = ? order by group_code"
    assert parsed.rows(query, ["imd_quintile"]) == [(name[0], share) for name, share in SENSOR_BY_FIFTH.items()]
    assert dict(parsed.rows(query, ["ethnic_group_5"])) == {
        name.lower().replace(" ", "_"): share for name, share in PUMP_BY_ETHNICITY.items()
    }


def test_a_unit_is_no_trust_and_its_hidden_counts_stay_hidden(parse: Any) -> None:
    query = "select organisation_level, numerator, numerator_status, denominator_status, value_status from clean where organisation_code = 'PZ999'"
    assert parse().row(query) == ("pdu", None, "suppressed", "suppressed", "suppressed")


def test_gate_holds_a_percentage_that_is_not_that_of_its_counts(parse: Any) -> None:
    assert judge(SLUG, "measure", parse().clean) == ()
    failures = judge(SLUG, "measure", parse(set_cell("Data", "Percentage", 61, row=1)).clean)
    assert any("own counts" in failure for failure in failures)


def test_gate_holds_a_file_whose_measures_have_other_names(parse: Any) -> None:
    def rename(sheets: Sheets) -> None:
        for row in sheets["Data"]:
            row[:] = ["Another name" if cell == "Insulin pump" else cell for cell in row]

    assert any("names that are assumed" in failure for failure in judge(SLUG, "measure", parse(rename).clean))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename_sheet("Data", "Results"), r"its sheets are \['Notes', 'Results'\]"),
        (set_cell("Data", "Measure", "Care process"), r"missing \['Measure'\], not known \['Care process'\]"),
        (set_cell("Data", "Type 1", "Type I"), r"column diabetes_type: the text must be one of"),
        (
            set_cell("Data", "1 - most deprived", "Most deprived"),
            r"not in the code list .*Deprivation quintile, Most deprived",
        ),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, change: Change, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(change)

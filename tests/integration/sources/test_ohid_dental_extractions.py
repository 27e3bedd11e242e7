"""Tooth extractions: the real workbook against its own printed totals, and each rule that it taught, on small workbooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from dagster_project.lake.files import LakeError
from dagster_project.sample import ohid_dental_extractions as sample
from dagster_project.sample.estate import DEFAULT_SEED

SLUG, PERIOD = "ohid_dental_extractions", "fy2020-21"
FILE = "assets.publishing.service.gov.uk/media/61f7f0/Hospital_teeth_extractions__0-19Y_2018_to_2021.xlsx"
Sheets = dict[str, list[list[Any]]]


@pytest.mark.requires_mirror
def test_tables_side_by_side_are_laid_under_one_another(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "extractions", mirror_file(FILE), PERIOD)
    assert parsed.rows(
        "select cast(year(period_start) as varchar), area_level, count(distinct area_code), count(*) from clean "
        "where deprivation_quintile = 'all' group by all order by all"
    ) == [
        ("2018", "england", 1, 5),
        ("2018", "local_authority", 315, 1_575),
        ("2018", "statistical_region", 9, 45),
        ("2019", "england", 1, 5),
        ("2019", "local_authority", 312, 1_560),
        ("2019", "statistical_region", 9, 45),
        ("2020", "england", 1, 5),
        ("2020", "local_authority", 307, 1_535),
        ("2020", "statistical_region", 9, 45),
    ]
    # Totals that the workbook prints on its sheet of charts, not on the sheets that are read.
    assert parsed.rows(
        "select episodes, episodes_decay from clean where area_level = 'england' and age_band = '0-19' "
        "and deprivation_quintile = 'all' and period_start >= date '2019-04-01' order by period_start"
    ) == [(55_137, 35_190), (22_549, 14_645)]


@pytest.mark.requires_mirror
def test_most_deprived_fifth_has_three_times_the_rate(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "extractions", mirror_file(FILE), PERIOD)
    rates = parsed.rows(
        "select round(100000 * episodes_decay / population, 1) from clean where deprivation_quintile <> 'all' order by deprivation_quintile"
    )
    assert [rate for (rate,) in rates] == [176.7, 124.4, 93.1, 78.2, 56.3]


@pytest.mark.requires_mirror
def test_letters_of_the_real_workbook(parse_file: Any, mirror_file: Any) -> None:
    """Five districts of East Sussex are withheld with their population in 2018-19; elsewhere c hides 1 to 7."""
    parsed = parse_file(SLUG, "extractions", mirror_file(FILE), PERIOD)
    assert parsed.rows(
        "select distinct area_name, period_start::varchar from clean where population is null order by 1"
    ) == [(name, "2018-04-01") for name in ("Eastbourne", "Hastings", "Lewes", "Rother", "Wealden")]
    assert (
        parsed.value("select count(*) filter (where episodes % 5 <> 0) from clean where area_level <> 'england'") == 0
    )


@pytest.fixture
def sheets(sample_estate: Path) -> Sheets:
    (path,) = sample_estate.rglob("Hospital_teeth_extractions*.xlsx")
    workbook = CalamineWorkbook.from_path(path)
    return {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}


def test_sample_says_what_was_planted(parse_file: Any, write_workbook: Any, sheets: Sheets, tmp_path: Path) -> None:
    parsed = parse_file(SLUG, "extractions", write_workbook(tmp_path / "x.xlsx", sheets), PERIOD)
    assert parsed.rows(
        "select population, episodes, episodes_decay from clean where area_level = 'england' and age_band = '6-10' order by period_start"
    ) == [sample.england(DEFAULT_SEED, year, "6-10") for year in sample.YEARS]
    assert parsed.rows(
        "select population, episodes_decay, episodes_status from clean where deprivation_quintile <> 'all' order by deprivation_quintile"
    ) == [(*counts, "missing") for counts in sample.quintiles(DEFAULT_SEED)]
    assert parsed.rows(
        "select distinct area_code, period_start::varchar from clean where population_status = 'suppressed'"
    ) == [(sample.WITHHELD[0], "2018-04-01")]


def _other_area(sheets: Sheets) -> None:
    row = next(row for row in sheets["W20"] if row[1] == "E08990003")
    row[10] = "E08990004"


def _other_england(sheets: Sheets) -> None:
    sheets["W20"][-1][3] += 1


def _other_quintile(sheets: Sheets) -> None:
    sheets["W30"][3][1] += 1


def _no_table_4(sheets: Sheets) -> None:
    titles = next(row for row in sheets["W10"] if str(row[0]).startswith("Table 1"))
    titles[24] = "Table 4: something else"


def _no_year(sheets: Sheets) -> None:
    sheets["W10"][0][0] = "Number of episodes, by England region"


def _other_letter(sheets: Sheets) -> None:
    next(row for row in sheets["W20"] if row[1] == "E08990003")[3] = "x"


def _error_in_a_cell(sheets: Sheets) -> None:
    next(row for row in sheets["W20"] if row[1] == "E08990003")[3] = "#REF!"


def _formula_without_result(sheets: Sheets) -> None:
    next(row for row in sheets["W20"] if row[1] == "E08990003")[3] = "=1+1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_error_in_a_cell, "sheet 'W20': D8 holds #REF!"),
        (_formula_without_result, "sheet 'W20': D8 holds a formula without a stored result"),
        (_other_area, "row 8 of sheet .W20 local_authority. is of several areas: E08990003, E08990004"),
        (_other_england, "England is not the same on the sheets"),
        (_other_quintile, "the quintiles of deprivation do not sum to England"),
        (
            _no_table_4,
            "sheet .W10 statistical_region. has the tables episodes, population, episodes_not_decay, not each",
        ),
        (_no_year, "has no financial year in its title"),
        (_other_letter, "column episodes: must be a whole number that is not negative or c"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(
    parse_file: Any, write_workbook: Any, sheets: Sheets, tmp_path: Path, change: Callable[[Sheets], None], said: str
) -> None:
    change(sheets)
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "extractions", write_workbook(tmp_path / "x.xlsx", sheets), PERIOD)

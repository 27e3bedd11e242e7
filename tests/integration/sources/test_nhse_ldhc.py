"""Learning disability health checks: a row a practice in the publisher's layout on a synthetic file, and every difference named."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.estate import DEFAULT_SEED
from dagster_project.sample.nhse_ldhc import HEADER, HIDDEN, INCOMPLETE, counts
from tests.fixtures.sheets import judge

SLUG, PERIOD = "nhse_ldhc", "2026-02"
PRACTICE, SUB_ICB, DATE, INDICATOR, MEASURE, VALUE = (
    HEADER.index(name) for name in ("PRACTICE_CODE", "SUB_ICB_LOC_CODE", "ACH_DATE", "IND_CODE", "MEASURE", "VALUE")
)
Change = Callable[[list[list[str]]], object]


@pytest.fixture
def parse(parse_file: Any, write_csv: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(change)`: the sample's file, its rows (headings first) changed, through the parser."""

    def run(change: Change = lambda _: None) -> Any:
        (path,) = sample_estate.rglob("learning-disabilities-health-check-scheme-eng-Feb-2026.csv")
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        change(rows)
        return parse_file(SLUG, "extract", write_csv(tmp_path / "x.csv", rows[0], rows[1:]), PERIOD)

    return run


def test_checks_over_both_parts_of_the_register_are_the_planted_ones(parse: Any) -> None:
    query = (
        "select sum(value) filter (where indicator_code = 'LDHC021'), sum(value) filter (where indicator_code like 'LD_REG%') "
        "from clean where practice_code not in (?, ?)"
    )
    assert parse().row(query, [HIDDEN, INCOMPLETE]) == counts(DEFAULT_SEED)["ENG"]


def test_small_numbers_of_a_practice_are_suppressed(parse: Any) -> None:
    query = (
        "select indicator_code, measure, value_status from clean where practice_code = ? and value is null order by all"
    )
    assert parse().rows(query, [HIDDEN]) == [
        ("LDHCMI034", "denominator", "suppressed"),
        ("LDHCMI034", "hlthchkdec", "suppressed"),
        ("LD_REG_1417", "count", "suppressed"),
    ]


@pytest.mark.parametrize("spelling", ["20260228", "28/02/2026", "2026-02-28"])
def test_the_day_is_read_in_each_spelling(parse: Any, spelling: str) -> None:
    def change(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[DATE] = spelling

    assert parse(change).value("select distinct month_start::varchar from clean") == "2026-02-01"


def test_gate_holds_more_checks_than_people_and_an_indicator_that_is_not_there(parse: Any) -> None:
    assert judge(SLUG, "extract", parse().clean) == ()
    more = judge(SLUG, "extract", parse(lambda rows: rows[1].__setitem__(VALUE, "99999")).clean)
    assert any("than are on the register" in failure for failure in more)

    def recode(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[INDICATOR] = row[INDICATOR].replace("LDHC021", "LDHC001")

    assert any(
        "At least half of the practices have their checks" in failure
        for failure in judge(SLUG, "extract", parse(recode).clean)
    )


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (PRACTICE, "PCN-1", r"column practice_code: the text must match"),
        (SUB_ICB, "99Z", r"a practice that is under two sub-ICB locations"),
        (MEASURE, "Patients", r"column measure: the text must be one of: Count, Numerator"),
        (INDICATOR, "LDOB080", r"column indicator_code: the text must match"),
        (DATE, "20260131", r"listed as 2026-02 but holds another period"),
        (DATE, "20260231", r"no day of the calendar: 20260231"),
        (VALUE, "12.5", r"column value: must be a whole number .* or \*"),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, place: int, value: str, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(lambda rows: rows[1].__setitem__(place, value))


def test_a_renamed_heading_is_named_with_what_was_found(parse: Any) -> None:
    with pytest.raises(LakeError, match=r"column 'IND_CODE' is missing .*not in the contract: .*'INDICATOR'"):
        parse(lambda rows: rows[0].__setitem__(INDICATOR, "INDICATOR"))

"""Learning disability health checks: the headings of the GP extracts on a synthetic file, and every difference named."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.estate import DEFAULT_SEED
from dagster_project.sample.nhse_ldhc import PRACTICE, counts
from tests.fixtures.sheets import judge

SLUG, PERIOD = "nhse_ldhc", "2026-02"
CODE, DATE, INDICATOR, FIELD, VALUE = 2, 3, 4, 5, 6
Change = Callable[[list[list[str]]], object]


@pytest.fixture
def parse(parse_file: Any, write_csv: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(change)`: the sample's file, its rows (headings first) changed, through the parser."""

    def run(change: Change = lambda _: None) -> Any:
        (path,) = sample_estate.rglob("LDHC-February-2026.csv")
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        change(rows)
        return parse_file(SLUG, "extract", write_csv(tmp_path / "x.csv", rows[0], rows[1:]), PERIOD)

    return run


def test_checks_and_register_of_every_organisation_are_the_planted_ones(parse: Any) -> None:
    query = (
        "select organisation_code, max(value) filter (where field_name = 'numerator'), "
        "max(value) filter (where field_name = 'denominator') from clean where organisation_level <> 'practice' group by all"
    )
    assert {code: (checked, register) for code, checked, register in parse().rows(query)} == counts(DEFAULT_SEED)


def test_levels_come_from_codes_and_five_characters_leave_it_open(parse: Any) -> None:
    query = "select organisation_level, count(distinct organisation_code) from clean group by all order by all"
    assert parse().rows(query) == [("commissioner", 1), ("england", 1), ("icb", 4), ("practice", 1), ("sub_icb", 6)]


def test_small_numbers_of_a_practice_are_suppressed(parse: Any) -> None:
    query = "select field_name, value, value_status from clean where organisation_code = ? and value is null order by 1"
    assert parse().rows(query, [PRACTICE]) == [("denominator", None, "suppressed"), ("numerator", None, "suppressed")]


def test_gate_holds_more_checks_than_people_and_an_indicator_that_is_not_there(parse: Any) -> None:
    assert judge(SLUG, "extract", parse().clean) == ()
    more = judge(SLUG, "extract", parse(lambda rows: rows[1].__setitem__(VALUE, "99999")).clean)
    assert any("than are on the register" in failure for failure in more)

    def recode(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[INDICATOR] = "LDOB080"

    assert any("LDHC001" in failure for failure in judge(SLUG, "extract", parse(recode).clean))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (CODE, "PCN-1", r"an organisation code whose level is not known: PCN-1"),
        (FIELD, "Patients", r"a FIELD_NAME that is not in the list .*Patients"),
        (DATE, "31/01/2026", r"listed as 2026-02 but holds another period"),
        (VALUE, "12.5", r"column value: must be a whole number .* or \*"),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, place: int, value: str, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(lambda rows: rows[1].__setitem__(place, value))


def test_a_renamed_heading_is_named_with_what_was_found(parse: Any) -> None:
    with pytest.raises(LakeError, match=r"column 'IND_CODE' is missing .*not in the contract: .*'INDICATOR'"):
        parse(lambda rows: rows[0].__setitem__(INDICATOR, "INDICATOR"))

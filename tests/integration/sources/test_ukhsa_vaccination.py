"""Vaccination: OpenDocument spreadsheets, COVER as its headings are known, influenza as they are assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.estate import DEFAULT_SEED
from dagster_project.sample.ukhsa_vaccination import uptake
from tests.fixtures.sheets import Change, judge, rename_sheet, set_cell, write_changed

SLUG = "ukhsa_vaccination"
FILES = {
    "cover": ("cover-annual-2024-25.ods", "fy2024-25"),
    "influenza": ("influenza-vaccine-uptake-gp-patients-January-2026.ods", "2026-01"),
}


@pytest.fixture
def parse(parse_file: Any, sample_estate: Path, tmp_path: Path) -> Any:
    """`parse(entity, change)`: the sample's spreadsheet with a change, through the parser."""

    def run(entity: str, change: Change = lambda _: None) -> Any:
        name, period = FILES[entity]
        (original,) = sample_estate.rglob(name)
        return parse_file(SLUG, entity, write_changed(original, tmp_path / "changed.ods", change), period)

    return run


def test_a_withheld_percentage_is_suppressed_and_caveats_are_left_out(parse: Any) -> None:
    parsed = parse("cover")
    assert parsed.rows("select area_code, denominator, rotavirus, rotavirus_status from clean order by 1") == [
        ("E08990001", 2_000, 88.4, "published"),
        ("E08990002", 2_001, None, "suppressed"),
    ]
    assert parsed.report.ignored_headings == ["CHIS Caveat", "Data submission caveat"]
    assert parsed.report.footer == ["Source: invented"]


def test_both_cohorts_of_every_commissioner_are_there(parse: Any) -> None:
    parsed = parse("influenza")
    query = "select organisation_level, organisation_code, cohort, registered, vaccinated from clean order by 2, 3"
    expected = []
    for code, (old, old_done, ill, ill_done) in sorted(uptake(DEFAULT_SEED).items()):
        level = "england" if code == "ENG" else "icb"
        expected += [(level, code, "aged_65", old, old_done), (level, code, "respiratory", ill, ill_done)]
    assert parsed.rows(query) == expected


def test_gate_holds_more_vaccinated_than_registered_and_shares_instead_of_percentages(parse: Any) -> None:
    assert judge(SLUG, "influenza", parse("influenza").clean) == judge(SLUG, "cover", parse("cover").clean) == ()
    overfull = parse("influenza", set_cell("ICB", "Q9A", 60_000, column=3))
    assert any("than are registered" in failure for failure in judge(SLUG, "influenza", overfull.clean))
    shares = parse("cover", set_cell("12m_UTLA_GOR", "E08990001", 0.93, column=6))
    assert any("not a share" in failure for failure in judge(SLUG, "cover", shares.clean))


@pytest.mark.parametrize(
    ("entity", "change", "said"),
    [
        ("cover", rename_sheet("12m_UTLA_GOR", "12m_UTLA"), r"its sheets are \['Caveats', '12m_UTLA'\]"),
        (
            "cover",
            set_cell("12m_UTLA_GOR", "12m PCV1%", "12m PCV2%"),
            r"missing \['12m PCV1%'\], not known .*'12m PCV2%'",
        ),
        ("cover", set_cell("12m_UTLA_GOR", "[c]", "[low]"), r"column rotavirus: must be a number or \[x\]"),
        ("influenza", set_cell("ICB", "Org Code", "Code"), r"expected the columns .*missing \['Org Code'\]"),
        ("influenza", set_cell("ICB", "Q9A", "PCN 1"), r"level is not known: PCN 1"),
    ],
)
def test_what_differs_refuses_the_file_and_is_said(parse: Any, entity: str, change: Change, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(entity, change)

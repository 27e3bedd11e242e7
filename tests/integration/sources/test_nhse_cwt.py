"""Cancer waiting times: the real workbook against its own line of England, the sample, and what the parser refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample import nhse_cwt as sample
from dagster_project.sample.estate import DEFAULT_SEED
from dagster_project.sample.files import mirror_path
from tests.fixtures.sheets import Change, judge, rename_sheet, set_cell, write_changed

SLUG, ENTITY = "nhse_cwt", "provider"
REAL = "www.england.nhs.uk/statistics/wp-content/uploads/sites/2/2025/11/SEPTEMBER-2025-CWT-CRS-PROVIDER-WORKBOOK-FINAL.xlsx"


@pytest.mark.requires_mirror
def test_september_2025_has_the_publishers_own_figures(parse_file: Any, mirror_file: Any) -> None:
    """The line of England, read by eye: 73.8%, 91.2% and 68.0%; Airedale's 52.5 of 62; providers counted in the sheets."""
    parsed = parse_file(SLUG, ENTITY, mirror_file(REAL), "2025-09")
    assert parsed.rows(
        "select standard_days, people, people_within from clean where organisation_code = 'ENG' order by 1"
    ) == [
        (28, 295_202, 217_972),
        (31, 61_001, 55_638),
        (62, 30_483, 20_733),
    ]
    assert parsed.row(
        "select people, people_within from clean where organisation_code = 'RCF' and standard_days = 62"
    ) == (62, 52.5)
    providers = "select standard_days, count(*), sum(people) from clean where organisation_level = 'provider' group by 1 order by 1"
    assert parsed.rows(providers) == [(28, 143, 295_202), (31, 140, 61_001), (62, 150, 30_483)]
    assert parsed.value("select min(period_start)::varchar from clean") == "2025-09-01"
    assert judge(SLUG, ENTITY, parsed.clean) == ()


@pytest.fixture
def workbook(sample_estate: Path) -> Path:
    return mirror_path(sample_estate, sample.address("202509"))


def test_sample_month_has_its_planted_totals(parse_file: Any, workbook: Path) -> None:
    """Part B stands below and repeats every provider: it is set aside, not added."""
    parsed = parse_file(SLUG, ENTITY, workbook, "2025-09")
    for days in sample.SHEETS:
        planted = sample.counts(DEFAULT_SEED, "202509", days).values()
        england = "select people, people_within from clean where organisation_code = 'ENG' and standard_days = ?"
        assert parsed.row(england, [days]) == (sum(n for n, _ in planted), sum(m for _, m in planted))
    assert judge(SLUG, ENTITY, parsed.clean) == ()
    assert parsed.report.set_aside["rows of other tables of the sheet"] > 0


CHANGES: list[tuple[Change, str]] = [
    (set_cell("62-DAY (ALL CANCER)", "Sep-25", "Oct-25"), "2 of 3 sheets have 'sep-25'"),
    (
        set_cell("31-DAY (ALL CANCER)", "ALL ENGLISH PROVIDERS", 1, column=3),
        "within and after the standard do not make the total",
    ),
    (
        set_cell("62-DAY (ALL CANCER)", "WITHIN 62 DAYS", "WITHIN 60 DAYS"),
        "column patients_included: the text must be one of: ALL ROUTES",
    ),
    (rename_sheet("28-DAY FDS (ALL ROUTES)", "28-DAY FDS"), "0 sheets have a title"),
    (lambda sheets: sheets["31-DAY (ALL CANCER)"].pop(9), "do not sum to ALL ENGLISH PROVIDERS"),
    (
        lambda sheets: sheets["62-DAY (ALL CANCER)"].insert(9, sheets["62-DAY (ALL CANCER)"][9]),
        "do not sum to ALL ENGLISH",
    ),
    (
        set_cell("62-DAY (ALL CANCER)", "PART B: URGENT SUSPECTED CANCER", "URGENT SUSPECTED CANCER"),
        "notes begin above it",
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_a_workbook_that_differs_is_refused_and_says_where(
    change: Change, said: str, parse_file: Any, workbook: Path, tmp_path: Path
) -> None:
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, ENTITY, write_changed(workbook, tmp_path / "changed.xlsx", change), "2025-09")


def test_columns_in_another_order_give_the_same_figures(parse_file: Any, workbook: Path, tmp_path: Path) -> None:
    def turn(sheets: Any) -> None:
        for title, rows in sheets.items():
            sheets[title] = [list(reversed([*row, *[None] * (12 - len(row))])) for row in rows]

    rows = "select * exclude (snapshot_sha256) from clean order by all"
    turned = parse_file(SLUG, ENTITY, write_changed(workbook, tmp_path / "turned.xlsx", turn), "2025-09").rows(rows)
    assert turned == parse_file(SLUG, ENTITY, workbook, "2025-09").rows(rows)

"""Monthly A&E: real months against what the csv module reads in them, the sample's planted totals, and the parser's rules."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample.estate import PLANTED
from tests.fixtures.ae_site import HEADER, csv_bytes, month_lines
from tests.fixtures.sheets import judge

SLUG, ENTITY = "nhse_ae", "monthly"
UPLOADS = "www.england.nhs.uk/statistics/wp-content/uploads/sites/2/"
REAL_MONTHS = [
    ("2021-04", "2022/05/April-2021-revised-120522-ABC456.csv"),
    ("2024-09", "2024/10/Monthly-AE-September-2024.csv"),
    ("2026-02", "2026/03/February-2026-CSV-Dl8t54.csv"),
]


def read_totals(path: Path) -> tuple[int, list[int]]:
    """Providers, and the TOTAL row of a month, by another reader than the one under test."""
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    (total,) = [row for row in rows[1:] if row[1].strip().upper() == "TOTAL"]
    return len(rows) - 2, [int(cell) for cell in total[4:22]]


def sums_of(parsed: Any) -> list[int]:
    columns = [c.name for c in _columns() if c.name not in {"over_4_hours_type_1"}]
    return list(parsed.row(f"select {', '.join(f'sum({name})' for name in columns)} from clean"))


def _columns() -> list[Any]:
    from dagster_project.contracts.source import load_sources

    return load_sources()[SLUG].entity(ENTITY).file_columns[4:]


@pytest.mark.requires_mirror
@pytest.mark.parametrize(("period", "name"), REAL_MONTHS)
def test_real_month_has_the_publishers_totals(parse_file: Any, mirror_file: Any, period: str, name: str) -> None:
    path = mirror_file(UPLOADS + name)
    providers, total = read_totals(path)
    parsed = parse_file(SLUG, ENTITY, path, period)
    assert parsed.report.clean_rows == providers
    place = [column.name for column in _columns()].index("over_4_hours_type_1")
    assert sums_of(parsed) == total[:place] + total[place + 1 :]
    assert parsed.rows("select distinct period_start::varchar from clean") == [(f"{period}-01",)]
    assert parsed.value("select count(*) from clean where upper(organisation_code) = 'TOTAL'") == 0


@pytest.mark.requires_mirror
def test_field_test_trusts_of_april_2021_are_not_collected_and_not_zero(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, ENTITY, mirror_file(UPLOADS + REAL_MONTHS[0][1]), "2021-04")
    assert parsed.row(
        "select count(*), count(over_4_hours_type_1) from clean where over_4_hours_type_1_status = 'not_collected'"
    ) == (14, 0)
    assert parsed.report.statuses == {"not_collected": 14}


@pytest.mark.requires_mirror
def test_stray_columns_of_september_2024_are_listed(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, ENTITY, mirror_file(UPLOADS + REAL_MONTHS[1][1]), "2024-09")
    assert sorted(parsed.report.ignored_headings) == ["", "", "", "", "", "a"]


def test_sample_month_has_its_planted_totals(parse_file: Any, sample_estate: Path) -> None:
    (path,) = sample_estate.rglob("December-2025-CSV-*.csv")
    parsed = parse_file(SLUG, ENTITY, path, "2025-12")
    total = PLANTED.ae["2025-12"]
    assert parsed.row(
        "select sum(attendances_type_1 + attendances_type_2 + attendances_other), "
        "sum(over_4_hours_type_1 + over_4_hours_type_2 + over_4_hours_other) from clean"
    ) == (total.attendances, total.over_four_hours)


def test_column_of_another_generation_is_missed_by_name(parse_file: Any, tmp_path: Path) -> None:
    """Before August 2020 the booked columns did not exist: 16 columns."""
    lines = [
        [cell for place, cell in enumerate(line) if "Booked" not in HEADER[place]] for line in month_lines("2020-01")
    ]
    path = tmp_path / "January-2020.csv"
    path.write_bytes(csv_bytes(lines))
    with pytest.raises(LakeError, match="column 'A&E attendances Booked Appointments Type 1' is missing"):
        parse_file(SLUG, ENTITY, path, "2020-01")


@pytest.mark.requires_mirror
def test_a_region_that_nobody_knows_holds_the_month(parse_file: Any, mirror_file: Any, tmp_path: Path) -> None:
    """Its providers would stand in England and in no region. Blanks behind a name are no other name."""
    text = mirror_file(UPLOADS + "2026/02/January-2026-CSV-S6H81b.csv").read_text(encoding="utf-8-sig")
    path = tmp_path / "January-2026.csv"
    path.write_text(text.replace("NHS ENGLAND NORTH WEST ", "NHS England North West"), encoding="utf-8")
    assert judge(SLUG, ENTITY, parse_file(SLUG, ENTITY, path, "2026-01").clean) == ()
    path.write_text(text.replace("NHS ENGLAND NORTH WEST ", "NHS ENGLAND NORTHERN"), encoding="utf-8")
    (failure,) = judge(SLUG, ENTITY, parse_file(SLUG, ENTITY, path, "2026-01").clean)
    assert "region_name: an unknown label: 'NHS ENGLAND NORTHERN' (28 rows)" in failure

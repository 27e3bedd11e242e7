"""ODS reports: the real ones, and each rule that they taught, on small files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError

SLUG = "ods_organisation"
PERIOD = "2026"
REPORT = "www.odsdatasearchandexport.nhs.uk/api/getReport?report="
OPEN = {1: "R9A", 2: "A TRUST", 3: "Y91", 4: "Q9A", 10: "ZZ99 9ZZ", 11: "20020401", 22: "1", 24: "A"}

# -- the real reports ----------------------------------------------------------------------------------------------


@pytest.mark.requires_mirror
def test_every_trust_of_the_real_report_is_there_closed_ones_too(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "trust", mirror_file(REPORT + "etr"), PERIOD)
    assert parsed.report.records_in == parsed.report.clean_rows == 273
    assert parsed.row(
        "select count(*) filter (where closed_on is null), max(opened_on), max(closed_on) from clean"
    ) == (
        205,
        date(2024, 11, 1),
        date(2024, 12, 31),
    )


@pytest.mark.requires_mirror
def test_a_trust_with_five_characters_is_a_trust(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "trust", mirror_file(REPORT + "etr"), PERIOD)
    assert parsed.rows(
        "select organisation_code, region_code, icb_code, opened_on from clean where length(organisation_code) <> 3"
    ) == [("G6V2S", "Y56", "QMJ", date(2024, 11, 1))]


@pytest.mark.requires_mirror
def test_only_the_three_welsh_trusts_have_no_region(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "trust", mirror_file(REPORT + "etr"), PERIOD)
    assert parsed.rows(
        "select organisation_code, government_office_region, icb_code from clean where region_code is null order by 1"
    ) == [("RQF", "W", None), ("RT4", "W", None), ("RYT", "W", None)]


@pytest.mark.requires_mirror
def test_106_sub_icb_locations_are_open_and_hubs_have_no_parent(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "sub_icb", mirror_file(REPORT + "eccg"), PERIOD)
    assert parsed.report.records_in == 320
    assert parsed.rows(
        "select organisation_kind, count(*), count(*) filter (where closed_on is null), count(distinct icb_code) from clean "
        "group by 1 order by 1"
    ) == [("commissioning_hub", 35, 16, 0), ("sub_icb", 248, 106, 42), ("sub_icb_reporting_entity", 37, 37, 6)]


@pytest.mark.requires_mirror
def test_successions_hold_divisions_and_the_mergers_of_april_2026(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "succession", mirror_file(REPORT + "succ"), PERIOD)
    assert parsed.report.records_in == parsed.report.clean_rows == 11_537
    assert parsed.rows("select successor_code from clean where predecessor_code = 'RW6' order by 1") == [
        ("R0A",),
        ("RM3",),
    ]
    assert parsed.row(
        "select count(distinct predecessor_code), count(distinct successor_code) from clean "
        "where effective_on = date '2026-04-01' and predecessor_code like 'Q__'"
    ) == (12, 7)  # twelve ICBs ended; six began, and QRL took a part of QNQ


# -- the rules -----------------------------------------------------------------------------------------------------


def _write_report(path: Path, rows: Sequence[Mapping[int, str]]) -> Path:
    """A report as ODS writes it: no heading, 27 cells, all quoted."""
    lines = [",".join(f'"{row.get(place, "")}"' for place in range(1, 28)) for row in rows]
    path.write_text("\r\n".join([*lines, ""]), encoding="utf-8")
    return path


def _trusts(**last: str) -> list[Mapping[int, str]]:
    codes = [f"R9{letter}" for letter in "BCDEFGHJKL"]
    return [
        *(OPEN | {1: code} for code in codes),
        OPEN | {int(place.removeprefix("c")): text for place, text in last.items()},
    ]


def test_a_report_without_headings_is_read_by_place(parse_file: Any, tmp_path: Path) -> None:
    parsed = parse_file(SLUG, "trust", _write_report(tmp_path / "etr.csv", _trusts(c12="20251231")), PERIOD)
    assert parsed.row(
        "select organisation_name, region_code, icb_code, postcode, opened_on, closed_on from clean where organisation_code = 'R9A'"
    ) == ("A TRUST", "Y91", "Q9A", "ZZ99 9ZZ", date(2002, 4, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"c11": "20021399"}, "opened_on is not a day written as yyyymmdd .*R9A, 20021399"),
        ({"c12": "20010401"}, "closed before it opened .*R9A"),
        ({"c11": ""}, "row 11, column opened_on: the cell must not be empty"),
        ({"c1": "R9-"}, "row 11, column organisation_code"),
        ({"c1": "R9B", "c2": "ANOTHER TRUST"}, "rows with the same key .organisation_code.: R9B"),
    ],
)
def test_a_broken_trust_holds_the_report(parse_file: Any, tmp_path: Path, cells: dict[str, str], said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "trust", _write_report(tmp_path / "etr.csv", _trusts(**cells)), PERIOD)


def test_a_report_with_another_number_of_columns_is_refused(parse_file: Any, tmp_path: Path) -> None:
    path = tmp_path / "etr.csv"
    path.write_text("".join(",".join(['"R9A"'] * 26) + "\r\n" for _ in range(12)), encoding="utf-8")
    with pytest.raises(LakeError, match=r"does not have one cell a column"):
        parse_file(SLUG, "trust", path, PERIOD)


def test_an_unknown_role_is_named(parse_file: Any, tmp_path: Path) -> None:
    rows = _trusts(c14="RO999")
    for row in rows[:-1]:
        row.update({14: "RO319"})  # type: ignore[attr-defined]
    with pytest.raises(LakeError, match=r"role that is not known .*R9A, RO999"):
        parse_file(SLUG, "sub_icb", _write_report(tmp_path / "eccg.csv", rows), PERIOD)


def test_an_organisation_cannot_succeed_itself(parse_file: Any, tmp_path: Path) -> None:
    path = tmp_path / "succ.csv"
    rows = [("R9V", "G9V9S"), ("R9X", "R9B"), ("R9Y", "R9C"), ("R9Y", "R9D"), ("R9Z", "R9Z")]
    path.write_text("\r\n".join(f'"{old}","{new}","","20251001","0"' for old, new in rows), encoding="utf-8")
    with pytest.raises(LakeError, match=r"succeeds itself .*R9Z"):
        parse_file(SLUG, "succession", path, PERIOD)

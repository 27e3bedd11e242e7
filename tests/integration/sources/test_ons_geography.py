"""ONS look-ups: the real files, and each rule that they taught, on small files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError

SLUG = "ons_geography"
PORTAL = "geoportal.statistics.gov.uk/"
TO_ICB = PORTAL + "LSOA_(2021)_to_SICBL_to_ICB_to_Cancer_Alliances_to_LAD_(April_2024)_Lookup_in_EN.csv"
CHANGES = PORTAL + "LSOA_(2011)_to_LSOA_(2021)_to_Local_Authority_District_(2022)_Lookup_for_EW.csv"
ICB_HEADER = "LSOA21CD,LSOA21NM,SICBL{y}CD,SICBL{y}CDH,SICBL{y}NM,ICB{y}CD,ICB{y}CDH,ICB{y}NM,CAL{y}CD,CAL{y}NM,LAD{y}CD,LAD{y}NM,{last}"
CHANGE_HEADER = ["LSOA11CD", "LSOA11NM", "CHGIND", "LSOA21CD", "LSOA21NM", "LAD22CD", "LAD22NM"]

# -- the real files ------------------------------------------------------------------------------------------------


@pytest.mark.requires_mirror
def test_every_lsoa_of_2021_has_its_icb(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "lsoa_2021", mirror_file(TO_ICB), "2024")
    assert parsed.report.encoding == "utf-8-sig"
    assert parsed.report.ignored_headings == ["FID"]
    assert parsed.row(
        "select count(*), count(distinct sub_icb_code), count(distinct icb_code), count(distinct district_code), max(boundaries_as_of) from clean"
    ) == (33_755, 106, 42, 309, date(2024, 4, 1))
    assert parsed.row("select icb_gss_code, icb_name from clean where sub_icb_code = '01F' limit 1") == (
        "E54000008",
        "NHS Cheshire and Merseyside Integrated Care Board",
    )


@pytest.mark.requires_mirror
def test_change_codes_of_england_are_as_counted(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "lsoa_2011_to_2021", mirror_file(CHANGES), "2022")
    assert parsed.report.clean_rows == 35_795
    assert parsed.rows(
        "select change_code, count(*), count(distinct lsoa_code_2011), count(distinct lsoa_code_2021) from clean "
        "where lsoa_code_2011 like 'E%' group by 1 order by 1"
    ) == [("M", 194, 194, 97), ("S", 1_842, 834, 1_842), ("U", 31_810, 31_810, 31_810), ("X", 9, 6, 6)]
    assert parsed.row(
        "select count(distinct lsoa_code_2011), count(distinct lsoa_code_2021) from clean where lsoa_code_2011 like 'E%'"
    ) == (
        32_844,
        33_755,
    )


# -- the rules -----------------------------------------------------------------------------------------------------


def _write_look_up(path: Path, year: str = "25", last: str = "ObjectId", stray: str = "") -> Path:
    lines = [
        f"E0199{n:04d},Here {n},E38990001,9QA,NHS Here ICB - 9QA,E54990001,Q9A,NHS Here Integrated Care Board,E56000001,An alliance,E08990001,Here,{n}"
        for n in range(150)
    ]
    lines += [stray] if stray else []
    text = "\r\n".join([ICB_HEADER.format(y=year, last=last), *lines, ""])
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    return path


@pytest.mark.parametrize(("year", "last"), [("24", "FID"), ("25", "ObjectId"), ("27", "FID")])
def test_headings_of_any_year_are_recognised(parse_file: Any, tmp_path: Path, year: str, last: str) -> None:
    parsed = parse_file(SLUG, "lsoa_2021", _write_look_up(tmp_path / "lookup.csv", year, last), "2025")
    assert parsed.row("select count(*), min(icb_code), min(icb_gss_code), max(boundaries_as_of) from clean") == (
        150,
        "Q9A",
        "E54990001",
        date(2025, 4, 1),
    )
    assert parsed.report.ignored_headings == [f"CAL{year}CD", f"CAL{year}NM", last]


def test_a_sub_icb_in_two_icbs_is_refused(parse_file: Any, tmp_path: Path) -> None:
    stray = "E01990999,Here 999,E38990001,9QA,NHS Here ICB - 9QA,E54990002,Q9B,NHS There Integrated Care Board,E56000001,An alliance,E08990001,Here,999"
    with pytest.raises(LakeError, match=r"one sub_icb_code with two values of icb_code .*9QA, Q9A \| Q9B"):
        parse_file(SLUG, "lsoa_2021", _write_look_up(tmp_path / "lookup.csv", stray=stray), "2025")


def _changes() -> list[list[str]]:
    rows = [[f"E0199{n:04d}", f"Here {n}", "U", f"E0199{n:04d}", f"Here {n}", "E08990001", "Here"] for n in range(150)]
    rows += [["E01990200", "Here 200", "S", f"E0199521{n}", f"Here 521{n}", "E08990001", "Here"] for n in range(2)]
    rows += [[f"E0199022{n}", f"Here 22{n}", "M", "E01995220", "Here 5220", "E08990001", "Here"] for n in range(2)]
    return rows


def test_the_official_names_of_the_columns_are_read(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    parsed = parse_file(
        SLUG, "lsoa_2011_to_2021", write_csv(tmp_path / "changes.csv", CHANGE_HEADER, _changes()), "2022"
    )
    assert parsed.rows("select change_code, count(*) from clean group by 1 order by 1") == [
        ("M", 2),
        ("S", 2),
        ("U", 150),
    ]


@pytest.mark.parametrize(
    ("place", "column", "value", "said"),
    [
        (3, 3, "E01999999", "change code that does not fit its pairs .*E01990003, U, E01999999"),
        (-4, 2, "U", "change code that does not fit its pairs .*E01990200, U"),
        (-1, 2, "Q", "row 155, column change_code: the text must be one of: U, S, M, X"),
        (-1, 3, "", "row 155, column lsoa_code_2021: the cell must not be empty"),
    ],
)
def test_a_look_up_that_would_lose_people_is_refused(
    parse_file: Any, write_csv: Any, tmp_path: Path, place: int, column: int, value: str, said: str
) -> None:
    rows = _changes()
    rows[place][column] = value
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "lsoa_2011_to_2021", write_csv(tmp_path / "changes.csv", CHANGE_HEADER, rows), "2022")


def test_a_missing_half_of_a_split_lsoa_is_noticed(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    rows = [row for row in _changes() if row[3] != "E01995211"]
    with pytest.raises(LakeError, match=r"change code that does not fit its pairs .*E01990200, S, E01995210"):
        parse_file(SLUG, "lsoa_2011_to_2021", write_csv(tmp_path / "changes.csv", CHANGE_HEADER, rows), "2022")

"""Census 2021 from Nomis: the real downloads, and each rule that they taught, on small files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError

SLUG = "ons_census"
NOMIS = "www.nomisweb.co.uk/output/census/2021/"
TS021 = NOMIS + "TS021_ethnic_group_lsoa.csv"
TS007A = NOMIS + "TS007A_age_by_five_year_age_bands_lsoa.csv"
GROUPS = (
    "Asian, Asian British or Asian Welsh",
    "Black, Black British, Black Welsh, Caribbean or African",
    "Mixed or Multiple ethnic groups",
    "White",
    "Other ethnic group",
)

# -- the real downloads --------------------------------------------------------------------------------------------


@pytest.mark.requires_mirror
def test_residents_of_england_by_ethnic_group_are_as_published(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "ethnic_group", mirror_file(TS021), "2021")
    assert parsed.report.records_in == 35_672
    assert parsed.rows(
        "select ethnic_group_5, sum(residents)::bigint from clean where country = 'england' group by 1 order by 1"
    ) == [
        ("asian", 5_426_498),
        ("black", 2_381_670),
        ("mixed", 1_669_304),
        ("other", 1_229_014),
        ("white", 45_783_622),
    ]
    assert parsed.rows(
        "select country, count(distinct lsoa_code_2021), sum(residents)::bigint from clean group by 1 order by 1"
    ) == [
        ("england", 33_755, 56_490_108),
        ("wales", 1_917, 3_107_468),
    ]


@pytest.mark.requires_mirror
def test_preamble_and_footer_are_listed_not_lost(parse_file: Any, mirror_file: Any) -> None:
    report = parse_file(SLUG, "ethnic_group", mirror_file(TS021), "2021").report
    assert report.preamble == [
        '"TS021 - Ethnic group"',
        '"ONS Crown Copyright Reserved [from Nomis on 18 April 2023]"',
        '"Population :","All usual residents"',
        '"Units      :","Persons"',
        '"Date       :","2021"',
    ]
    assert report.footer[0].startswith('"","In order to protect against disclosure')


@pytest.mark.requires_mirror
def test_residents_by_age_are_as_published(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "age_band", mirror_file(TS007A), "2021")
    assert (parsed.report.records_in, parsed.report.clean_rows, parsed.report.footer) == (35_672, 35_672 * 18, [])
    assert parsed.rows(
        "select age_band, age_from, age_to, sum(residents)::bigint from clean where country = 'england' and age_band in ('0-4', '50-54', '85+') "
        "group by all order by 2"
    ) == [("0-4", 0, 4, 3_076_851), ("50-54", 50, 54, 3_907_842), ("85+", 85, None, 1_372_289)]
    assert parsed.value("select sum(residents)::bigint from clean where country = 'england'") == 56_490_091


# -- the rules -----------------------------------------------------------------------------------------------------


def _write_download(
    path: Path, preamble: list[str], rows: list[str], footer: list[str], groups: tuple[str, ...] = GROUPS
) -> Path:
    header = ",".join(
        f'"{name}"'
        for name in ("2021 super output area - lower layer", "mnemonic", "Total: All usual residents", *groups)
    )
    path.write_text("\n".join([*preamble, header, "", *rows, "", "", *footer, ""]), encoding="utf-8")
    return path


def _rows(last: str = '"There 001A","W01990001",40,1,2,3,30,4') -> list[str]:
    return [*(f'"Here {n}","E0199{n:04d}",1500,100,50,30,1300,20' for n in range(120)), last]


@pytest.mark.parametrize(
    "preamble", [['"TS021"', ""], ["", '"TS021"', '"ONS"', '"Date","2021"', ""], ["", *['"line"'] * 8, ""], []]
)
@pytest.mark.parametrize("footer", [[], ['"","In order to protect against disclosure"', '"",""']])
def test_any_length_of_preamble_and_footer_is_taken_off(
    parse_file: Any, tmp_path: Path, preamble: list[str], footer: list[str]
) -> None:
    parsed = parse_file(
        SLUG, "ethnic_group", _write_download(tmp_path / "ts021.csv", preamble, _rows(), footer), "2021"
    )
    assert (parsed.report.records_in, parsed.report.clean_rows) == (121, 605)
    assert parsed.row(
        "select country, residents from clean where lsoa_code_2021 = 'W01990001' and category = 'White'"
    ) == ("wales", 30)
    assert len(parsed.report.preamble) == len([line for line in preamble if line])
    assert bool(parsed.report.footer) == bool(footer)


def test_finer_categories_of_a_longer_download_are_left_out(parse_file: Any, tmp_path: Path) -> None:
    groups = (*GROUPS, "White: Gypsy or Irish Traveller")
    rows = [row + ",7" for row in _rows()]
    parsed = parse_file(SLUG, "ethnic_group", _write_download(tmp_path / "ts021.csv", [""], rows, [], groups), "2021")
    assert parsed.report.ignored_headings == ["White: Gypsy or Irish Traveller"]
    assert parsed.value("select sum(residents)::bigint from clean") == 120 * 1500 + 40


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ('"There 001A","W01990001",41,1,2,3,30,4', "do not add up to its total .*W01990001, 41, 40"),
        ('"There 001A","W01990001",40,1,2,3,c,4', "row 126, column white: must be a whole number"),
        ('"There 001A","X01990001",40,1,2,3,30,4', "row 126, column lsoa_code: the text must match"),
        ('"There 001A","W01990001",40,1,2,3,30', "row 126.*does not have one cell a column"),
    ],
)
def test_a_broken_row_is_named_by_its_line_in_the_file(parse_file: Any, tmp_path: Path, last: str, said: str) -> None:
    path = _write_download(tmp_path / "ts021.csv", ["", '"TS021"', ""], _rows(last), ['"","note"'])
    assert path.read_text().splitlines()[125] == last
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "ethnic_group", path, "2021")


@pytest.mark.parametrize("preamble", [["", '"TS021"', ""], []])
def test_a_stray_quotation_mark_is_named_by_file_and_line(parse_file: Any, tmp_path: Path, preamble: list[str]) -> None:
    """The table is read without what stands above it; what is said is of the publisher's file."""
    last = '"There 001A","W01990001",40,1,2,3,30,"4'
    path = _write_download(tmp_path / "ts021.csv", preamble, _rows(last), ['"","note"'])
    line = path.read_text().splitlines().index(last) + 1
    with pytest.raises(LakeError, match=f"^ts021.csv has an odd number of quotation marks: .* in line {line}"):
        parse_file(SLUG, "ethnic_group", path, "2021")

"""Indices of Deprivation: the real File 7 of 2019 and 2025, and each rule that they taught, on small files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError

SLUG = "mhclg_imd"
ASSETS = "assets.publishing.service.gov.uk/"
FILE_2019 = (
    ASSETS + "government/uploads/system/uploads/attachment_data/file/845345/"
    "File_7_-_All_IoD2019_Scores__Ranks__Deciles_and_Population_Denominators_3.csv"
)
FILE_2025 = (
    ASSETS + "media/68ff5daabcb10f6bf9bef911/File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
)
INDEX = "Index of Multiple Deprivation (IMD)"
TENTH = "Decile (where 1 is most deprived 10% of LSOAs)"

# -- the real files ------------------------------------------------------------------------------------------------


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("entity", "file", "period", "lsoas", "distinct_ranks"),
    [("lsoa_2011", FILE_2019, "2019", 32_844, 32_818), ("lsoa_2021", FILE_2025, "2025", 33_755, 33_755)],
)
def test_ranks_run_to_the_number_of_lsoas(
    parse_file: Any, mirror_file: Any, entity: str, file: str, period: str, lsoas: int, distinct_ranks: int
) -> None:
    parsed = parse_file(SLUG, entity, mirror_file(file), period)
    assert parsed.report.records_in == parsed.report.clean_rows == lsoas
    assert parsed.row("select min(imd_rank), max(imd_rank), count(distinct imd_rank) from clean") == (
        1,
        lsoas,
        distinct_ranks,
    )
    assert parsed.row("select max(imd_rank) filter (where imd_decile = 1), count(distinct imd_decile) from clean") == (
        lsoas // 10,
        10,
    )


@pytest.mark.requires_mirror
def test_the_city_of_london_is_as_published_in_both_editions(parse_file: Any, mirror_file: Any) -> None:
    old = parse_file(SLUG, "lsoa_2011", mirror_file(FILE_2019), "2019")
    new = parse_file(SLUG, "lsoa_2021", mirror_file(FILE_2025), "2025")
    assert old.row("select imd_rank, imd_decile, income_decile from clean where lsoa_code_2011 = 'E01000001'") == (
        29_199,
        9,
        10,
    )
    assert new.row("select imd_score, imd_rank, imd_decile from clean where lsoa_code_2021 = 'E01000001'") == (
        8.742,
        26_525,
        8,
    )


@pytest.mark.requires_mirror
def test_the_editions_cannot_be_joined_by_a_shared_column(parse_file: Any, mirror_file: Any) -> None:
    old = parse_file(SLUG, "lsoa_2011", mirror_file(FILE_2019), "2019")
    new = parse_file(SLUG, "lsoa_2021", mirror_file(FILE_2025), "2025")
    names = [{row[0] for row in parsed.rows("select column_name from (describe clean)")} for parsed in (old, new)]
    assert not {name for name in names[0] & names[1] if name.startswith("lsoa")}


# -- the rules -----------------------------------------------------------------------------------------------------


def _write_file_7(write_csv: Any, path: Path, ranks: list[tuple[int, int]], decile_heading: str = TENTH) -> Path:
    """File 7 of 2019 with the given ranks and deciles, one an LSOA."""
    header = ["LSOA code (2011)", "LSOA name (2011)", "Local Authority District code (2019)"]
    header += [
        "Local Authority District name (2019)",
        f"{INDEX} Rank (where 1 is most deprived)",
        f"{INDEX} {decile_heading}",
    ]
    header += [f"{domain} {decile_heading}" for domain in ("Income", "Employment", "Health Deprivation and Disability")]
    header += ["Income Deprivation Affecting Children Index (IDACI) " + TENTH]
    rows = [
        [f"E0199{n:04d}", f"Here {n}", "E08990001", "Here", rank, tenth, 1, 2, 3, 4]
        for n, (rank, tenth) in enumerate(ranks)
    ]
    return write_csv(path, header, rows)


def _ranks(lsoas: int = 200) -> list[tuple[int, int]]:
    return [(rank, -(-rank * 10 // lsoas)) for rank in range(1, lsoas + 1)]


@pytest.mark.parametrize(
    "heading",
    [TENTH, "Decile (where 1 is most deprived 10% of LSOA", "Decile\u00a0(where 1 is most deprived 10% of LSOAs)"],
)
def test_a_cut_heading_is_recognised(parse_file: Any, write_csv: Any, tmp_path: Path, heading: str) -> None:
    parsed = parse_file(SLUG, "lsoa_2011", _write_file_7(write_csv, tmp_path / "f7.csv", _ranks(), heading), "2019")
    assert parsed.row("select count(*), sum(income_decile), sum(health_decile) from clean") == (200, 200, 600)


def test_equal_ranks_pass_when_the_next_is_left_out(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    ranks = _ranks()
    ranks[51] = ranks[50]
    assert (
        parse_file(SLUG, "lsoa_2011", _write_file_7(write_csv, tmp_path / "f7.csv", ranks), "2019").report.clean_rows
        == 200
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda ranks: ranks[:50] + ranks[51:], "ranks do not run from 1"),
        (lambda ranks: [*ranks[:-1], ranks[0]], "ranks do not run from 1"),
        (
            lambda ranks: [(rank, 11 - tenth) for rank, tenth in ranks],
            "decile that does not fit its rank.*: E01990000, 1, 10",
        ),
        (lambda ranks: [*ranks[:-1], (200, 9)], "decile that does not fit its rank.*: E01990199, 200, 9"),
    ],
)
def test_a_file_with_a_missing_lsoa_or_turned_deciles_is_refused(
    parse_file: Any, write_csv: Any, tmp_path: Path, fault: Any, said: str
) -> None:
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "lsoa_2011", _write_file_7(write_csv, tmp_path / "f7.csv", fault(_ranks())), "2019")


def test_lsoas_of_2021_are_not_taken_for_those_of_2011(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    path = _write_file_7(write_csv, tmp_path / "f7.csv", _ranks())
    path.write_text(path.read_text().replace("(2011)", "(2021)"))
    with pytest.raises(LakeError, match=r"column 'LSOA code \(2011\)' is missing"):
        parse_file(SLUG, "lsoa_2011", path, "2019")

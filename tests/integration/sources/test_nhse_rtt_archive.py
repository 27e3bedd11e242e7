"""RTT before April 2021: files generated in the layouts that public pipelines read. No real file was at hand: this shows the layouts only."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.files import LakeError
from dagster_project.lake.links import read_name
from dagster_project.sample import nhse_rtt
from dagster_project.sample import nhse_rtt_archive as sample
from dagster_project.sample.estate import DEFAULT_SEED
from tests.fixtures.ae_site import csv_bytes

SLUG = "nhse_rtt_archive"
LAYOUTS = {"to_52_weeks": sample.OF_52_WEEKS, "before_october_2017": sample.OLDER}
PERIODS = {"to_52_weeks": "2021-03", "before_october_2017": "2017-03"}


def lines_of(entity: str) -> list[list[str]]:
    text = sample.month_csv(DEFAULT_SEED, *LAYOUTS[entity]).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def packed(folder: Path, lines: list[list[str]]) -> Path:
    path = folder / "Full-CSV-data-file.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20170331-RTT-March-2017-full-extract.csv", csv_bytes(lines))
    return path


@pytest.mark.parametrize("entity", LAYOUTS)
def test_waiting_and_long_waits_are_those_that_were_planted(entity: str, parse_file: Any, tmp_path: Path) -> None:
    waiting = [row.bands for row in nhse_rtt.pathways_of(DEFAULT_SEED, *LAYOUTS[entity]) if row.part == "Part_2"]
    weeks = [sum(column) for column in zip(*waiting, strict=True)]
    parsed = parse_file(SLUG, entity, packed(tmp_path, lines_of(entity)), PERIODS[entity])
    bands = " + ".join(f"weeks_{week:03d}" for week in range(53))
    for condition in ("=", "<>"):
        found = parsed.row(
            f"select min(period_start)::varchar, sum({bands}), sum(weeks_017), sum(weeks_052) from clean "
            f"where rtt_part_type = 'Part_2' and treatment_function_code {condition} 'C_999'"
        )
        assert found == (f"{PERIODS[entity]}-01", sum(weeks), weeks[17], sum(weeks[52:]))
    assert parsed.report.preamble == (
        ["Consultant-led Referral to Treatment Waiting Times", "Full extract"]
        if entity == "before_october_2017"
        else []
    )


@pytest.mark.parametrize(
    ("entity", "heading", "renamed", "said"),
    [
        ("to_52_weeks", "Gt 52 Weeks SUM 1", "Gt 52 To 53 Weeks SUM 1", "'Gt 52 Weeks SUM 1' is missing"),
        # as in July 2016, in another month
        ("before_october_2017", "Treatment Function Code", "Treatment Function Description", "'Treatment Function Code' is missing"),
        ("before_october_2017", "", "Extra", "'Extra', is not in the contract"),
    ],
)  # fmt: skip
def test_a_layout_that_nobody_described_is_refused(
    entity: str, heading: str, renamed: str, said: str, parse_file: Any, tmp_path: Path
) -> None:
    lines = lines_of(entity)
    (row,) = (line for line in lines if "Provider Org Code" in line)
    row[row.index(heading)] = renamed
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, entity, packed(tmp_path, lines), PERIODS[entity])


@pytest.mark.parametrize("period", ["2016-03", "2018-03"])
def test_january_to_march_lie_in_the_second_of_the_two_years(period: str, parse_file: Any, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=f"listed as {period} but holds another period: 2017-03-01"):
        parse_file(SLUG, "before_october_2017", packed(tmp_path, lines_of("before_october_2017")), period)


@pytest.mark.parametrize(
    ("name", "slug", "entity"),
    [
        ("Full-CSV-data-file-Dec20-ZIP-2705K-98040.zip", SLUG, "to_52_weeks"),
        ("Full-CSV-data-file-Mar19-revised-ZIP-3506K.zip", SLUG, "to_52_weeks"),
        ("Full-CSV-data-file-Sep17-ZIP-3000K.zip", SLUG, "before_october_2017"),
        ("Full-CSV-data-file-Apr21-ZIP-2900K-12345.zip", "nhse_rtt", "full_extract"),
        ("Full-CSV-data-file-Mar15-ZIP-2900K.zip", "", ""),
    ],
)
def test_each_month_belongs_to_the_layout_of_its_time(name: str, slug: str, entity: str) -> None:
    named = [
        (s.slug, e.name, e.link) for s in load_sources().values() for e in s.entities if e.link and "rtt" in s.slug
    ]
    assert [(s, e) for s, e, link in named if read_name(link, f"https://x/{name}")] == (
        [(slug, entity)] if slug else []
    )


def renamed(lines: list[list[str]], **headings: str) -> list[list[str]]:
    """The older layout with other headings, its months those of 2016-07."""
    (header,) = (line for line in lines if "Provider Org Code" in line)
    header[:] = [headings.get(heading.replace(" ", "_"), heading) for heading in header]
    return [[{"MARCH": "JULY"}.get(cell, cell) for cell in line] for line in lines]


CODES = "select sum(total_all), min(treatment_function_code), any_value(treatment_function_name order by treatment_function_code desc) from clean"


@pytest.mark.parametrize(
    "headings",
    [
        {"Treatment_Function_Code": "Treatment Function Name", "Treatment_Function_Name": "Treatment Function Description"},
        {"Treatment_Function_Code": "Treatment Function"},
        {},
    ],
)  # fmt: skip
def test_treatment_functions_of_july_2016_are_read_under_any_heading_that_was_described(
    headings: dict[str, str], parse_file: Any, tmp_path: Path
) -> None:
    """The codes stand under the heading of the names then: as many pathways, under the same codes and names."""
    entity = "before_october_2017"
    wanted = parse_file(SLUG, entity, packed(tmp_path, lines_of(entity)), "2017-03").row(CODES)
    parsed = parse_file(SLUG, entity, packed(tmp_path, renamed(lines_of(entity), **headings)), "2016-07")
    assert parsed.row(CODES) == wanted and wanted[1:] == ("C_100", "Other")
    assert parsed.value("select distinct period_start::varchar from clean") == "2016-07-01"


def test_parts_in_capitals_are_the_same_parts(parse_file: Any, tmp_path: Path) -> None:
    """Rows of May 2016 in the test of a public package: PART_1A, PART_2."""
    lines = [
        [cell.upper() if cell.startswith("Part_") else cell for cell in line]
        for line in lines_of("before_october_2017")
    ]
    parsed = parse_file(SLUG, "before_october_2017", packed(tmp_path, lines), "2017-03")
    assert parsed.rows("select distinct rtt_part_type from clean order by 1") == [
        ("Part_1A",),
        ("Part_1B",),
        ("Part_2",),
        ("Part_2A",),
        ("Part_3",),
    ]

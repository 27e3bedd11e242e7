"""Fingertips: the real files of three indicators, and each trap of the format on small files."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.discovery import discover, period_bounds
from dagster_project.lake.files import LakeError
from dagster_project.quality.landing import landing_gate
from dagster_project.sample import ohid_fingertips as sample
from dagster_project.sample.estate import DEFAULT_SEED
from tests.fixtures.runs import SMALL
from tests.fixtures.sheets import judge

SLUG = "ohid_fingertips"
REAL = "fingertips.phe.org.uk/api/all_data/csv/by_indicator_id?indicator_ids="


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("number", "records", "without_id", "rows"),
    [("91547", 17_627, 6_267, 11_360), ("200", 464, 0, 295), ("247", 224, 0, 210)],
)
def test_rows_without_an_id_and_rows_of_other_parents_are_left_out(
    parse_file: Any, mirror_file: Any, number: str, records: int, without_id: int, rows: int
) -> None:
    """200 and 247 hold 169 and 14 rows twice, England under no parent and under itself."""
    parsed = parse_file(SLUG, "indicator", mirror_file(REAL + number), f"2024+{number}")
    assert (parsed.report.records_in, parsed.report.clean_rows) == (records, rows)
    assert sum(parsed.report.set_aside.values()) == without_id
    assert parsed.row("select count(distinct indicator_id), any_value(indicator_id) from clean") == (1, int(number))


@pytest.mark.requires_mirror
def test_smoking_of_england_in_2013_14(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "indicator", mirror_file(REAL + "91547"), "2024+91547")
    assert parsed.row(
        "select numerator, denominator, cast(period_start as varchar), cast(period_end as varchar) from clean "
        "where area_type = 'England' and category_basis = 'none' and time_period = '2013/14'"
    ) == (8_935_216, 46_608_551.5, "2013-04-01", "2014-03-31")
    assert parsed.rows("select distinct category_basis from clean order by 1") == [
        ("local_authority_deciles",),
        ("none",),
    ]
    assert parsed.rows("select value_status, count(*) from clean where value is null group by 1") == [("missing", 6)]


@pytest.fixture
def sample_lines(sample_estate: Path) -> tuple[list[str], list[list[str]]]:
    (path,) = sample_estate.rglob("by_indicator_id[?]indicator_ids=91547")
    header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
    return header, rows


def test_sample_holds_what_was_planted(parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path) -> None:
    header, rows = sample_lines
    parsed = parse_file(SLUG, "indicator", write_csv(tmp_path / "x.csv", header, rows), "2024+91547")
    assert list(parsed.report.set_aside.values()) == [sample.ROWS_WITHOUT_ID]
    assert parsed.row(
        "select numerator, denominator from clean where area_type = 'England' and category = 'all' and time_period = '2023/24'"
    ) == sample.england_counts(DEFAULT_SEED, "91547", 2023)
    assert parsed.rows("select area_name, time_period from clean where value_status = 'suppressed'") == [
        ("NHS Sample Southleigh Integrated Care Board - Q9D", "2022/23")
    ]


@pytest.mark.parametrize(
    "heading",
    ["Column not used", "Compared to percentiles", "Compared to PCNs (v. 27/10/23) value or percentiles"],
)
def test_column_23_may_be_called_anything(
    parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path, heading: str
) -> None:
    header, rows = sample_lines
    header[22] = heading
    parsed = parse_file(SLUG, "indicator", write_csv(tmp_path / "x.csv", header, rows), "2024+91547")
    assert parsed.report.clean_rows == 30


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (
            1,
            "Hypertension: QOF prevalence (all ages)",
            "should be called 'Smoking prevalence .*', but the file has: 91547, Hypertension",
        ),
        (0, "241", "but the file has: 241, Smoking"),
        (26, "1q", "a time period that is no year or years .*1q"),
        (18, "12", "rows with the same key"),
    ],
)
def test_wrong_id_wrong_name_wrong_period_and_contradictions_are_refused(
    parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path, column: int, value: str, said: str
) -> None:
    header, rows = sample_lines
    rows[0][column] = value
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "indicator", write_csv(tmp_path / "x.csv", header, rows), "2024+91547")


def test_an_indicator_that_nobody_named_is_refused(
    parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path
) -> None:
    header, rows = sample_lines
    path = write_csv(tmp_path / "x.csv", header, [["22401", *row[1:]] for row in rows])
    with pytest.raises(LakeError, match=r"indicator 22401 should be called 'something that parse\.py knows'"):
        parse_file(SLUG, "indicator", path, "2024+22401")


def test_pooled_years_end_where_their_range_says(
    parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path
) -> None:
    header, rows = sample_lines
    for row in rows[:2]:
        row[11], row[23], row[26] = "2018 - 20", "20180000", "3y"
    parsed = parse_file(SLUG, "indicator", write_csv(tmp_path / "x.csv", header, rows), "2024+91547")
    assert parsed.rows(
        "select cast(period_start as varchar), cast(period_end as varchar) from clean where time_period = '2018 - 20'"
    ) == [("2018-01-01", "2020-12-31")]


class _NoPages:
    origin = "published"


def test_every_indicator_has_a_place_of_its_own_in_one_period() -> None:
    """Otherwise the file of one indicator would take the place of another's."""
    found = discover(load_sources()[SLUG], _NoPages(), dt.date(2026, 1, 1)).located  # type: ignore[arg-type]
    assert [located.period for located in found] == ["2024+200", "2024+241", "2024+247", "2024+91547"]
    assert {period_bounds(located.period) for located in found} == {(dt.date(2024, 1, 1), dt.date(2024, 12, 31))}


def test_neighbour_under_the_same_first_words_is_refused(
    parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path
) -> None:
    header, rows = sample_lines
    name = header.index("Indicator Name")
    other = "Smoking prevalence in adults in routine and manual occupations (aged 18 to 64) - current smokers (APS)"
    renamed = [[*row[:name], other, *row[name + 1 :]] for row in rows]
    with pytest.raises(LakeError, match="should be called"):
        parse_file(SLUG, "indicator", write_csv(tmp_path / "c.csv", header, renamed), "2024+91547")


def test_longer_name_of_the_same_indicator_is_taken(
    parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path
) -> None:
    """In 2026 the name of 91547 says `(aged 15 and over)` for `(15+)`; its id and its figures are the same."""
    header, rows = sample_lines
    name = header.index("Indicator Name")
    renamed = [
        [*row[:name], "Smoking prevalence in adults (aged 15 and over) - current smokers (QOF)", *row[name + 1 :]]
        for row in rows
    ]
    values = "select * exclude (indicator_name, snapshot_sha256) from clean order by all"
    before = parse_file(SLUG, "indicator", write_csv(tmp_path / "a.csv", header, rows), "2024+91547").rows(values)
    assert (
        parse_file(SLUG, "indicator", write_csv(tmp_path / "b.csv", header, renamed), "2024+91547").rows(values)
        == before
    )


@pytest.mark.requires_mirror
def test_a_kind_of_area_that_nobody_knows_holds_the_file(parse_file: Any, mirror_file: Any, tmp_path: Path) -> None:
    """The 42 ICBs of 2023/24, a year each, under the name that a new edition may give them: without them no ICB has a figure."""
    real = mirror_file(REAL + "91547")
    assert judge(SLUG, "indicator", parse_file(SLUG, "indicator", real, "2024+91547").clean) == ()
    text = real.read_text(encoding="utf-8-sig")
    path = tmp_path / "renamed.csv"
    path.write_text(text.replace(",ICBs,", ",ICBs (from Apr 2026),"), encoding="utf-8")
    failures = judge(SLUG, "indicator", parse_file(SLUG, "indicator", path, "2024+91547").clean)
    assert len(failures) == 1
    assert "area_type: an unknown label: 'ICBs (from Apr 2026)' (99 rows)" in failures[0]


@pytest.mark.requires_mirror
def test_an_icb_or_a_tenth_that_is_lacking_is_named(parse_file: Any, mirror_file: Any, tmp_path: Path) -> None:
    """42 ICBs add up to the 7,664,426 smokers of England in 2022/23, and nothing else says that each of them must be there."""
    source = load_sources()[SLUG]
    real = mirror_file(REAL + "91547")
    lines = real.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    icb = next(line for line in lines if ",ICBs," in line and ",2022/23," in line)
    tenth = next(line for line in lines if ",England," in line and "Third more deprived" in line)
    path = tmp_path / "short.csv"
    path.write_text("".join(line for line in lines if line not in (icb, tenth)), encoding="utf-8")

    def warnings(file: Path) -> tuple[str, ...]:
        clean = parse_file(SLUG, "indicator", file, "2024+91547").clean
        return landing_gate(SMALL)(source, source.entity("indicator"), clean).warnings

    assert warnings(real) == ()
    adds_up, has_tenths = warnings(path)
    assert "ICBs and their sub-locations add up to England" in adds_up and "2022/23" in adds_up
    assert "England has ten tenths" in has_tenths


def test_an_icb_without_its_code_in_its_name_holds_the_file(
    parse_file: Any, write_csv: Any, sample_lines: Any, tmp_path: Path
) -> None:
    header, rows = sample_lines
    name, kind = header.index("Area Name"), header.index("Area Type")
    row = next(row for row in rows if row[kind] == "ICBs")
    row[name] = row[name].partition(" - ")[0]
    failures = judge(
        SLUG,
        "indicator",
        parse_file(SLUG, "indicator", write_csv(tmp_path / "x.csv", header, rows), "2024+91547").clean,
    )
    assert f"area_name: an unknown label: {row[name]!r} (1 row)" in " ".join(failures)

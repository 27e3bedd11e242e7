"""MHSDS: rows of one real provider, and a synthetic file; levels, groups, spellings of days, and what is refused."""

from __future__ import annotations

import csv
import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.discovery import discover
from dagster_project.lake.files import LakeError
from dagster_project.lake.transport import MirrorTransport
from dagster_project.sample.nhse_mhsds import PROVIDER_GROUPS, RATE_OF_CORE20, RATE_OF_REST

SLUG, PERIOD = "nhse_mhsds", "2026-01"
BREAKDOWN, PRIMARY, SECONDARY, MEASURE, VALUE = 3, 4, 6, 8, 10


@pytest.fixture
def rows(sample_estate: Path) -> tuple[list[str], list[list[str]]]:
    (path,) = sample_estate.rglob("MHSDS Data_JanFinal_2026.csv")
    header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
    return header, rows


@pytest.fixture
def parse(parse_file: Any, write_csv: Any, rows: Any, tmp_path: Path) -> Callable[..., Any]:
    """`parse(change)`: the sample file, its rows changed by `change(rows)`."""

    def run(change: Callable[[list[list[str]]], None] = lambda _: None) -> Any:
        header, body = rows
        change(body)
        return parse_file(SLUG, "measure", write_csv(tmp_path / "x.csv", header, body), PERIOD)

    return run


def test_final_data_are_a_later_edition_than_performance_data(sample_estate: Path) -> None:
    """The page lists the final file above, as pages list the newest first; its name decides, not its place."""
    found = discover(load_sources()[SLUG], MirrorTransport(sample_estate), dt.date(2026, 4, 20)).located
    assert [(f.period, f.revision, f.address.rsplit("_", 2)[1]) for f in found] == [
        (PERIOD, 0, "JanPrf"),
        (PERIOD, 100, "JanFinal"),
    ]


def test_other_measures_and_unknown_organisations_are_set_aside_and_counted(parse: Any, rows: Any) -> None:
    wanted = [
        row for row in rows[1] if row[MEASURE].startswith(("MHS81", "MHS95", "MHS106", "MHS150", "MHS151", "MHS157"))
    ]
    nowhere = [row for row in wanted if row[PRIMARY] == "UNKNOWN" and not row[BREAKDOWN].startswith("England")]
    parsed = parse()
    assert parsed.report.set_aside == {"other measures": 1, "people whose organisation is not known": len(nowhere)}
    assert parsed.report.clean_rows == len(wanted) - len(nowhere) > 200


def test_levels_and_groups_are_unpacked_as_the_publisher_packs_them(parse: Any) -> None:
    parsed = parse()
    levels = "select organisation_level, count(distinct organisation_code) from clean group by all order by all"
    assert parsed.rows(levels) == [("england", 1), ("icb", 4), ("provider", 3), ("region", 2), ("sub_icb", 1)]
    groups = "select dimension, count(distinct group_code) from clean where organisation_code = 'ENG' group by all order by all"
    assert parsed.rows(groups) == [
        *(("age_band", 4), ("all", 1), ("core20", 2), ("ethnic_gap", 1), ("ethnic_group_5_2001", 6)),
        *(("imd_decile", 10), ("imd_gap", 1), ("imd_quintile", 5), ("sex", 3)),
    ]
    span = "select distinct period_start, period_end, file_month from clean where measure_id = 'MHS95'"
    assert parsed.rows(span) == [(dt.date(2025, 2, 1), dt.date(2026, 1, 31), dt.date(2026, 1, 1))]


def test_community_treatment_orders_young_adults_and_perinatal_care_are_kept(parse: Any) -> None:
    """MHS158, MHS109 and MHS91 stand in the publisher's file under the breakdowns of MHS157 and MHS95."""

    def renamed(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[MEASURE] = {"MHS157": "MHS158", "MHS157b": "MHS158b", "MHS95": "MHS109"}.get(row[MEASURE], row[MEASURE])

    found = dict(parse(renamed).rows("select measure_id, count(*) from clean group by 1"))
    assert found["MHS158"] > found["MHS158b"] > 20 and found["MHS109"] > 20
    assert {"MHS157", "MHS95"}.isdisjoint(found)


def test_published_core20_split_and_gap_are_kept_as_they_stand(parse: Any) -> None:
    parsed = parse()
    query = "select value from clean where organisation_code = 'ENG' and measure_id = ? and dimension = ? order by group_code"
    high, low = RATE_OF_CORE20["MHS95"], RATE_OF_REST["MHS95"]
    assert parsed.rows(query, ["MHS95b", "core20"]) == [(high,), (low,)]
    assert parsed.rows(query, ["MHS95g", "imd_gap"]) == [(high - low,)]


def test_an_asterisk_is_suppressed_and_never_a_number(parse: Any, rows: Any) -> None:
    hidden = sum(row[VALUE] == "*" and row[PRIMARY] != "UNKNOWN" for row in rows[1])
    query = "select count(*), count(value) from clean where value_status = 'suppressed'"
    assert hidden > 0 and parse().row(query) == (hidden, 0)


def _at(place: int, breakdown: str, value: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        next(row for row in rows if row[BREAKDOWN] == breakdown and row[MEASURE] == "MHS95")[place] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_at(PRIMARY, "England; IMD Core20", "Quintile A"), r"not in the code list .*IMD Core20, Quintile A"),
        (_at(PRIMARY, "England; Gender", "M"), r"not in the code list .*Gender, M"),
        (_at(BREAKDOWN, "Provider", "Trust"), r"whose organisation is not known .*Trust"),
        (_at(VALUE, "England", "n/a"), r"neither a number nor an asterisk .*MHS95, England, England, n/a"),
        (_at(1, "England", "28/02/2026"), r"listed as 2026-01 but holds another period"),
        (lambda rows: rows.__delitem__(slice(1, None)), r"1 records, where 20 to"),
    ],
)
def test_what_is_not_known_refuses_the_file_and_is_named(
    parse: Any, change: Callable[[list[list[str]]], None], said: str
) -> None:
    with pytest.raises(LakeError, match=said):
        parse(change)


def test_a_renamed_column_is_named_with_what_was_found(
    parse_file: Any, write_csv: Any, rows: Any, tmp_path: Path
) -> None:
    header, body = rows
    header[MEASURE] = "METRIC"
    with pytest.raises(LakeError, match=r"column 'MEASURE_ID' is missing .*not in the contract: \['METRIC'\]"):
        parse_file(SLUG, "measure", write_csv(tmp_path / "x.csv", header, body), PERIOD)


def test_a_file_too_large_to_be_held_gives_the_same_rows(parse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Published files are read by a view; rows in the table and rows set aside must still be all rows of the file."""
    held = parse()
    monkeypatch.setattr("dagster_project.lake.clean.STREAMED_BYTES", 1)
    streamed = parse()
    assert streamed.rows() == held.rows()
    assert streamed.report.records_loaded == streamed.report.records_in == held.report.records_in


# Figures read from the publisher's rows of RDY with Python's csv.
REAL = {
    "AprPerf_2026": (
        "2026-04",
        {"MHS95": 7420, "MHS157": 380, "MHS81": 25, "MHS150": 50, "MHS151b": 59, "MHS106b": None}
        | {"MHS91": 685, "MHS109": 2510, "MHS158": 80},
    ),
    "DecPerf_2025": ("2025-12", {"MHS95": 6795, "MHS157": 370, "MHS81": 35, "MHS150": 70, "MHS151": 115}),
    "SepPerf_2025": ("2025-09", {"MHS95": 6380, "MHS157": 350, "MHS81": 30, "MHS150": 55, "MHS151": 110}),
}


@pytest.mark.requires_mirror
@pytest.mark.parametrize("name", REAL)
def test_real_rows_of_one_provider(parse_file: Any, mirror_file: Any, name: str) -> None:
    period, figures = REAL[name]
    path = mirror_file(f"files.digital.nhs.uk/00/000000/extract-RDY-MHSDS Data_{name}.csv")
    parsed = parse_file(SLUG, "measure", path, period)
    found = dict(parsed.rows("select measure_id, value from clean where breakdown = 'Provider'"))
    assert {measure: found[measure] for measure in figures} == figures
    assert parsed.rows("select distinct edition from clean") == [("Performance",)]
    groups = "select dimension, count(*) from clean where measure_id = 'MHS81' and organisation_code = 'RDY' group by 1 order by 1"
    assert parsed.rows(groups) == [
        *(
            ("age_band", 18),
            ("all", 1),
            ("autism", 9),
            ("ethnic_group", 19),
            ("ethnic_group_5_2001", 8),
            ("imd_decile", 11),
        ),
        *(("learning_disability", 9), ("other", 3), ("sex", 6)),
    ]


@pytest.mark.requires_mirror
def test_real_groups_of_one_month_are_nearly_all_hidden(parse_file: Any, mirror_file: Any) -> None:
    path = mirror_file("files.digital.nhs.uk/00/000000/extract-RDY-MHSDS Data_AprPerf_2026.csv")
    parsed = parse_file(SLUG, "measure", path, "2026-04")
    query = "select value from clean where measure_id = 'MHS81' and dimension = ? and value_status = 'published' order by all"
    assert parsed.rows(query, ["imd_decile"]) == [(5,)]
    assert (20,) in parsed.rows(query, ["ethnic_group_5_2001"])


@pytest.mark.requires_mirror
@pytest.mark.parametrize("name", ["MHSDS Data_4WW_AprPerf_2024_v2.csv", "MHSDS Data_4WW_SepPerf_2024.csv"])
def test_the_four_week_wait_file_is_no_main_file(parse_file: Any, mirror_file: Any, name: str) -> None:
    with pytest.raises(LakeError):
        parse_file(SLUG, "measure", mirror_file(f"files.digital.nhs.uk/00/000000/{name}"), "2024-04")


@pytest.mark.requires_mirror
def test_the_out_of_area_file_holds_no_measure_that_is_taken(parse_file: Any, mirror_file: Any) -> None:
    path = mirror_file("files.digital.nhs.uk/00/000000/extract-RDY-MHSDS Data_OAPs_acute_AprPerf_2026.csv")
    with pytest.raises(LakeError, match="no row of the measures that are taken"):
        parse_file(SLUG, "measure", path, "2026-04")


def _spelt(pattern: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        for row in rows:
            for place in (0, 1):
                day, month, year = row[place].split("/")
                row[place] = pattern.format(d=day, m=month, y=year, yy=year[2:], D=int(day), M=int(month))

    return change


@pytest.mark.parametrize("pattern", ["{d}/{m}/{y}", "{d}-{m}-{y}", "{d}/{m}/{yy}", "{D}/{M}/{y}", "{y}-{m}-{d}"])
def test_every_spelling_of_a_day_gives_the_same_rows(parse: Any, pattern: str) -> None:
    span = "select distinct period_start, period_end, file_month from clean where measure_id = 'MHS95'"
    assert parse(_spelt(pattern)).rows(span) == [(dt.date(2025, 2, 1), dt.date(2026, 1, 31), dt.date(2026, 1, 1))]


@pytest.mark.parametrize(
    ("value", "said"),
    [("01-02-2025", "spelt in more than one way"), ("31/02/2025", "a day that is none .*31/02/2025")],
)
def test_mixed_or_impossible_days_refuse_the_file(parse: Any, value: str, said: str) -> None:
    with pytest.raises(LakeError, match=said):
        parse(_at(0, "England", value))


def test_the_file_may_stand_in_a_folder_of_a_zip_with_a_bom_or_a_byte_that_is_not_utf_8(
    parse_file: Any, parse: Any, rows: Any, write_csv: Any, tmp_path: Path
) -> None:
    columns = "select * exclude (measure_name, snapshot_sha256) from clean order by all"
    plain = parse().rows(columns)
    header, body = rows
    body[0][9] = "a name with a no-break\u00a0space"
    text = write_csv(tmp_path / "y.csv", header, body).read_text(encoding="utf-8")
    for encoding in ("utf-8-sig", "cp1252"):
        path = tmp_path / f"{encoding}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("MHSDS Monthly/MHSDS Data_JanFinal_2026.csv", text.encode(encoding))
        assert parse_file(SLUG, "measure", path, PERIOD).rows(columns) == plain


def test_no_two_groups_of_a_provider_share_a_code(parse: Any) -> None:
    """Gender 3 and 4, and 9 and UNKNOWN, once had one word for two rows."""
    query = "select count(*), count(distinct (dimension, group_code)) from clean where measure_id = 'MHS81' and organisation_code = ?"
    labels = sum(map(len, PROVIDER_GROUPS.values()))
    parsed = parse()
    code = parsed.value("select min(organisation_code) from clean where organisation_level = 'provider'")
    assert parsed.row(query, [code]) == (labels, labels)

"""Maternity statistics: the real month against figures counted in it by hand, and each rule that it taught, on small files."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.discovery import discover
from dagster_project.lake.files import LakeError
from dagster_project.lake.snapshots import file_name
from dagster_project.sample import nhse_msds as sample
from dagster_project.sample.estate import DEFAULT_SEED

SLUG = "nhse_msds"
DECILE = "try_cast(regexp_extract(group_label, '^[0-9]+') as integer)"


@pytest.mark.requires_mirror
def test_a_quarter_of_bookings_of_march_2025_are_in_core20(in_use: Any) -> None:
    parsed = in_use(SLUG, "data", "2025-03")
    assert (parsed.report.records_in, parsed.report.clean_rows) == (83_781, 83_781)
    assert parsed.report.corrections_applied == {"reported_start": 83_781}
    assert parsed.row(
        f"select sum(value) filter (where {DECILE} <= 2), sum(value) filter (where {DECILE} <= 10) from clean "
        "where organisation_code = 'ENG' and dimension = 'DeprivationDecileAtBooking'"
    ) == (13_370, 53_470)
    assert parsed.row(
        "select sum(value) filter (where group_label in ('Not Stated', 'Not known') or group_label like 'Missing%'), "
        "sum(value) from clean where organisation_code = 'ENG' and dimension = 'EthnicCategoryMotherGroup'"
    ) == (1_885, 53_880)


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("measure", "core20", "rest"),
    [
        ("COC_by_28weeks", (1_835, 10_850, 16.91), (5_430, 31_605, 17.18)),
        ("COC_receiving_ongoing", (100, 8_205, 1.22), (240, 24_720, 0.97)),
    ],
)
def test_continuity_of_carer_of_april_2025_by_deprivation(
    in_use: Any, measure: str, core20: tuple[float, ...], rest: tuple[float, ...]
) -> None:
    parsed = in_use(SLUG, "measures", "2025-04")
    found = parsed.rows(
        "select sum(numerator), sum(denominator), round(100 * sum(numerator) / sum(denominator), 2) from clean "
        f"where organisation_code = 'ENG' and regexp_matches(indicator, '^{measure}_IMD_[01]') "
        "group by regexp_matches(indicator, 'IMD_0[12]') order by regexp_matches(indicator, 'IMD_0[12]') desc"
    )
    assert found == [core20, rest]
    assert parsed.value("select distinct edition from clean") == "provisional"


@pytest.mark.requires_mirror
def test_words_of_the_real_file_become_statuses_and_results(in_use: Any) -> None:
    parsed = in_use(SLUG, "measures", "2025-04")
    # Of 839 that failed, 258 have a rate all the same (Aspirin_MeetCriteria ...): only the result tells.
    assert parsed.rows("select result, count(*) from clean where result is not null group by 1 order by 1") == [
        ("fail", 839),
        ("pass", 7_583),
    ]
    assert parsed.rows("select rate_status, count(*) from clean where rate is null group by 1 order by 1") == [
        ("low_data_quality", 1_129),
        ("not_collected", 307),
        ("suppressed", 60),
    ]
    # 1 to 7 are shown as 5: a preterm numerator of 5 stands beside a hidden rate.
    assert parsed.rows(
        "select distinct numerator, numerator_low, numerator_high from clean where indicator = 'CQIMPreterm' and rate_status = 'suppressed'"
    ) == [(5, 1, 7)]


@pytest.fixture
def sample_rows(sample_estate: Path) -> Callable[[str], tuple[list[str], list[list[str]]]]:
    def read(pattern: str) -> tuple[list[str], list[list[str]]]:
        (path,) = sample_estate.rglob(pattern)
        header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
        return header, rows

    return read


def test_sample_says_what_was_planted(parse_file: Any, sample_estate: Path) -> None:
    (path,) = sample_estate.rglob("msds-*-exp-measures.csv")
    parsed = parse_file(SLUG, "measures", path, "2025-12")
    planted = sample.england_rates(DEFAULT_SEED)["CQIMSmokingDelivery"]
    low, high, denominator_low, denominator_high = parsed.row(
        "select numerator_low, numerator_high, denominator_low, denominator_high from clean "
        "where organisation_code = 'ENG' and indicator = 'CQIMSmokingDelivery'"
    )
    bad = (sample.FAILED_TRUST, sample.ABSENT_TRUST)
    truth = [sample._rates(DEFAULT_SEED, t.code)["CQIMSmokingDelivery"] for t in sample.trusts() if t.code not in bad]
    numerator, denominator = (sum(parts) for parts in zip(*truth, strict=True))
    assert low <= numerator <= high < planted[0]
    assert denominator_low <= denominator <= denominator_high
    assert parsed.rows(
        "select organisation_code, numerator, numerator_status, rate_status, result from clean "
        f"where organisation_code in {bad} and indicator = 'COC_by_28weeks' order by 1"
    ) == [("R9M", None, "not_collected", "not_collected", "fail"), ("R9N", 0, "published", "low_data_quality", "fail")]


def test_workbook_says_the_same_as_the_csv_it_was_saved_from(
    parse_file: Any, write_workbook: Any, write_csv: Any, sample_rows: Any, tmp_path: Path
) -> None:
    """Excel reads 01/03/2025 as 3 January and 2 as a number; the end, 31/03/2025, stays text."""
    header, rows = sample_rows("msds-*-exp-data.csv")
    march = [["01/03/2025", "31/03/2025", *row[2:]] for row in rows]
    flipped = [[dt.date(2025, 1, 3), *row[1:6], _as_excel(row[6]), row[7], float(row[8])] for row in march]
    as_csv = parse_file(SLUG, "data", write_csv(tmp_path / "msds-mar2025-exp-data.csv", header, march), "2025-03")
    path = write_workbook(tmp_path / "msds-mar2025-exp-data.xlsx", {"Sheet1": [header, *flipped]})
    as_workbook = parse_file(SLUG, "data", path, "2025-03")
    assert [row[:-1] for row in as_workbook.rows()] == [row[:-1] for row in as_csv.rows()]
    assert (as_csv.report.corrections_applied, as_workbook.report.corrections_applied) == (
        {"reported_start": 0},
        {"reported_start": len(rows)},
    )


def _as_excel(text: str) -> Any:
    return float(text) if text.isdigit() else text


@pytest.mark.parametrize("period", ["2024-12", "2025-02", "2025-03", "2026-01"])
def test_a_start_with_day_and_month_changed_round_is_mended_by_the_end_of_its_row_in_every_month(
    parse_file: Any, write_csv: Any, sample_rows: Any, tmp_path: Path, period: str
) -> None:
    """1 February 2025 read as 2 January; in January the two are one day."""
    header, rows = sample_rows("msds-*-exp-data.csv")
    first = dt.date.fromisoformat(f"{period}-01")
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    flipped = [[f"{first.year}-01-{first.month:02d}", f"{last:%d/%m/%Y}", *row[2:]] for row in rows]
    parsed = parse_file(SLUG, "data", write_csv(tmp_path / "x.csv", header, flipped), period)
    assert parsed.rows("select distinct period_start from clean") == [(first,)]
    assert parsed.report.corrections_applied == {"reported_start": 0 if first.month == 1 else len(rows)}


@pytest.mark.parametrize("start", ["01/02/2025", "2025-01-04", "2025-03-02"])
def test_any_other_start_than_one_changed_round_is_refused(
    parse_file: Any, write_csv: Any, sample_rows: Any, tmp_path: Path, start: str
) -> None:
    header, rows = sample_rows("msds-*-exp-data.csv")
    march = [[start, "31/03/2025", *row[2:]] for row in rows]
    with pytest.raises(LakeError, match=f"listed as 2025-03 but its reporting period .* is: {start}"):
        parse_file(SLUG, "data", write_csv(tmp_path / "x.csv", header, march), "2025-03")


@pytest.mark.parametrize(
    ("currency", "value", "said"),
    [
        ("Numerator", "Pass", "a value that does not belong to its currency .*Numerator, Pass"),
        ("Result", "12", "a value that does not belong to its currency .*Result, 12"),
        ("Denominator", "12.5", "a value that does not belong to its currency .*Denominator, 12.5"),
    ],
)
def test_value_beside_the_wrong_currency_refuses_the_file(
    parse_file: Any, write_csv: Any, sample_rows: Any, tmp_path: Path, currency: str, value: str, said: str
) -> None:
    header, rows = sample_rows("msds-*-exp-measures.csv")
    next(row for row in rows if row[7] == currency)[8] = value
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "measures", write_csv(tmp_path / "x.csv", header, rows), "2025-12")


def test_unknown_word_refuses_the_file(parse_file: Any, write_csv: Any, sample_rows: Any, tmp_path: Path) -> None:
    header, rows = sample_rows("msds-*-exp-measures.csv")
    rows[3][8] = "Medium DQ"
    with pytest.raises(LakeError, match="row 5, column value: the text must match"):
        parse_file(SLUG, "measures", write_csv(tmp_path / "x.csv", header, rows), "2025-12")


class _Pages:
    """A transport of landing pages only."""

    origin = "synthetic"

    def __init__(self, links: list[str]) -> None:
        self._page = "".join(f'<a href="https://files.digital.nhs.uk/{link}">x</a>' for link in links)

    def read_page(self, address: str) -> str:
        return self._page

    def fetch(self, *args: Any, **others: Any) -> Any:
        raise AssertionError("nothing is fetched here")


def test_final_edition_is_newer_than_the_provisional_one_wherever_they_stand() -> None:
    source = load_sources()[SLUG]
    names = ["A1/0/msds-apr2025Provisional-exp-measures.csv", "A2/0/msds-apr2025-exp-measures.xlsx"]
    for links in (names, names[::-1]):
        found = discover(source, _Pages(links), dt.date(2026, 1, 1)).located  # type: ignore[arg-type]
        newest = max(found, key=lambda located: located.edition)
        assert newest.address.endswith("A2/0/msds-apr2025-exp-measures.xlsx")
        assert {located.period for located in found} == {"2025-04"}
        assert file_name(newest.address, source.entity("measures")) == "msds-apr2025-exp-measures.xlsx"


@pytest.mark.parametrize("gone", ["EthnicCategoryMotherGroup,White", "DeprivationDecileAtBooking,01 - Most deprived"])
def test_groups_that_are_fewer_than_all_bookings_refuse_the_file(parse_file: Any, tmp_path: Path, gone: str) -> None:
    """A group that is left out reads as nobody: England's other groups cannot be all of the women who booked."""
    contents = sample.published_files(DEFAULT_SEED, 1)
    ((name, content),) = ((n, c) for n, c in contents.items() if n.endswith("exp-data.csv"))
    lines = content.decode().splitlines(keepends=True)
    short = tmp_path / name.rsplit("/", 1)[1]
    dimension, group = gone.split(",")
    short.write_text("".join(n for n in lines if not ("National" in n and dimension in n and group in n)), newline="")
    with pytest.raises(
        LakeError, match=f"the groups of a dimension are fewer than everybody.*National, ALL, {dimension}"
    ):
        parse_file(SLUG, "data", short, "2025-12")


def _without(change: Callable[[str], bool], ending: str, tmp_path: Path) -> Path:
    """The sample file of that ending without its lines of which `change` says so."""
    ((name, content),) = ((n, c) for n, c in sample.published_files(DEFAULT_SEED, 1).items() if n.endswith(ending))
    lines = content.decode().splitlines(keepends=True)
    kept = [line for line in lines if not change(line)]
    assert len(kept) < len(lines)
    path = tmp_path / name.rsplit("/", 1)[1]
    path.write_text("".join(kept), newline="")
    return path


@pytest.mark.parametrize(("level", "code"), [("NHS England (Region)", "Y92"), ("Provider", "R9A")])
def test_a_part_of_england_that_is_lacking_refuses_the_file(
    parse_file: Any, tmp_path: Path, level: str, code: str
) -> None:
    """Women of whom nobody else tells: an absent row would be read as nobody."""
    path = _without(lambda line: f"TotalBookings,{level},{code}," in line, "exp-data.csv", tmp_path)
    with pytest.raises(
        LakeError, match=rf"parts of England are fewer than England.*: {re.escape(level)}, TotalBookings"
    ):
        parse_file(SLUG, "data", path, "2025-12")


@pytest.mark.parametrize("currency", ["Numerator", "Denominator", "Rate", "Result"])
def test_an_indicator_that_lost_one_of_its_rows_refuses_the_file(
    parse_file: Any, tmp_path: Path, currency: str
) -> None:
    path = _without(
        lambda line: line.startswith("R9A,") and ",CQIMPreterm," in line and f",{currency}" in line,
        "exp-measures.csv",
        tmp_path,
    )
    with pytest.raises(LakeError, match="an indicator without its numerator, denominator, rate or result"):
        parse_file(SLUG, "measures", path, "2025-12")

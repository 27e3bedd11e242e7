"""RTT full extract: January 2026 against the publisher's headline figures, and the sample's planted answers."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.clean import STREAMED_BYTES
from dagster_project.lake.files import LakeError

SLUG, ENTITY = "nhse_rtt", "full_extract"
JANUARY_2026 = (
    "www.england.nhs.uk/statistics/wp-content/uploads/sites/2/2026/03/Full-CSV-data-file-Jan26-ZIP-4M-WL5BiP.zip"
)
WEEKS = " + ".join(f"weeks_{week:03d}" for week in range(105))
OVER_52 = " + ".join(f"weeks_{week:03d}" for week in range(52, 105))
WITHIN_18 = " + ".join(f"weeks_{week:03d}" for week in range(18))


@pytest.mark.requires_mirror
def test_january_2026_has_the_published_headlines_and_its_empty_totals_are_not_applicable(
    parse_file: Any, mirror_file: Any
) -> None:
    """7,187,677 waiting, 61.385 % within 18 weeks, 137,320 over 52 weeks; from the total rows and from their parts."""
    parsed = parse_file(SLUG, ENTITY, mirror_file(JANUARY_2026), "2026-01")
    assert parsed.report.records_in == parsed.report.clean_rows == 183_417
    for condition in ("=", "<>"):
        waiting, over, share = parsed.row(
            f"select sum({WEEKS}), sum({OVER_52}), round(100.0 * sum({WITHIN_18}) / sum({WEEKS}), 3) from clean "
            f"where rtt_part_type = 'Part_2' and treatment_function_code {condition} 'C_999'"
        )
        assert (waiting, over, share) == (7_187_677, 137_320, 61.385)
    # Total is filled for completed pathways only: not applicable elsewhere, and never zero.
    assert parsed.rows(
        "select rtt_part_type, total_status, count(*), count(total) from clean "
        "where rtt_part_type in ('Part_1A', 'Part_2') group by all order by all"
    ) == [("Part_1A", "published", 18_558, 18_558), ("Part_2", "not_applicable", 64_894, 0)]


WEEK, TOTAL = "Gt 03 To 04 Weeks SUM 1", "Total All"
CELLS = [
    "12",
    "",
    " 12",
    "12 ",
    "+5",
    "-5",
    "1e3",
    "5.7",
    "5.",
    ".5",
    "007",
    "00",
    "0",
    "1_000",
    "0x1F",
    "1,000",
    "x",
    "1\n2",
]


@pytest.mark.parametrize(
    ("heading", "cell"),
    # A total is cast as a week is; that both are, four cells show.
    [(WEEK, cell) for cell in [*CELLS, *("9" * digits for digits in (15, 16, 25))]]
    + [(TOTAL, cell) for cell in ("12", "", "007", "x")],
)
def test_large_file_whose_counts_are_read_as_numbers_has_the_same_rows_and_rejects(
    parse_file: Any, sample_estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heading: str, cell: str
) -> None:
    name, header, rows = _month(sample_estate)
    rows[4][header.index(heading)] = cell
    month = _packed(tmp_path, name, [header, *rows])
    answers = []
    for least in (STREAMED_BYTES, 1):
        monkeypatch.setattr("dagster_project.lake.clean.STREAMED_BYTES", least)
        try:
            parsed = parse_file(SLUG, ENTITY, month, "2026-01")
            answers.append((parsed.rows(), parsed.rejects(), parsed.report.records_loaded))
        except LakeError as error:
            answers.append(str(error))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("cell", ["3\u00a0", "007", "1e3", "-1", "1,23", "12345678901234567", "#REF!"])
def test_one_week_that_is_no_count_refuses_the_month_because_its_rows_are_added_up(
    cell: str, parse_file: Any, sample_estate: Path, tmp_path: Path
) -> None:
    name, header, rows = _month(sample_estate)
    rows[7][header.index("Gt 00 To 01 Weeks SUM 1")] = cell
    with pytest.raises(LakeError, match="row 9, column weeks_000: must be a whole number that is not negative"):
        parse_file(SLUG, ENTITY, _packed(tmp_path, name, [header, *rows]), "2026-01")


@pytest.mark.parametrize("least", [STREAMED_BYTES, 1])
def test_thousands_marks_are_taken_off_and_counted(
    least: int, parse_file: Any, sample_estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagster_project.lake.clean.STREAMED_BYTES", least)
    name, header, rows = _month(sample_estate)
    rows[7][header.index("Gt 00 To 01 Weeks SUM 1")] = "1,234"
    parsed = parse_file(SLUG, ENTITY, _packed(tmp_path, name, [header, *rows]), "2026-01")
    assert parsed.report.thousands_marks == {"weeks_000": 1}
    assert (parsed.report.records_rejected, parsed.report.clean_rows) == (0, len(rows))
    assert parsed.value("select count(*) from clean where weeks_000 = 1234") == 1


@pytest.mark.requires_mirror
def test_total_with_a_thousands_mark_leaves_england_at_its_7_187_677(
    parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    """One cell of R0A's total row; its 6,874 pathways would be missing from England, the ICB and the trust."""
    with zipfile.ZipFile(mirror_file(JANUARY_2026)) as archive:
        (name,) = archive.namelist()
        lines = archive.read(name).decode().splitlines(keepends=True)
    marks = (",R0A,", ",01Y,", ",Part_2,", ",C_999,")
    (place,) = [place for place, line in enumerate(lines) if all(mark in line for mark in marks)]
    assert lines[place].endswith(",6874\r\n")
    lines[place] = lines[place].replace(",6874\r\n", ',"6,874"\r\n')
    packed = tmp_path / "january.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "".join(lines))
    parsed = parse_file(SLUG, ENTITY, packed, "2026-01")
    assert parsed.report.thousands_marks == {"total_all": 1}
    total = f"select sum({WEEKS}) from clean where rtt_part_type = 'Part_2' and treatment_function_code = 'C_999'"
    assert (parsed.value(total), parsed.value(f"{total} and provider_code = 'R0A'")) == (7_187_677, 175_344)


def test_other_month_in_the_archive_is_refused(parse_file: Any, sample_estate: Path, tmp_path: Path) -> None:
    name, header, rows = _month(sample_estate)
    with pytest.raises(LakeError, match="listed as 2026-02 but holds another period: 2026-01-01"):
        parse_file(SLUG, ENTITY, _packed(tmp_path, name, [header, *rows]), "2026-02")


def _month(estate: Path) -> tuple[str, list[str], list[list[str]]]:
    import csv
    import io

    (path,) = estate.rglob("Full-CSV-data-file-Jan26-*.zip")
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        header, *rows = csv.reader(io.StringIO(archive.read(name).decode(), newline=""))
    return name, header, rows


def _packed(folder: Path, name: str, lines: list[list[str]]) -> Path:
    from tests.fixtures.ae_site import csv_bytes

    path = folder / "Full-CSV-data-file.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, csv_bytes(lines))
    return path

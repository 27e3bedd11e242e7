"""Recall and false alarms of the search for identifiers, measured: guises made by other code, real files, valid returns."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import pytest

from dagster_project.contracts.collection import load_collections, load_common
from dagster_project.returns.identifiers import CellScanner
from dagster_project.returns.search import scan_file
from dagster_project.returns.spellings import date_of, is_identifying_name
from tests.fixtures.guises import HEADINGS, Guise, all_guises
from tests.fixtures.returns_files import VALID, write_return
from tests.warehouses import MIRROR

HEADER = ("org_code", "notes")


def kinds_in_a_cell(text: str) -> set[str]:
    """What is found in a return whose one cell holds the text."""
    scanner = CellScanner("text")
    scanner.scan([HEADER, ("R9A", text)])
    return {finding.kind for finding in scanner.findings}


@pytest.mark.parametrize("offset", range(3))
def test_recall_every_guise_is_found(seed: int, offset: int, capsys: pytest.CaptureFixture[str]) -> None:
    guises = all_guises(seed + offset)
    missed: list[Guise] = [(kind, text) for kind, text in guises if kind not in kinds_in_a_cell(text)]
    made = Counter(kind for kind, _ in guises)
    with capsys.disabled():
        print(f"\nrecall: {len(guises) - len(missed):,} of {len(guises):,} guises found ({dict(made)})")
    assert len(guises) >= 500 and missed == []


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_heading_that_names_an_identifier_is_known(heading: str) -> None:
    assert is_identifying_name(heading)


def test_no_heading_of_a_template_is_taken_for_one() -> None:
    names = [column.name for collection in load_collections().values() for column in collection.columns]
    names += [column.name for column in load_common().manifest]
    assert [name for name in names if is_identifying_name(name)] == []


def test_what_has_a_wrong_check_digit_is_left_alone_however_it_is_written(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(300):
        nine = [choose.randint(4, 8), *(choose.randint(0, 9) for _ in range(8))]
        left = sum(digit * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
        wrong = choose.choice([digit for digit in range(10) if digit != (11 - left) % 11])
        text = "".join(map(str, [*nine, wrong]))
        gap = choose.choice([" ", "-", "/", "\u2212", "."])
        assert "nhs_number" not in kinds_in_a_cell(gap.join((text[:3], text[3:6], text[6:])))
        assert "nhs_number" not in kinds_in_a_cell(text)


@pytest.mark.parametrize(
    "text",
    [
        "03. 10 - 14",
        "2019/20 to 2020/21",
        "12,345, 67,890 and 3",
        "weeks 18, 26, 52, 65, 78",
        "V001AA",
        "31/10/2026 00:00:00",
        "20261031",
        "since 1 April 2013",
        "1,234,567,890.25",
        "0.9434765919",
        "94347.65919",
        "1.4.2",
        "0000000000",
        "[c]",
        "Q1 to Q5",
        "G5",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert kinds_in_a_cell(text) == set()


@pytest.mark.parametrize(("year", "expected"), [(2026, 1927), (2027, 2027), (2030, 2027)])
def test_the_century_of_a_short_year_follows_the_clock(year: int, expected: int) -> None:
    assert date_of("31/10/27", dt.date(year, 6, 1)) == dt.date(expected, 10, 31)


@pytest.mark.parametrize("code", sorted(VALID))
def test_false_alarms_a_valid_return_has_none(code: str, tmp_path: Path) -> None:
    sent = write_return(tmp_path, code)
    assert sent.manifest is not None
    assert scan_file(sent.data) == scan_file(sent.manifest) == []


LARGEST_PART = 200_000
HOLD: dict[str, set[str]] = {
    "api/getReport?report=etr": {"postcode", "telephone", "date_of_birth"},
    "api/getReport?report=eccg": {"postcode", "date_of_birth"},
    "api/getReport?report=succ": {"date_of_birth"},
    "File_7_-_All_IoD2019": {"identifier_column"},
    "File_7_IoD2025": {"identifier_column"},
    "geoportal.statistics.gov.uk/LSOA": {"identifier_column"},
}
"""What real files truly hold: addresses and telephones of organisations, days before 2015, columns of LSOAs. Nothing else may be found."""


@pytest.mark.requires_mirror
def test_false_alarms_no_real_text_has_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [path for path in sorted(MIRROR.rglob("*")) if path.is_file() and _is_text(path)]
    alarms = {}
    for path in texts:
        # The first megabytes of the few large files are as good as all of them: rows that resemble one another.
        part = tmp_path / "part"
        with path.open("rb") as stream:
            part.write_bytes(stream.read(LARGEST_PART))
        expected = next((kinds for name, kinds in HOLD.items() if name in str(path)), set())
        if found := {finding.kind for finding in scan_file(part, "published") if finding.refuses} - expected:
            alarms[path.name] = found
    with capsys.disabled():
        print(f"\nfalse alarms: {len(alarms)} in {len(texts):,} real files")
    assert alarms == {} and len(texts) > 50


def _is_text(path: Path) -> bool:
    return path.suffix.lower() not in {".xlsx", ".ods", ".xls", ".zip", ".html"}

"""Identifiers and hidden parts are found, with part, row and column; clean returns pass; the value is never said."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.returns.findings import Finding
from dagster_project.returns.identifiers import CellScanner
from dagster_project.returns.search import scan_file
from dagster_project.returns.spellings import date_of, scan_text
from tests.fixtures import planted_workbooks as planted
from tests.fixtures.planted_workbooks import DASHED, NUMBER, SPACED

Scan = Callable[..., list[Finding]]


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """`scan(bytes, name)`: findings of a file; no finding may hold the planted value."""

    def run(content: bytes, name: str = "HIW-WL01_R9A_2026-10_v01.xlsx") -> list[Finding]:
        path = tmp_path / name
        path.write_bytes(content)
        findings = scan_file(path)
        said = json.dumps([asdict(finding) | {"w": finding.what, "m": finding.mend} for finding in findings])
        for value in (NUMBER, SPACED, DASHED, NUMBER[:6]):
            assert value not in said
        return findings

    return run


def kinds(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (NUMBER, "nhs_number"),
        (SPACED, "nhs_number"),
        (DASHED, "nhs_number"),
        (DASHED.replace("-", "\u2011"), "nhs_number"),
        (SPACED.replace(" ", "\u00a0"), "nhs_number"),
        (SPACED.replace(" ", "."), "nhs_number"),
        ("".join(chr(0xFF10 + int(digit)) for digit in NUMBER), "nhs_number"),
        ("\u200b".join(NUMBER), "nhs_number"),
        ("\0".join(NUMBER), "nhs_number"),
        (f"{NUMBER}.0", "nhs_number"),
        (f"patient no.{NUMBER}, see notes", "nhs_number"),
        (f"NHS{NUMBER}", "nhs_number"),
        ("SW1A 1AA", "postcode"),
        ("lives at m1 1ae", "postcode"),
        ("EC1A1BB", "postcode"),
        ("https://example.org/find?postcode=LS1%201UR", "postcode"),
        ("12 Acacia Avenue, B33 8TH", "postcode"),
        ("jane.doe@nhs.net", "email"),
        ("tel 020 7946 0958", "telephone"),
        ("+44 (0)20 7946 0958", "telephone"),
        ("07700 900123", "telephone"),
        ("DOB 12/03/1956", "date_of_birth"),
        ("born on 12 March 1956", "date_of_birth"),
    ],
)
def test_an_identifier_in_a_text_is_found(text: str, found: str) -> None:
    assert found in scan_text(text)


@pytest.mark.parametrize(
    "text",
    [
        NUMBER[:9] + str((int(NUMBER[9]) + 1) % 10),
        NUMBER + "1",
        f"0.{NUMBER}",
        f"12.{NUMBER[2:]}",
        "104.3333333",
        "a" * 20 + NUMBER + "b" * 34,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "ZZ99 3VZ",
        "ZZ99_3VZ",
        "ZZ993WZ",
        "W000_018",
        "00_04",
        "85_PLUS",
        "2026-10-31",
        "31/10/2026 00:00",
        "01-10-2026 12:30",
        "2026-10-31T09:00:00+00:00",
        "1.0.10",
        "HIW-WL01_R9A_2026-10_v01.csv",
        "https://www.example.nhs.uk/board/papers/e12ab/2026-10-31.pdf",
        "Board paper 12, page 4",
        "submission_id WL01_R9A_2026-10_P01_0a1b2c3d",
        "12345678",
        "1,234,567",
    ],
)
def test_what_a_return_may_hold_is_left_alone(text: str) -> None:
    assert scan_text(text) == ()


@given(st.integers(400_000_000, 799_999_999), st.sampled_from(["", " ", "-"]), st.text("ab ,;", max_size=5))
def test_every_number_with_the_right_check_digit_is_found_and_with_a_wrong_one_is_not(
    first_nine: int, gap: str, around: str
) -> None:
    weights = range(10, 1, -1)
    check = 11 - sum(int(d) * w for d, w in zip(str(first_nine), weights, strict=True)) % 11
    for last in range(10):
        digits = f"{first_nine}{last}"
        text = around + gap.join((digits[:3], digits[3:6], digits[6:])) + around
        assert ("nhs_number" in scan_text(text)) == (last == check % 11 and check != 10)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1956-03-12", 1956),
        ("12/03/1956", 1956),
        ("12 Mar 1956", 1956),
        ("1956-03-12 00:00:00", 1956),
        ("12-Mar-56", 1956),
        ("12/03/26", 2026),
        ("2", None),
        ("00_04", None),
        ("1.0.10", None),
        ("seen 12/03/1956", None),
    ],
)
def test_a_cell_that_is_a_date_gives_its_year(text: str, year: int | None) -> None:
    day = date_of(text, dt.date(2026, 11, 12))
    assert (day.year if day else None) == year


def _csv(*rows: tuple[Any, ...]) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


def test_a_clean_csv_and_a_clean_workbook_have_no_findings(scan: Scan) -> None:
    assert scan(_csv(planted.HEADER, *planted.ROWS), "HIW-WL01_R9A_2026-10_v01.csv") == []
    assert scan(planted.plain()) == []
    assert scan(planted.ods(), "HIW-WL01_R9A_2026-10_v01.ods") == []


def test_ten_thousand_rows_of_counts_and_codes_have_no_findings(scan: Scan, seed: int) -> None:
    choose = random.Random(seed)
    bands = ["W000_018", "W104_PLUS", "WUNK"]
    rows = [("R9A", "2026-10-31", choose.choice(bands), choose.randrange(10**6)) for _ in range(10_000)]
    assert scan(_csv(planted.HEADER, *rows), "HIW-WL01_R9A_2026-10_v01.csv") == []


def test_a_cell_is_named_by_row_and_column(scan: Scan) -> None:
    rows = [planted.HEADER, *planted.ROWS, ("R9A", "2026-10-31", "2", SPACED)]
    assert scan(_csv(*rows), "a.csv") == [Finding("nhs_number", "text", 4, 4)]
    assert scan(planted.cell(int(NUMBER))) == [Finding("nhs_number", "sheet 1", 4, 4)]
    assert scan(planted.cell(SPACED)) == [Finding("nhs_number", "sheet 1", 4, 4)]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_neither_separator_nor_encoding_hides_a_number(scan: Scan, separator: str, encoding: str) -> None:
    text = separator.join(["é", "a", SPACED]) + "\r\n"
    assert "nhs_number" in kinds(scan(text.encode(encoding), "a.csv"))


def test_an_open_quotation_mark_hides_nothing(scan: Scan) -> None:
    assert "nhs_number" in kinds(scan(f'a,"b\nc,d\n{NUMBER},e\n'.encode(), "a.csv"))


@pytest.mark.parametrize("header", ["NHS_Number", "dob", "Date of Birth", "POSTCODE", "Surname", "hospital no", "MRN"])
def test_a_column_that_names_an_identifier_is_found_even_when_empty(scan: Scan, header: str) -> None:
    assert scan(f"org_code,{header}\nR9A,\n".encode(), "a.csv") == [Finding("identifier_column", "text", 1, 2)]


def test_dates_of_birth_are_found_by_content(scan: Scan) -> None:
    assert kinds(scan(b"org_code,x\nR9A,1956-03-12\n", "a.csv")) == {"date_of_birth"}
    assert kinds(scan(planted.cell("12/03/1956"))) == {"date_of_birth"}
    children = b"org_code,x\nR9A,2016-03-12\nR9A,2018-04-01\nR9A,2020-09-30\n"
    assert scan(children, "a.csv") == [Finding("date_of_birth", "text", None, 2)]
    assert scan(children.replace(b",x", b",published_date"), "a.csv") == []
    assert scan(b"org_code,target_date\nR9A,31/10/27\n", "a.csv") == []


def test_a_file_name_is_searched(scan: Scan) -> None:
    assert scan(b"org_code\nR9A\n", f"{SPACED}_HIW.csv") == [Finding("nhs_number", "file name")]
    assert scan(b"org_code\nR9A\n", f"HIW-WL01_R9A_2026-10_v01_{NUMBER}.csv") == [Finding("nhs_number", "file name")]


HIDDEN: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a note with a number": (planted.comment, {"comment", "nhs_number"}),
    "a hidden sheet with a number": (planted.hidden_sheet, {"hidden_sheet", "nhs_number"}),
    "a very hidden sheet": (planted.very_hidden_sheet, {"hidden_sheet"}),
    "a pivot cache with a number": (planted.pivot_cache, {"pivot_cache", "nhs_number"}),
    "a hidden row": (planted.hidden_row, {"hidden_rows"}),
    "a hidden column": (planted.hidden_column, {"hidden_columns"}),
    "a link to a file": (planted.external_link, {"external_link"}),
    "a formula into a file": (lambda: planted.formula("=[1]Sheet1!A1"), {"external_link"}),
    "a formula without a result": (planted.formula_without_value, {"formula_without_value"}),
    "#REF!": (lambda: planted.formula("=A1+1", "#REF!"), {"error_value"}),
    "a volatile formula": (lambda: planted.formula("=NOW()"), {"volatile_formula"}),
    "DDE": (lambda: planted.formula("=cmd|'/c calc'!A0"), {"dde"}),
    "a macro": (lambda: planted.with_parts(planted.plain(), {"xl/vbaProject.bin": b"\0"}), {"macro"}),
    "an object": (lambda: planted.with_parts(planted.plain(), {"xl/embeddings/a.bin": b"\0"}), {"embedded_object"}),
    "a query": (lambda: planted.with_parts(planted.plain(), {"xl/connections.xml": "<connections/>"}), {"query_table"}),
    "a power query": (
        lambda: planted.with_parts(planted.plain(), {"customXml/item1.xml": "<DataMashup>AAAA</DataMashup>"}),
        {"query_table"},
    ),
    "a data model": (lambda: planted.with_parts(planted.plain(), {"xl/model/item.data": b"\0"}), {"query_table"}),
    "billion laughs": (planted.bomb, {"xml_bomb"}),
    "a million styled rows": (planted.a_million_styled_rows, {"too_large"}),
    "a password": (planted.encrypted, {"password_protected"}),
    "a number in the header of the print": (
        lambda: planted.plain(lambda book, sheet: sheet.set_header(f"&C{SPACED}")),
        {"nhs_number"},
    ),
    "a number among unused shared texts": (
        lambda: planted.with_parts(
            planted.plain(),
            {
                "xl/sharedStrings.xml": planted.part_of(planted.plain(), "xl/sharedStrings.xml").replace(
                    "</sst>", f"<si><r><t>{SPACED[:5]}</t></r><r><t>{SPACED[5:]}</t></r></si></sst>"
                )
            },
        ),
        {"nhs_number"},
    ),
    "a link to write to": (
        lambda: planted.plain(lambda book, sheet: sheet.write_url(3, 3, "mailto:jane.doe@nhs.net", None, "write")),
        {"email"},
    ),
    "a number in the title": (
        lambda: planted.plain(lambda book, sheet: book.set_properties({"title": SPACED})),
        {"nhs_number"},
    ),
    "html as xlsx": (lambda: b"<html><table><tr><td>R9A</td></tr></table></html>", {"wrong_format"}),
    "csv as xlsx": (lambda: b"org_code\nR9A\n", {"wrong_format"}),
    "half a workbook": (lambda: planted.plain()[:-200], {"damaged"}),
    "not a workbook": (lambda: b"PK\x03\x04" + bytes(100), {"damaged"}),
}


@pytest.mark.parametrize(("make", "wanted"), HIDDEN.values(), ids=HIDDEN.keys())
def test_what_a_workbook_hides_is_found_and_named(scan: Scan, make: Callable[[], bytes], wanted: set[str]) -> None:
    findings = scan(make())
    assert kinds(findings) == wanted
    assert all(finding.refuses for finding in findings)


def test_an_external_entity_is_not_followed(scan: Scan, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(NUMBER)
    assert kinds(scan(planted.external_entity(secret))) == {"xml_bomb"}


ODS = {
    "a note": (
        {"body": f"<office:annotation><text:p>{SPACED}</text:p></office:annotation>"},
        {"comment", "nhs_number"},
    ),
    "a hidden row": ({"row": ' table:visibility="collapse"'}, {"hidden_rows"}),
    "tracked changes": ({"before": "<table:tracked-changes/>"}, {"tracked_changes"}),
    "a pivot table": ({"before": "<table:data-pilot-tables/>"}, {"pivot_cache"}),
    "a macro": ({"parts": {"Basic/Standard/Module1.xml": "<a/>"}}, {"macro"}),
    "an object": ({"parts": {"Object 1/content.xml": "<a/>"}}, {"embedded_object"}),
    "an error": ({"body": "<text:p>#REF!</text:p>"}, {"error_value"}),
}


@pytest.mark.parametrize(("options", "wanted"), ODS.values(), ids=ODS.keys())
def test_what_an_ods_hides_is_found(scan: Scan, options: dict[str, Any], wanted: set[str]) -> None:
    assert kinds(scan(planted.ods(**options), "a.ods")) == wanted


@pytest.mark.parametrize(
    ("author", "said"),
    [
        ("Jane Doe", True),
        ("Doe, Jane", True),
        ("jane.doe", True),
        ("Returns Team", False),
        ("openpyxl", False),
        ("", False),
    ],
)
def test_a_name_in_the_properties_is_said_and_does_not_refuse(scan: Scan, author: str, said: bool) -> None:
    findings = scan(planted.authored(author))
    assert kinds(findings) == ({"document_property_name"} if said else set())
    assert not any(finding.refuses for finding in findings)


def test_an_old_workbook_is_refused_whole(scan: Scan) -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024)
    assert kinds(scan(old, "a.xls")) == {"old_format"}
    assert kinds(scan(old + "_VBA_PROJECT".encode("utf-16-le"), "a.xls")) == {"macro"}


def test_a_column_of_ten_thousand_numbers_is_one_finding_with_its_count(scan: Scan) -> None:
    rows = [("org_code", "x")]
    rows += [("R9A", planted.nhs_number(n)) for n in range(400_000_000, 400_011_000) if _has_check_digit(n)]
    assert len(rows) > 9_000
    assert scan(_csv(*rows), "a.csv") == [Finding("nhs_number", "text", 2, 2, len(rows) - 1)]


def _has_check_digit(first_nine: int) -> bool:
    return sum(int(d) * w for d, w in zip(str(first_nine), range(10, 1, -1), strict=True)) % 11 != 1


LONG = {
    "a row of one cell": b"a,b\n1," + b"x" * 3_000_000,
    "a row of many cells": b"a,b\n" + b"1," * 1_500_000,
    "a field over many lines": b'a,b\n1,"' + b"x\n" * 1_500_000 + b'"\n',
    "a row over many lines": b'a,b\n"1\n"' + b',"1\n"' * 3_500_000,
}


@pytest.mark.parametrize("content", LONG.values(), ids=LONG.keys())
def test_a_text_with_lines_or_rows_that_no_return_has_is_not_taken(scan: Scan, content: bytes) -> None:
    findings = scan(content, "a.csv")
    assert kinds(findings) == {"too_large"} and all(finding.purges for finding in findings)


def test_old_line_ends_and_long_free_text_are_searched(scan: Scan) -> None:
    assert scan(b"a,b\r" * 400_000 + f"1,{SPACED}".encode(), "a.csv") == [Finding("nhs_number", "text", 400_001, 2)]
    cell = "word " * 6_000
    rows = f'a,b\n1,"{cell}\n{cell}"\n' * 40 + f'1,"{cell}{SPACED}"\n'
    assert scan(rows.encode(), "a.csv") == [Finding("nhs_number", "text", 81, 2)]


CELLS = [
    "R9A",
    "12",
    "",
    "2026-10-31",
    "31/10/1956",
    "1/1/70",
    NUMBER,
    SPACED,
    f"NHS{NUMBER}",
    "AB1 2CD",
    "dob",
    "nhs_number",
    "x@nhs.net",
]


@given(st.integers(1, 4), st.lists(st.lists(st.sampled_from(CELLS), min_size=4, max_size=5), min_size=1, max_size=30))
def test_what_each_different_cell_says_is_what_reading_every_row_says(width: int, rows: list[list[str]]) -> None:
    """A plain text whose different cells hold nothing is not read row by row: that one finds nothing either."""
    rows = [
        ["org_code", "note", "b", "c"][:width],
        *([*cells[: max(1, width - 1)], cells[-1]][:width] for cells in rows),
    ]
    by_row = CellScanner("text")
    by_row.scan(rows)
    columns = [[*{cells[place] for cells in rows}] for place in range(width)]
    assert CellScanner("text").finds_nothing(columns, rows[:20]) == (not by_row.findings)


def test_a_plain_text_that_holds_nothing_is_gathered_and_any_other_is_read(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    whole = CellScanner.scan_blocks

    def counted(scanner: CellScanner, blocks: Iterable[Sequence[Sequence[str]]]) -> None:
        read.append(1)
        whole(scanner, blocks)

    monkeypatch.setattr(CellScanner, "scan_blocks", counted)
    rows = [("org_code", "pathway_count"), *(("R9A", str(number)) for number in range(3_000))]
    assert (scan(_csv(*rows), "a.csv"), read) == ([], [])
    assert scan(_csv(*rows, ("R9A", NUMBER)), "a.csv") == [Finding("nhs_number", "text", 3_002, 2)]
    assert Finding("nhs_number", "text", 3_002, 3) in scan(_csv(*rows, ("R9A", "1", SPACED)), "a.csv")
    assert scan(_csv(*rows, ("R9A", "9,434,765,919")), "a.csv") and len(read) == 3

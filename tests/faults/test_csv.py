"""Faults F1 to F10, F12, F13 and F15 in CSV files (tests/README.md), each through the real way: site, fetch, parse, gate 1, links.

Every case begins with five good months of A&E. Then a revision of January 2026 comes that has one fault. What must be true
afterwards is the same for all: the bytes are kept, the other months are as they were, nothing is half written, every
record is accounted for, and the month is either right (P) or at its last good vintage (R) with a message that says why.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.contracts.suite import landing_fingerprint
from dagster_project.duck import connection, quote_literal
from dagster_project.lake import acceptance
from dagster_project.lake.acceptance import Acceptance, CleanReport
from dagster_project.lake.paths import Lake
from dagster_project.lake.snapshots import fetch_source
from dagster_project.lake.transport import MirrorTransport
from dagster_project.quality.landing import landing_gate
from tests.fixtures.ae_site import (
    HEADER,
    OVER_4_HOURS,
    TYPE_1,
    AeLake,
    Lines,
    Night,
    csv_bytes,
    csv_text,
    month_lines,
    provider_code,
    retotal,
)
from tests.fixtures.runs import SMALL, run_at

PERIOD = "2026-01"
GOOD_PERIODS = ("2025-09", "2025-10", "2025-11", "2025-12", PERIOD)
RAISED_BY = 5
"""The revision differs from the first issue by these attendances of the first provider, so that its use can be seen."""
LINE = 10
"""The line that a fault is put into, as an editor counts; the header is line 1."""
FILE = "January-2026-CSV-revised.csv"


@pytest.fixture(scope="module")
def good_months(tmp_path_factory: pytest.TempPathFactory) -> AeLake:
    lake = AeLake.begin(tmp_path_factory.mktemp("good"), landing_gate(SMALL), landing_fingerprint("nhse_ae"))
    for period in GOOD_PERIODS:
        lake.site.publish(period, csv_bytes(month_lines(period)))
    assert lake.run().messages == []
    assert sorted(lake.links()) == sorted(GOOD_PERIODS)
    return lake


@pytest.fixture
def revise(good_months: AeLake, tmp_path: Path) -> Callable[[bytes], tuple[AeLake, Night]]:
    """Publish these bytes as the revision of January 2026, run a night, and check what holds for every fault."""

    def run(content: bytes) -> tuple[AeLake, Night]:
        lake = good_months.copy_to(tmp_path)
        before = lake.links()
        lake.site.publish(PERIOD, content, tail="revised", uploaded="2026/04")
        night = lake.run()
        after = lake.links()
        assert content in lake.kept_contents(), "the file as it came is lost"
        assert {p: link for p, link in after.items() if p != PERIOD} == {
            p: link for p, link in before.items() if p != PERIOD
        }
        assert lake.leftovers() == []
        for report in night.parsed.reports:
            assert report.records_in == report.records_loaded + report.records_rejected
        assert not lake.run().parsed.changed, "a second night over the same site changes the links"
        return lake, night

    return run


Revise = Callable[[bytes], tuple[AeLake, Night]]


def good_lines() -> Lines:
    return month_lines(PERIOD, raised_by=RAISED_BY)


def with_cell(column: int, text: str) -> Lines:
    lines = good_lines()
    lines[LINE - 1][column] = text
    return lines


def with_heading(column: int, text: str) -> Lines:
    lines = good_lines()
    lines[0][column] = text
    return lines


def assert_published(lake: AeLake, night: Night) -> None:
    """The revision is in use and holds the figures that its publisher meant."""
    assert night.messages == []
    expected = [(line[1], int(line[TYPE_1])) for line in good_lines()[1:-1]]
    assert lake.rows(PERIOD) == expected


def assert_refused(lake: AeLake, night: Night, *words: str) -> None:
    """The first issue is still in use, and one message says the file and all of `words`."""
    assert lake.rows(PERIOD) == [(line[1], int(line[TYPE_1])) for line in month_lines(PERIOD)[1:-1]]
    assert FILE in night.message
    for word in words:
        assert word in night.message, f"{word!r} is not in: {night.message}"


# -- what is healed (P) ---------------------------------------------------------------------------------------------

ACCENTED = "ST JOHN’S £ CAFÉ"


def text_in_name(name: str) -> str:
    return csv_text(with_cell(3, name))


@pytest.mark.parametrize(
    ("content", "encoding", "name"),
    [
        pytest.param(text_in_name(ACCENTED).encode("utf-8-sig"), "utf-8-sig", ACCENTED, id="F1-byte-order-mark"),
        pytest.param(text_in_name(ACCENTED).encode("utf-16"), "utf-16", ACCENTED, id="F1-utf-16"),
        pytest.param(
            text_in_name(ACCENTED).encode("utf-16-be").join([b"\xfe\xff", b""]), "utf-16", ACCENTED, id="F1-utf-16-be"
        ),
        pytest.param(text_in_name(ACCENTED).encode("cp1252"), "cp1252", ACCENTED, id="F1-cp1252"),
        pytest.param(text_in_name(ACCENTED).encode(), "utf-8", ACCENTED, id="F1-utf-8"),
    ],
)
def test_encoding_is_found_out_recorded_and_loses_no_character(
    revise: Revise, content: bytes, encoding: str, name: str
) -> None:
    lake, night = revise(content)
    assert_published(lake, night)
    assert lake.report(PERIOD)["encoding"] == encoding
    assert lake.rows(PERIOD, "organisation_code, organisation_name")[LINE - 2] == (provider_code(LINE - 2), name)


def reversed_columns() -> bytes:
    return csv_bytes([list(reversed(line)) for line in good_lines()])


def with_blank_columns(last_heading: str) -> bytes:
    """September 2024 of the real series: 28 columns, five of them without a name, the last named a; all empty."""
    extra = ["", "", "", "", "", ""]
    return csv_bytes([[*line, *extra[:-1], "" if place else last_heading] for place, line in enumerate(good_lines())])


def with_blank_rows(cell: str) -> bytes:
    """Blank rows of a sheet that was saved as CSV: one in the table, two below it."""
    blank = [cell] * len(HEADER)
    return csv_bytes([*good_lines()[:LINE], blank, *good_lines()[LINE:], blank, blank])


@pytest.mark.parametrize(
    ("content", "ignored"),
    [
        pytest.param(reversed_columns(), [], id="F3-reordered"),
        pytest.param(with_blank_columns("a"), ["", "", "", "", "", "a"], id="F3-28-columns"),
        pytest.param(csv_bytes(good_lines()).replace(b"\r\n", b",\r\n"), [""], id="F3-trailing-comma"),
        pytest.param(csv_bytes(with_heading(1, "  ORG\u00a0 code ")), [], id="F3-blanks-and-case-of-a-heading"),
        pytest.param(csv_bytes(good_lines()).replace(b"\r\n", b"\n"), [], id="F4-unix-line-ends"),
        pytest.param(csv_bytes(good_lines()).removesuffix(b"\r\n"), [], id="F4-no-last-line-end"),
        pytest.param(csv_bytes(good_lines()) + b"\r\n\r\n", [], id="F4-blank-lines-at-the-end"),
        pytest.param(with_blank_rows(""), [], id="F4-rows-of-commas-in-and-below-the-table"),
        pytest.param(with_blank_rows(" "), [], id="F4-rows-of-blanks-in-and-below-the-table"),
        pytest.param(
            csv_bytes([*good_lines()[:-1], ["Total ", "TOTAl ", "", "x", *good_lines()[-1][4:]]]), [], id="F7-total"
        ),
    ],
)
def test_harmless_shape_is_published_and_what_was_not_used_is_listed(
    revise: Revise, content: bytes, ignored: list[str]
) -> None:
    lake, night = revise(content)
    assert_published(lake, night)
    assert lake.report(PERIOD)["ignored_headings"] == ignored


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("'); drop table typed; --", id="F15-sql"),
        pytest.param('HOSPITAL "SEVEN"', id="F15-quotation-marks"),
        pytest.param("=cmd|' /C calc'!A0", id="F14-formula"),
        pytest.param("x" * 3_000, id="F13-long-name"),
    ],
)
def test_hostile_text_in_a_cell_stays_text(revise: Revise, text: str) -> None:
    lake, night = revise(csv_bytes(with_cell(3, text)))
    assert_published(lake, night)
    assert lake.rows(PERIOD, "organisation_code, organisation_name")[LINE - 2][1] == text


def test_quotation_marks_inside_an_unquoted_name_stay_as_they_were_written(revise: Revise) -> None:
    lake, night = revise(csv_text(with_cell(3, "HOSPITAL 'X' HOUSE")).replace("'", '"').encode())
    assert_published(lake, night)
    assert lake.rows(PERIOD, "organisation_code, organisation_name")[LINE - 2][1] == 'HOSPITAL "X" HOUSE'


def test_blanks_around_a_count_are_taken_off(revise: Revise) -> None:
    lake, night = revise(csv_bytes(with_cell(TYPE_1, f" {good_lines()[LINE - 1][TYPE_1]}\u00a0")))
    assert_published(lake, night)


# -- what refuses the file (R) --------------------------------------------------------------------------------------


def without_column(column: int) -> bytes:
    return csv_bytes([[cell for place, cell in enumerate(line) if place != column] for line in good_lines()])


def with_column(heading: str, cell: str) -> bytes:
    return csv_bytes([[*line, cell if place else heading] for place, line in enumerate(good_lines())])


HEADING_REFUSALS = [
    pytest.param(
        b"A&E Attendances\r\n\r\n" + csv_bytes(good_lines()), ["headings", "'A&E Attendances'"], id="F2-title-rows"
    ),
    pytest.param(without_column(9), [repr(HEADER[9]), "missing"], id="F3-missing"),
    pytest.param(csv_bytes(with_heading(4, "Type 1")), [repr(HEADER[4]), "missing", "aliases"], id="F3-renamed"),
    pytest.param(with_column("New", ""), ["column 23", "'New'", "not in the contract"], id="F3-extra"),
    pytest.param(with_column("a", "7"), ["row 2,", "column 23", "31 of 31 rows"], id="F3-value-under-a-blank-heading"),
    pytest.param(with_column(HEADER[4], "7"), ["attendances_type_1", "2 times"], id="F3-duplicated"),
    pytest.param(csv_text(good_lines(), ";").encode(), ["headings"], id="F4-semicolons"),
    pytest.param(csv_text(good_lines(), "\t").encode(), ["headings"], id="F4-tabs"),
    pytest.param(csv_bytes(with_heading(0, "P\u0435riod")), ["'Period'", "missing"], id="F15-homoglyph"),
    pytest.param(csv_bytes(with_heading(3, "n" * 300)), ["'Org name'", "missing"], id="F15-300-characters"),
    pytest.param(
        csv_bytes(with_heading(3, 'x" FROM t; DROP TABLE t; --')), ["'Org name'", "missing"], id="F15-sql-heading"
    ),
    pytest.param(with_column('x" FROM t; DROP TABLE t; --', ""), ["column 23", "DROP TABLE"], id="F15-sql-extra"),
    pytest.param(with_column("__dbt_tmp", ""), ["column 23", "'__dbt_tmp'"], id="F15-reserved-name"),
]


def with_line_in(bad: bytes) -> bytes:
    """The good file with `bad` in the place of line LINE."""
    lines = csv_bytes(good_lines()).split(b"\r\n")
    return b"\r\n".join([*lines[: LINE - 1], bad, *lines[LINE:]])


def good_line() -> bytes:
    return csv_bytes(good_lines()).split(b"\r\n")[LINE - 1]


def semicolons_from(line: int) -> bytes:
    return csv_bytes(good_lines()[: line - 1]) + csv_text(good_lines()[line - 1 :], ";").encode()


NAME = f"HOSPITAL {LINE - 2} (INVENTED)".encode()
OTHER_NAME = f"HOSPITAL {LINE + 5} (INVENTED)".encode()
NEXT_STEP = "Next: "
SHAPE_REFUSALS = [
    pytest.param(semicolons_from(16), ["row 16:", "one cell a column", "17 of 31 rows"], id="F4-semicolons-mid-file"),
    pytest.param(
        with_line_in(good_line().replace(NAME, b'"' + NAME)), ["quotation mark", f"line {LINE}"], id="F4-stray-quote"
    ),
    pytest.param(
        csv_bytes(good_lines()).replace(NAME, b'"' + NAME).replace(OTHER_NAME, b'"' + OTHER_NAME),
        ["independent count", "stray quote"],
        id="F4-two-stray-quotes",
    ),
    pytest.param(
        csv_bytes(with_cell(3, "HOSPITAL\r\nEIGHT")),
        [f"row {LINE}, column organisation_name", "line break"],
        id="F4-line-break-in-a-cell",
    ),
    pytest.param(
        csv_bytes(with_cell(3, "HOSPITAL\nEIGHT")).removesuffix(b"\r\n"),
        [f"row {LINE}, column organisation_name", "line break"],
        id="F4-line-break-in-a-cell-no-last-line-end",
    ),
    pytest.param(
        with_line_in(good_line().replace(NAME, b'"HOSPITAL\r8"')), ["line break"], id="F4-carriage-return-in-a-cell"
    ),
    pytest.param(
        with_line_in(good_line().replace(NAME, b"HOSPITAL\r8")),
        [f"line {LINE}", "carriage return"],
        id="F4-lone-return",
    ),
    pytest.param(csv_bytes(good_lines()).replace(b"\r\n", b"\r"), ["line 1", "carriage return"], id="F4-old-mac"),
    pytest.param(
        csv_bytes(good_lines()).replace(b"\r\n", b"\n", 9), ["cannot be read as CSV"], id="F4-mixed-line-ends"
    ),
    pytest.param(with_line_in(good_line() + b",1"), [f"row {LINE}:", "one cell a column: TOO MANY"], id="F5-long-row"),
    pytest.param(
        with_line_in(good_line().rsplit(b",", 1)[0]), [f"row {LINE}:", "one cell a column: MISSING"], id="F5-short-row"
    ),
    pytest.param(csv_bytes(good_lines())[:1_970], ["no line end, so the file was cut"], id="F5-cut-in-a-row"),
    pytest.param(csv_bytes(good_lines()[:12]).removesuffix(b"0\r\n"), ["0 TOTAL rows"], id="F5-cut-in-the-last-cell"),
]


def doubled(line: int, *, type_1: str | None = None, total_again: bool = True) -> bytes:
    lines = good_lines()
    again = list(lines[line - 1])
    again[TYPE_1] = type_1 or again[TYPE_1]
    lines.insert(line, again)
    return csv_bytes(retotal(lines) if total_again else lines)


TOTAL_WRONG = "do not sum to the TOTAL row"
SUM_REFUSALS = [
    pytest.param(doubled(LINE, total_again=False), [repr(HEADER[4]), TOTAL_WRONG], id="F6-equal-rows"),
    pytest.param(doubled(LINE), ["stands twice", provider_code(LINE - 2)], id="F6-equal-rows-counted-twice"),
    pytest.param(doubled(LINE, type_1="77"), ["stands twice", provider_code(LINE - 2)], id="F6-same-key-other-value"),
    pytest.param(csv_bytes(good_lines()[:-1]), ["0 TOTAL rows"], id="F7-no-total"),
    pytest.param(csv_bytes([*good_lines(), good_lines()[-1]]), ["2 TOTAL rows"], id="F7-two-totals"),
    pytest.param(csv_bytes(with_cell(TYPE_1, "17")), [repr(HEADER[4]), TOTAL_WRONG], id="F7-wrong-total"),
]

NOT_A_COUNT = [
    "-5",
    "12.5",
    "1,23",
    "1.2e3",
    "-",
    "*",
    "#N/A",
    "#REF!",
    "NULL",
    "12 %",
    "£5",
    "<5",
    ":",
    "..",
    "[c]",
    "007",
    "٣",
    "9" * 16,
]
CELL_REFUSALS = [
    *(
        pytest.param(
            csv_bytes(with_cell(TYPE_1, text)),
            [f"row {LINE}, column attendances_type_1", "whole number that is not negative", "1 of 31 rows"],
            id=f"F8-{text}",
        )
        for text in NOT_A_COUNT
    ),
    pytest.param(
        csv_bytes(with_cell(TYPE_1, "")), [f"row {LINE}, column attendances_type_1", "not be empty"], id="F8-blank"
    ),
    pytest.param(
        csv_bytes(with_cell(1, "\u00a0")), [f"row {LINE}, column organisation_code", "not be empty"], id="F8-no-code"
    ),
    *(
        pytest.param(
            csv_bytes(with_cell(3, text)),
            [f"row {LINE}, column organisation_name", "error of a spreadsheet", "1 of 31 rows"],
            id=f"F8-{text}-for-a-name",
        )
        for text in ("#N/A", "#SPILL!", " Err:502")
    ),
]


def breached_beyond_attendances() -> bytes:
    return csv_bytes(retotal(with_cell(OVER_4_HOURS, "99999")))


GATE_REFUSALS = [
    pytest.param(
        breached_beyond_attendances(),
        ["No more type 1 attendances over four hours than attendances", f"rows: {provider_code(LINE - 2)}"],
        id="F9-part-above-whole",
    ),
    *(
        pytest.param(
            csv_bytes(with_cell(1, code)), ["organisation_code", "ODS codes", f"rows: {code}"], id=f"F10-{code}"
        )
        for code in ("7", "1-Mar", "2026-03-01", "1E+05")
    ),
]


def cut_to(providers: int) -> bytes:
    return csv_bytes(retotal([*good_lines()[: providers + 1], good_lines()[-1]]))


PERIOD_AND_VOLUME_REFUSALS = [
    pytest.param(csv_bytes(month_lines("2025-12")), ["listed as 2026-01", "2025-12-01"], id="N7-last-month"),
    pytest.param(csv_bytes(with_cell(0, "MSitAE-DECEMBER-2025")), ["listed as 2026-01", "2025-12-01"], id="N7-mixed"),
    pytest.param(
        csv_bytes(with_cell(0, "RTT-January-2026")), ["MSitAE-MONTH-YEAR", "RTT-January-2026"], id="N7-other-file"
    ),
    pytest.param(csv_bytes(with_cell(0, "MSitAE-JANVIER-2026")), ["janvier-2026"], id="N7-no-month"),
    pytest.param(b"", ["is empty"], id="F12-empty"),
    pytest.param(b"\xef\xbb\xbf\r\n", ["is empty"], id="F12-only-a-mark"),
    pytest.param(csv_bytes(good_lines()[:1]), ["0 records", "10 to 1,000"], id="F12-header-only"),
    pytest.param(csv_bytes(retotal([good_lines()[0], good_lines()[1], []])), ["2 records"], id="F12-one-row"),
    pytest.param(cut_to(15), ["15 rows", "30 are usual", "share_of_history.nhse_ae.monthly"], id="F12-half-the-rows"),
    pytest.param(
        csv_bytes(month_lines(PERIOD, providers=90)), ["90 rows", "30 are usual"], id="F12-three-times-the-rows"
    ),
]
TEXT_REFUSALS = [
    pytest.param(text_in_name("CAFÃ©").encode(), [f"line {LINE}", "garbled"], id="F1-mojibake"),
    pytest.param(text_in_name("CAF\ufffd").encode(), [f"line {LINE}", "garbled"], id="F1-replacement-character"),
    pytest.param(text_in_name("x").encode("utf-16-le"), ["line 1", "0x00"], id="F1-utf-16-without-mark"),
    pytest.param(text_in_name("É").encode().replace(NAME, b"\x81") + "É".encode(), ["line"], id="F1-mixed-encodings"),
    *(
        pytest.param(
            text_in_name(f"A{sign}B").encode(), [f"line {LINE}", f"0x{ord(sign):02x}"], id=f"F13-0x{ord(sign):02x}"
        )
        for sign in ("\x00", "\x1b", "\x07", "\x7f")
    ),
    pytest.param(text_in_name("x" * 2_000_000).encode(), [f"line {LINE}", "longer than"], id="F13-2-MB-cell"),
    pytest.param(
        csv_bytes(with_heading(3, "," * 16_000)).replace(b'"', b""), ["line 1", "columns"], id="F13-16,000-columns"
    ),
    pytest.param(
        b"<!DOCTYPE html><html><head><title>Log in</title></head></html>", ["web page", "Log in"], id="N6-login"
    ),
]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        *HEADING_REFUSALS,
        *SHAPE_REFUSALS,
        *SUM_REFUSALS,
        *CELL_REFUSALS,
        *GATE_REFUSALS,
        *PERIOD_AND_VOLUME_REFUSALS,
        *TEXT_REFUSALS,
    ],
)
def test_faulty_revision_is_kept_and_said_and_the_month_stays_at_its_last_good_vintage(
    revise: Revise, content: bytes, words: list[str]
) -> None:
    lake, night = revise(content)
    assert_refused(lake, night, *words)


@pytest.mark.parametrize("long_row", [False, True], ids=["bad-cell", "long-row"])
@pytest.mark.parametrize("blank_lines", [0, 2])
def test_line_number_in_the_message_is_that_of_the_file(revise: Revise, blank_lines: int, long_row: bool) -> None:
    lines = good_lines()
    if long_row:
        lines[LINE + 4].append("unknown")
    else:
        lines[LINE + 4][TYPE_1] = "unknown"
    content = csv_bytes(lines[:3]) + b"\r\n" * blank_lines + csv_bytes(lines[3:])
    (line,) = [number for number, text in enumerate(content.split(b"\r\n"), start=1) if b"unknown" in text]
    assert line == LINE + 5 + blank_lines
    lake, night = revise(content)
    assert_refused(lake, night, f"row {line}:" if long_row else f"row {line}, column attendances_type_1")


@pytest.mark.parametrize("long_row", [False, True], ids=["bad-cell", "long-row"])
def test_line_number_counts_the_lines_inside_a_cell_above(revise: Revise, long_row: bool) -> None:
    lines = good_lines()
    lines[LINE - 1][TYPE_1] = "unknown"
    if long_row:
        lines[LINE - 1].append("a cell too many")
    content = csv_text(lines).replace("HOSPITAL 2 (INVENTED)", '"HOSPITAL\r\n2"')
    (line,) = [number for number, text in enumerate(content.split("\r\n"), start=1) if "unknown" in text]
    assert line == LINE + 1
    lake, night = revise(content.encode())
    broken = f"row {line}:" if long_row else f"row {line}, column attendances_type_1"
    assert_refused(lake, night, "2 of 31 rows", "the first is row 4, column organisation_name", f"then {broken}")


def test_text_whose_whole_last_line_has_no_line_end_is_used(revise: Revise) -> None:
    """So Fingertips and QOF end their files."""
    assert_published(*revise(csv_bytes(good_lines()).rstrip()))


def without_a_provider() -> Lines:
    """A revision that lost a provider, with a total that was added up again."""
    lines = good_lines()
    return retotal([*lines[:LINE], *lines[LINE + 1 :]])


def test_revision_that_lost_a_provider_is_held_although_it_adds_up(revise: Revise) -> None:
    code = good_lines()[LINE][1]
    lake, night = revise(csv_bytes(without_a_provider()))
    assert_refused(
        lake,
        night,
        f"1 of 30 values of organisation_code in the edition that it replaces, {PERIOD} (",
        f"are not in it ({code})",
        "the last good copy stays in use",
        "expectations/accepted_editions.yml",
    )


def test_new_month_with_three_quarters_of_the_providers_is_held_although_it_adds_up(
    good_months: AeLake, tmp_path: Path
) -> None:
    lake = good_months.copy_to(tmp_path)
    lines = month_lines("2026-02")
    lake.site.publish("2026-02", csv_bytes(retotal([*lines[:23], lines[-1]])))
    message = lake.run().message
    assert (
        f"22 rows, where the period before, {PERIOD} (" in message and "has 30 and 80% of them must be there" in message
    )
    assert "8 of 30 values of organisation_code" in message
    assert sorted(lake.links()) == sorted(GOOD_PERIODS)


def test_edition_that_a_person_accepted_is_used(revise: Revise, monkeypatch: pytest.MonkeyPatch) -> None:
    content = csv_bytes(without_a_provider())
    lake, night = revise(content)
    sha256 = hashlib.sha256(content).hexdigest()
    assert sha256 in night.message
    monkeypatch.setattr(acceptance, "load_accepted_editions", lambda: {("nhse_ae", "monthly", sha256)})
    lake.suite = "judged with the accepted edition"
    assert lake.run().messages == []
    assert lake.sha256_in_use(PERIOD) == sha256


# -- what is quarantined (Q) ----------------------------------------------------------------------------------------


def test_one_bad_row_of_many_is_listed_with_line_column_rule_and_cell_where_no_sum_is_made_of_the_rows(
    sample_estate: Path, lake: Lake, tmp_path: Path
) -> None:
    """F8 in QOF: each practice stands for itself, so the others are used."""
    mirror = tmp_path / "mirror"
    shutil.copytree(sample_estate, mirror)
    (path,) = mirror.rglob("qof_vaccine_2324.csv")
    header = path.read_text(encoding="utf-8").splitlines()[0]
    lines = [f",,,,,Y99{place:03d},Sample practice {place},{'9o.5' if place == 7 else 90.5}" for place in range(240)]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    source = load_sources()["nhsd_qof"]
    fetch_source(source, MirrorTransport(mirror), lake, today=dt.date(2026, 3, 20))
    gate, fingerprint = landing_gate(SMALL), landing_fingerprint("nhsd_qof")
    done = Acceptance(source, run_at(lake, "synthetic"), gate, fingerprint).run()
    assert (done.refused, done.held) == ([], [])
    (report,) = done.reports
    assert (report.records_rejected, report.records_in) == (1, report.records_loaded + 1)
    assert [report.rejects_file in sentence for sentence in done.rejecting] == [True]
    found = _parquet_rows(lake.root / "clean" / Path(report.rejects_file).relative_to("clean"))
    assert [(line, column, cell) for line, column, _, cell in found] == [(9, "achievement_percent", "9o.5")]


def _parquet_rows(path: Path) -> list[tuple[int, str, str, str]]:
    with connection(None) as con:
        rows = con.execute(f"select * from read_parquet({quote_literal(str(path))}) order by all").fetchall()
    return [(int(line), str(column), str(rule), str(cell)) for line, column, rule, cell in rows]


def test_equal_rows_without_a_total_over_them_are_used_once_and_counted(sample_estate: Path, tmp_path: Path) -> None:
    """F6 in WLMDS: a row that stands twice says one thing twice; with another value it is refused."""
    done, rows = _wlmds_with_changed_rows(sample_estate, tmp_path / "equal", lambda row: row)
    assert (done.refused, done.held) == ([], [])
    report = next(report for report in done.reports if report.entity == "specialty")
    assert report.set_aside == {"rows equal to another row": 1}
    assert report.clean_rows == report.records_loaded - 1 == rows - 1

    other, _ = _wlmds_with_changed_rows(sample_estate, tmp_path / "other", lambda row: [*row[:-1], "995"])
    assert len(other.refused) == 1
    assert "rows with the same key (snapshot_date, treatment_function_name, metric" in other.refused[0]


def _wlmds_with_changed_rows(
    estate: Path, folder: Path, change: Callable[[list[str]], list[str]]
) -> tuple[CleanReport, int]:
    mirror = folder / "mirror"
    shutil.copytree(estate, mirror)
    path = next(mirror.rglob("WLMDS-Demographics-Specialty-*.csv"))
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    rows.append(change(rows[7]))
    path.write_bytes(csv_bytes(rows))
    source, lake = load_sources()["nhse_wlmds"], Lake(folder / "data_lake")
    fetch_source(source, MirrorTransport(mirror), lake, today=dt.date(2026, 3, 20))
    gate, fingerprint = landing_gate(SMALL), landing_fingerprint("nhse_wlmds")
    done = Acceptance(source, run_at(lake, "synthetic"), gate, fingerprint).run()
    return done, len(rows) - 1

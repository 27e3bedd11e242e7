"""A count that cannot be read, and a file with another separator: one finding that names it, first, and nothing said from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.contracts.collection import load_collections
from dagster_project.returns.making import NotMade, make_manifest
from dagster_project.returns.validation import validate
from tests.fixtures.returns_files import VALID, Row, as_csv, context, write_return

THOUSANDS, MARK, DASH = "written with a thousands mark", "a mark stands for a count", "a dash or a word is in its place"
WRITTEN = [
    *((text, THOUSANDS) for text in ("1,500", "1 500", "1\u00a0500", "1\u202f500", "1'500", "1.500", "1,500,000", "+2,000", "1,500.00")),
    *((text, MARK) for text in ("*", "**", "#", "†", "[x]", "[z]", "x", ":", "..", "<5", "<8", "supp", "low")),
    *((text, DASH) for text in ("-", "–", "—", "−", "nil", "NULL", "n/a", "N/A", "NaN", "none")),
    *((text, "stands for 1 to 7 in a SAFE file only") for text in ("[c]", "[C]", "c")),
    *((text, "the value is not a count") for text in ("12.5", "1,50", "abc", "1e3", "0150", "12 (provisional)")),
]  # fmt: skip
FIRST = ("1,500", "*", "-")
COUNTED = ("WL01", "OP01", "UC01", "WF01", "WR01")


def said(verdict: Any) -> list[tuple[str, int | None, str]]:
    """What was said of what was checked, in its order."""
    return [(f.rule, f.row, f.what) for f in verdict.findings if not f.not_checked]


def with_cell(code: str, place: int, text: str) -> list[Row]:
    """The valid rows with the first count of one row written as `text`."""
    column = load_collections()[code].count_columns[0]
    return [row | ({column: text} if number == place else {}) for number, row in enumerate(VALID[code]())]


@pytest.mark.parametrize(("text", "words"), WRITTEN, ids=[text for text, _ in WRITTEN])
def test_one_finding_says_how_the_count_was_written_and_no_rule_judges_its_sums(
    text: str, words: str, tmp_path: Path
) -> None:
    places = (0, 3, 36, 65)  # G0 and a decile of a function, one of ALL, a group of part 2A
    for place in places if text in FIRST else places[:1]:
        with validate(
            write_return(tmp_path / str(place), "WL01", with_cell("WL01", place, text)), context()
        ) as verdict:
            assert [(rule, row) for rule, row, _ in said(verdict)] == [("C09", place + 2)]
            assert words in said(verdict)[0][2] and verdict.findings[0].mend
            assert text not in verdict.findings[0].what + verdict.findings[0].why or len(text) < 4
            assert (verdict.outcome, verdict.rows_accepted, verdict.rows_quarantined) == (
                "accepted_with_warnings",
                65,
                1,
            )
            assert verdict.rows_in_refused_groups == verdict.groups_rejected == 0


@pytest.mark.parametrize("code", COUNTED)
def test_every_cell_of_every_return_that_counts_can_be_unread(code: str, tmp_path: Path) -> None:
    for place in range(0, len(VALID[code]()), 29):
        with validate(write_return(tmp_path / str(place), code, with_cell(code, place, "*")), context()) as verdict:
            assert [(rule, row) for rule, row, _ in said(verdict)] == [("C09", place + 2)]


def test_a_file_full_of_thousands_marks_has_one_finding_a_cell(tmp_path: Path) -> None:
    def larger(row: Row) -> Row:
        return row | {"pathway_count": f"{10 * int(row['pathway_count']):,}"}

    marked = [larger(row) for row in VALID["WL01"]()]
    wrong = [number for number, row in enumerate(marked, start=2) if "," in row["pathway_count"]]
    with validate(write_return(tmp_path, "WL01", marked), context()) as verdict:
        assert [(rule, row) for rule, row, _ in said(verdict)] == [("C09", row) for row in wrong]
        assert {f.why for f in verdict.findings if f.not_checked and f.rule == "C02"} == {
            "a count of the file cannot be read (C09)"
        }


def test_what_can_be_judged_is_judged_and_stands_behind_what_cannot_be_read(tmp_path: Path) -> None:
    """The thousands mark is in function 110, the wrong sum in ALL: the one hides nothing of the other."""
    rows = with_cell("WL01", 0, "4,000")
    ethnic = next(
        n for n, row in enumerate(rows) if (row["treatment_function_code"], row["grouping_set"]) == ("ALL", "G1")
    )
    rows[ethnic] = rows[ethnic] | {"pathway_count": "149"}
    with validate(write_return(tmp_path, "WL01", rows), context()) as verdict:
        assert [(rule, row) for rule, row, _ in said(verdict)][:2] == [("C09", 2), ("C14", ethnic + 2)]
        assert {rule for rule, _, _ in said(verdict)} == {"C09", "C14", "W02"}


def test_rows_that_are_too_long_say_nothing_of_the_sums(tmp_path: Path) -> None:
    """A thousands mark without quotation marks makes a cell too many."""
    payload = as_csv(VALID["WL01"]()).replace(b",400\r\n", b",4,000\r\n", 1)
    with validate(write_return(tmp_path, "WL01", payload=payload), context()) as verdict:
        assert [(rule, row) for rule, row, _ in said(verdict)] == [("C01", 2)]
        assert "thousands mark" in verdict.findings[0].mend


def test_a_count_of_the_period_before_that_cannot_be_read_compares_with_nothing(tmp_path: Path) -> None:
    before = write_return(tmp_path / "before", "WL01", with_cell("WL01", 0, "400,000"))
    with validate(write_return(tmp_path, "WL01"), context(previous=before.data)) as verdict:
        assert said(verdict) == []
        assert {"C11", "C12", "W03"} <= {f.rule for f in verdict.findings if f.not_checked}


def test_the_clean_rows_say_that_a_count_was_rejected(tmp_path: Path) -> None:
    """Left out without a word the count would be 0 in every sum over it."""
    with validate(write_return(tmp_path, "WL01", with_cell("WL01", 3, "*")), context()) as verdict:
        verdict.write_accepted(tmp_path / "clean.parquet")
        assert verdict.write_quarantine(tmp_path / "aside.parquet") == 1
    found = duckdb.sql(
        f"select pathway_count_status, count(*), sum(pathway_count) from '{tmp_path}/clean.parquet' group by 1 order by 1"
    ).fetchall()
    counts = [int(row["pathway_count"]) for row in VALID["WL01"]()]
    assert found == [("published", 65, sum(counts) - counts[3]), ("rejected", 1, None)]


# -- separators --------------------------------------------------------------------------------------------------------


def quoted(payload: bytes) -> bytes:
    """Every cell between quotation marks."""
    return b"".join(b'"' + line.replace(b",", b'","') + b'"\r\n' for line in payload.splitlines())


SEPARATED: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("semicolon", lambda payload: payload.replace(b",", b";"), "semicolons"),
    ("semicolon, BOM", lambda payload: b"\xef\xbb\xbf" + payload.replace(b",", b";"), "semicolons"),
    ("semicolon, quoted", lambda payload: quoted(payload).replace(b",", b";"), "semicolons"),
    ("semicolon, upper case", lambda payload: b"sep=;\r\n" + payload.replace(b",", b";"), "semicolons"),
    ("semicolon, thousands", lambda payload: payload.replace(b",", b";").replace(b";400\r", b";4,000\r"), "semicolons"),
    ("tab", lambda payload: payload.replace(b",", b"\t"), "tabs"),
    ("tab, quoted", lambda payload: quoted(payload).replace(b",", b"\t"), "tabs"),
    ("bar", lambda payload: payload.replace(b",", b"|"), "vertical bars"),
]


@pytest.mark.parametrize(("change", "words"), [case[1:] for case in SEPARATED], ids=[case[0] for case in SEPARATED])
@pytest.mark.parametrize("code", ["SV01", "WL01"])
def test_another_separator_is_one_finding_that_says_how_to_save_with_commas(
    code: str, change: Callable[[bytes], bytes], words: str, tmp_path: Path
) -> None:
    payload = change(as_csv(VALID[code]()))
    with validate(write_return(tmp_path, code, payload=payload), context()) as verdict:
        assert said(verdict) == [
            ("C01", 1, f"the cells are separated by {words}, the template separates them by commas")
        ]
        assert "CSV UTF-8 (Comma delimited)" in verdict.findings[0].mend
        assert verdict.outcome == "rejected"


def test_a_manifest_with_another_separator_is_one_finding(tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WL01")
    assert submission.manifest is not None
    submission.manifest.write_bytes(submission.manifest.read_bytes().replace(b",", b";"))
    with validate(submission, context()) as verdict:
        assert [rule for rule, _, _ in said(verdict)] == ["M01"]
        assert "separated by semicolons" in said(verdict)[0][2]


def test_a_first_row_that_names_the_comma_is_told_as_such(tmp_path: Path) -> None:
    payload = b"sep=,\r\n" + as_csv(VALID["WL01"]())
    with validate(write_return(tmp_path, "WL01", payload=payload), context()) as verdict:
        assert [(rule, row) for rule, row, _ in said(verdict)] == [("C00", 1)]
        assert "take that row out" in said(verdict)[0][2]


# -- rows and headings that a spreadsheet leaves ------------------------------------------------------------------------


def blank_rows(payload: bytes, blank: bytes) -> bytes:
    """One in the table and two below it."""
    lines = payload.splitlines(keepends=True)
    return b"".join([*lines[:3], blank, *lines[3:], blank, blank])


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: blank_rows(payload, b",,,,,,,,,,\r\n"),
        lambda payload: blank_rows(payload, b" , ,,,,,,,,,\r\n"),
        lambda payload: blank_rows(payload, b"\r\n"),
        lambda payload: payload.replace(b"\r\n", b",\r\n"),
        lambda payload: payload.replace(b"org_code,census_date", b"ORG_CODE, Census Date"),
        lambda payload: payload.replace(b"org_code,census_date", b"Org-Code,census_Date").replace(
            b"rtt_part", b"RTT part"
        ),
    ],
    ids=["commas", "commas and blanks", "nothing", "a comma at each end", "capitals and blanks", "hyphens"],
)
def test_blank_rows_and_headings_in_other_letters_change_nothing(
    change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    payload = as_csv(VALID["WL01"]())
    assert change(payload) != payload
    with validate(write_return(tmp_path, "WL01", payload=change(payload)), context()) as verdict:
        assert (said(verdict), verdict.rows) == ([], 66)


def test_a_cell_below_blank_rows_is_named_by_the_row_of_the_sheet(tmp_path: Path) -> None:
    payload = blank_rows(as_csv(VALID["WL01"]()), b",,,,,,,,,,\r\n").replace(b",400\r\n", b",4oo\r\n")
    with validate(write_return(tmp_path, "WL01", payload=payload), context()) as verdict:
        first = said(verdict)[0]
    assert first[:2] == ("C09", payload.split(b",4oo")[0].count(b"\n") + 1)


@pytest.mark.parametrize(
    "title", [b"Waiting list\r\n", b"Waiting list\r\n\r\n", b"Trust,R9A,,,,,,,,,\r\n,,,,,,,,,,\r\n"]
)
def test_a_title_above_the_headings_is_one_finding(title: bytes, tmp_path: Path) -> None:
    payload = title + as_csv(VALID["WL01"]())
    with validate(write_return(tmp_path, "WL01", payload=payload), context()) as verdict:
        row = title.count(b"\n") + 1
        assert said(verdict) == [("C01", 1, f"the headings of the template are in row {row}")]
        assert verdict.outcome == "rejected"


@pytest.mark.parametrize("text", ["a;b|c", "org_code;x"])
def test_a_wrong_heading_that_holds_such_a_mark_is_a_wrong_heading(text: str, tmp_path: Path) -> None:
    payload = as_csv(VALID["WL01"]()).replace(b"wait_band", text.encode(), 1)
    with validate(write_return(tmp_path, "WL01", payload=payload), context()) as verdict:
        assert {what for _, _, what in said(verdict)} >= {"this column of the template is missing"}


def test_the_file_of_the_period_before_and_the_making_of_a_manifest_know_other_separators(tmp_path: Path) -> None:
    before = write_return(tmp_path / "before", "WL01", payload=as_csv(VALID["WL01"]()).replace(b",", b";"))
    with validate(write_return(tmp_path, "WL01"), context(previous=before.data)) as verdict:
        assert said(verdict) == []
    with pytest.raises(NotMade, match="separated by semicolons"):
        make_manifest(before.data, {"signed_off_role": "CIO", "signed_off_date": "2026-11-11"})

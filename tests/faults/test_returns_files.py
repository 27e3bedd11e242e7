"""Faults of trusts' files that validation meets (tests/README.md: F14, T1 to T5, T8, T9, T12, T13, D8, X5, X6), and what is true after each."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.contracts.collection import EarlierVersion, load_collections
from dagster_project.returns import answer
from dagster_project.returns.submission import Known, Submission
from dagster_project.returns.validation import validate
from tests.fixtures.returns_files import (
    MONTH,
    ORG,
    ORGANISATIONS,
    RECEIVED,
    VALID,
    Row,
    as_csv,
    context,
    manifest_of,
    write_return,
)

OUTCOMES = {"accepted", "accepted_with_warnings", "rejected", "unreadable"}
MONTH_END = dt.date(2026, 10, 31)


def whats(verdict: Any, rule: str) -> list[str]:
    """What was said by one rule, of what was checked."""
    return [finding.what for finding in verdict.findings if finding.rule == rule and not finding.not_checked]


def for_trust(code: str, org: str) -> list[Row]:
    """The valid rows under another trust's code."""
    return [row | ({"org_code": org} if "org_code" in row else {}) for row in VALID[code]()]


# -- F14 ---------------------------------------------------------------------------------------------------------------

FORMULAS = ["=cmd|'/c calc'!A1", "@SUM(1)", "+1+1", "-2+3", '=HYPERLINK("https://example.org")']


@pytest.mark.parametrize("formula", FORMULAS)
def test_f14_formula_in_a_cell_stays_text_and_reaches_no_answer(formula: str, tmp_path: Path) -> None:
    rows = VALID["SA01"]()
    rows[0] = rows[0] | {"evidence_ref": formula}
    with validate(write_return(tmp_path, "SA01", rows), context(searched=True)) as verdict:
        verdict.write_accepted(tmp_path / "clean.parquet")
        book = openpyxl.load_workbook(io.BytesIO(answer.workbook(verdict)))
    stored = duckdb.sql(f"select evidence_ref from '{tmp_path}/clean.parquet' where item_no = 1").fetchall()
    assert stored == [(formula,)]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type in {"s", "n"} and formula not in str(cell.value) for cell in cells)


@pytest.mark.parametrize("text", [*FORMULAS, "\tx", "\rx"])
def test_f14_whatever_begins_like_a_formula_is_escaped(text: str) -> None:
    assert answer.neutral(text) == "'" + text
    assert answer.neutral("plain = text") == "plain = text"


# -- T1 to T5 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("org", "what"),
    [
        ("R9BA1", "R9BA1 looks like the code of a site; did you mean R9B?"),
        ("9QA", "9QA is the code of a commissioner; did you mean R9A?"),
        ("R9O", "R9O is not in the list of trusts; did you mean R9"),
        ("ZZZ", "ZZZ is not in the list of trusts"),
    ],
    ids=["site", "commissioner", "misspelt", "unknown"],
)
def test_t1_code_that_is_no_trust_is_refused_with_a_suggestion(org: str, what: str, tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WL01", for_trust("WL01", org), org_code=org)
    # The commissioner's invented code looks like the second half of a postcode in the file name, which is not the matter here.
    with validate(submission, context(sender_org=org, searched=True)) as verdict:
        assert verdict.outcome == "rejected"
        assert verdict.failed_rules == ["C03"]
        assert whats(verdict, "C03")[0].startswith(what)


def test_t2_merged_trust_goes_on_under_its_successor_and_both_codes_are_kept(tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WF01", for_trust("WF01", "R9X"), org_code="R9X")
    with validate(submission, context(sender_org="R9X")) as verdict:
        assert (verdict.outcome, verdict.successor_code) == ("accepted_with_warnings", "R9B")
        assert verdict.manifest is not None and verdict.manifest.org_code == "R9X"
        assert whats(verdict, "C03") == [
            "R9X had closed by the last day of the period; R9B follows it, and both codes are kept"
        ]
        assert answer.as_dict(verdict)["successor_code"] == "R9B"
        verdict.write_accepted(tmp_path / "clean.parquet")
    assert duckdb.sql(f"select distinct org_code from '{tmp_path}/clean.parquet'").fetchall() == [("R9X",)]
    assert ORGANISATIONS.successor("R9X", dt.date(2025, 9, 30)) == "R9X"


def test_t2_a_divided_trust_has_no_trust_of_today_and_is_refused_with_those_that_follow(tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WF01", for_trust("WF01", "R9Y"), org_code="R9Y")
    with validate(submission, context(sender_org="R9Y")) as verdict:
        assert (verdict.outcome, verdict.failed_rules, verdict.successor_code) == ("rejected", ["C03"], None)
        assert whats(verdict, "C03") == [
            "R9Y had closed by the last day of the period and was divided among R9A, R9B: its figures have no trust of today"
        ]
    assert ORGANISATIONS.divided_among("R9Y", dt.date(2021, 9, 30)) == []


@pytest.mark.parametrize(
    ("changes", "rows", "rule", "what"),
    [
        ({"period_start": "2026-11-01", "period_end": "2026-11-30"}, "2026-11-30", "M03", "the period has not ended yet"),
        ({"period_start": "2026-09-01"}, MONTH[1], "M03", "period_start and period_end are not the first and last day of one month"),
        ({"period_end": "2026-10-30"}, "2026-10-30", "M03", "period_start and period_end are not the first and last day of one month"),
        ({}, "2026-09-30", "M03", "the row is of another period than the manifest"),
        ({"file_name": "HIW-WL01_R9A_2026-09_v01.csv"}, MONTH[1], "M02", "the file name and period_end of the manifest do not say the same"),
    ],
    ids=["future", "two months", "not the month's end", "mixed periods", "other than the file name"],
)  # fmt: skip
def test_t3_wrong_period_is_refused(changes: dict[str, str], rows: str, rule: str, what: str, tmp_path: Path) -> None:
    content = VALID["WL01"]()
    content = [row | {"census_date": rows if changes or place < 6 else MONTH[1]} for place, row in enumerate(content)]
    with validate(write_return(tmp_path, "WL01", content, **changes), context()) as verdict:
        assert verdict.outcome == "rejected"
        assert what in whats(verdict, rule)


def test_t4_the_same_file_again_breaks_no_rule(tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WL01")
    again = (Known("WL01", ORG, MONTH_END, "P", 1, submission.sha256),)
    with validate(submission, context(register=again)) as verdict:
        assert (verdict.outcome, verdict.counts["C06"]) == ("accepted", 0)


def test_t5_resubmission_with_other_numbers_goes_on_and_a_number_used_twice_does_not(tmp_path: Path) -> None:
    first = (Known("WL01", ORG, MONTH_END, "P", 1, "0" * 64),)
    with validate(write_return(tmp_path / "2", "WL01", sequence_no="2"), context(register=first)) as verdict:
        assert verdict.outcome == "accepted"
        assert verdict.submission_id is not None and verdict.submission_id.startswith("WL01_R9A_2026-10_P02_")
    with validate(write_return(tmp_path / "1", "WL01"), context(register=first)) as verdict:
        assert (verdict.outcome, verdict.failed_rules) == ("rejected", ["C06"])
    late = (Known("WL01", ORG, MONTH_END, "P", 3, "0" * 64),)
    with validate(write_return(tmp_path / "late", "WL01", sequence_no="2"), context(register=late)) as verdict:
        assert verdict.outcome == "accepted"  # an earlier one that comes late is kept; dbt sees that it is superseded


# -- T8, T9, T12, T13 --------------------------------------------------------------------------------------------------


def test_t8_small_numbers_of_a_restricted_return_go_on_and_stand_in_no_answer(tmp_path: Path) -> None:
    rows = VALID["WL01"]()
    rows[2] = rows[2] | {"pathway_count": "7431"}
    with validate(write_return(tmp_path, "WL01", rows), context()) as verdict:
        assert "C10" not in verdict.counts and "C14" in verdict.counts
        shown = json.dumps(answer.as_dict(verdict)) + answer.html_page(verdict)
        assert "7431" not in shown and "7,431" not in shown
    clean = [row | {"headcount": "2"} for row in VALID["WF01"]()]
    with validate(write_return(tmp_path / "clean", "WF01", clean), context()) as verdict:
        verdict.write_accepted(tmp_path / "clean.parquet")
    stored = duckdb.sql(f"select distinct headcount, headcount_status from '{tmp_path}/clean.parquet'").fetchall()
    assert stored == [(2, "published")]


@pytest.mark.parametrize(
    ("column", "bad"),
    [("ethnic_category", "Q"), ("imd_decile", "11"), ("person_stated_gender_code", "M"), ("age_band", "18_29")],
)
def test_t9_invalid_group_code_sets_its_row_aside(column: str, bad: str, tmp_path: Path) -> None:
    rows = [
        row | {column: bad} if row[column] != "ALL" and row["grouping_set"] != "G5" else row for row in VALID["OP01"]()
    ]
    with validate(write_return(tmp_path, "OP01", rows), context()) as verdict:
        assert verdict.outcome == "accepted_with_warnings"
        assert verdict.counts["C08"] == verdict.rows_quarantined == 10
        verdict.write_accepted(tmp_path / "clean.parquet")
    left = duckdb.sql(f"select count(*) from '{tmp_path}/clean.parquet' where {column} = '{bad}'").fetchone()
    assert left == (0,)


def test_t9_all_not_stated_and_all_unknown_deciles_are_warned_for_the_gates_of_the_marts(tmp_path: Path) -> None:
    codes = {"A": "Z", "J": "99"}
    rows = [
        row | {"ethnic_category": codes.get(row["ethnic_category"], row["ethnic_category"])} for row in VALID["WL01"]()
    ]
    rows = [row | ({"imd_decile": "99"} if row["imd_decile"] == "1" else {}) for row in rows]
    with validate(write_return(tmp_path, "WL01", rows), context()) as verdict:
        assert (verdict.outcome, verdict.warned_rules) == ("accepted_with_warnings", ["W06", "W07"])


def test_t12_file_of_an_older_template_is_read_by_that_version_and_a_foreign_one_is_refused(tmp_path: Path) -> None:
    today = load_collections()["WF01"]
    older = EarlierVersion(version="1.0.0", absent=("training_placement",), renamed={"headcount": "heads"})
    collections = {"WF01": today.model_copy(update={"template_version": "1.1.0", "earlier_versions": (older,)})}
    optional = [c.model_copy(update={"required": "N"}) if c.name == "training_placement" else c for c in today.columns]
    collections["WF01"] = collections["WF01"].model_copy(update={"columns": tuple(optional)})
    rows = [
        {("heads" if name == "headcount" else name): cell for name, cell in row.items() if name != "training_placement"}
        for row in VALID["WF01"]()
    ]
    payload = as_csv(rows)
    old = write_return(tmp_path / "old", "WF01", payload=payload, template_version="1.0.0")
    with validate(old, context(), collections) as verdict:
        assert verdict.outcome == "accepted"
        verdict.write_accepted(tmp_path / "clean.parquet")
    found = duckdb.sql(f"select role_code, headcount, training_placement from '{tmp_path}/clean.parquet'").fetchall()
    assert found == [("PHC", 2, None), ("HIA", 0, None)]
    with validate(write_return(tmp_path / "new", "WF01", template_version="1.1.0"), context(), collections) as verdict:
        assert verdict.outcome == "accepted"
    with validate(write_return(tmp_path / "next", "WF01", template_version="2.0.0"), context(), collections) as verdict:
        assert whats(verdict, "C01") == ["template version 2.0.0 is newer than this check knows; today's is 1.1.0"]


def test_t13_file_that_comes_after_the_close_is_judged_as_any_other(tmp_path: Path) -> None:
    late = context(received_at=RECEIVED + dt.timedelta(days=90))
    with validate(write_return(tmp_path, "WL01", submission_type="V"), late) as verdict:
        assert verdict.outcome == "accepted"  # dbt marks it revised: int_returns__submission


# -- D8 ----------------------------------------------------------------------------------------------------------------


def safe_rows() -> list[Row]:
    """True counts 482 (G0), 478 and 4 by ethnicity, as a SAFE file writes them: 480, 480, [c]."""
    counts = {("G0", "ALL"): "480", ("G1", "A"): "480", ("G1", "J"): "[c]"}
    common = {"org_code": ORG, "census_date": MONTH[1], "rtt_part": "2", "treatment_function_code": "ALL"}
    return [
        common
        | {"grouping_set": grouping_set, "ethnic_category": category, "imd_decile": "ALL", "age_band": "ALL"}
        | {"person_stated_gender_code": "ALL", "wait_band": "W000_018", "pathway_count": count}
        for (grouping_set, category), count in counts.items()
    ]


def test_d8_suppressed_and_rounded_counts_are_intervals_and_never_zero(tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WL01", safe_rows(), disclosure_profile="SAFE", imd_version="")
    with validate(submission, context()) as verdict:
        assert verdict.outcome == "accepted"
        assert (verdict.control_low, verdict.control_high) == (478 + 478 + 1, 482 + 482 + 7)
        verdict.write_accepted(tmp_path / "clean.parquet")
    stored = duckdb.sql(
        f"select pathway_count, pathway_count_status from '{tmp_path}/clean.parquet' order by row_number"
    )
    assert stored.fetchall() == [(480, "published"), (480, "published"), (None, "suppressed")]


def test_d8_sums_of_a_safe_file_are_judged_within_what_rounding_allows(tmp_path: Path) -> None:
    # One rounded cell and one suppressed: 2 x (1 + 1) + 7 = 11 is allowed, 15 is not.
    for other, expected in (("470", "accepted"), ("465", "accepted_with_warnings")):
        rows = safe_rows()
        rows[1] = rows[1] | {"pathway_count": other}
        submission = write_return(tmp_path / other, "WL01", rows, disclosure_profile="SAFE", imd_version="")
        with validate(submission, context()) as verdict:
            assert verdict.outcome == expected


# -- anything at all ---------------------------------------------------------------------------------------------------

ANY_FILE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
BASE = as_csv(VALID["WF01"]())


def judged(folder: Path, payload: bytes, manifest: bytes, suffix: str = "csv") -> str:
    """The outcome of a file and a manifest of any bytes, with every form of its answer made."""
    data = folder / f"HIW-WF01_R9A_2026-09_v01.{suffix}"
    sidecar = folder / "m.csv"
    data.write_bytes(payload)
    sidecar.write_bytes(manifest)
    with validate(Submission(data, sidecar), context()) as verdict:
        assert answer.workbook(verdict) and answer.html_page(verdict) and json.dumps(answer.as_dict(verdict))
        return verdict.outcome


def sidecar_for(payload: bytes) -> bytes:
    """A manifest that fits the valid rows."""
    manifest = manifest_of("WF01", VALID["WF01"](), payload)
    return as_csv([manifest])


@ANY_FILE
@given(payload=st.binary(max_size=300), manifest=st.binary(max_size=300))
def test_bytes_of_any_kind_get_a_verdict(payload: bytes, manifest: bytes, tmp_path: Path) -> None:
    assert judged(tmp_path, payload, manifest) in {"rejected", "unreadable"}


@ANY_FILE
@given(place=st.integers(0, len(BASE)), cut=st.integers(0, 40), put=st.text(max_size=20))
def test_csv_with_any_piece_replaced_gets_a_verdict(place: int, cut: int, put: str, tmp_path: Path) -> None:
    payload = BASE[:place] + put.encode("utf-8", "surrogatepass") + BASE[place + cut :]
    assert judged(tmp_path, payload, sidecar_for(payload)) in OUTCOMES


@ANY_FILE
@given(column=st.sampled_from(list(manifest_of("WF01", [], b""))), cell=st.text(max_size=40))
def test_manifest_with_any_field_gets_a_verdict(column: str, cell: str, tmp_path: Path) -> None:
    manifest = manifest_of("WF01", VALID["WF01"](), BASE) | {column: cell}
    assert judged(tmp_path, BASE, as_csv([manifest]).replace(b"\r\n", b"\n")) in OUTCOMES


@settings(ANY_FILE, max_examples=15)
@given(place=st.integers(0, 5_000), put=st.binary(min_size=1, max_size=8))
def test_workbook_with_any_bytes_changed_gets_a_verdict(place: int, put: bytes, tmp_path: Path) -> None:
    whole = a_workbook()
    place %= len(whole)
    payload = whole[:place] + put + whole[place + len(put) :]
    assert judged(tmp_path, payload, sidecar_for(payload), "xlsx") in OUTCOMES


def a_workbook() -> bytes:
    """The valid rows of WF01 in a workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "data"
    rows = VALID["WF01"]()
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    stream = io.BytesIO()
    book.save(stream)
    assert zipfile.is_zipfile(stream)
    return stream.getvalue()


# -- X5, X6: workbooks that are laid out or typed another way ------------------------------------------------------------


def as_workbook(change: Callable[[Any, Any, list[Row]], object], rows: list[Row]) -> bytes:
    """The rows as a sheet `data` in row 1 and below; `change(workbook, sheet, rows)` writes over it."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = workbook.add_worksheet("data")
    for number, line in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
        sheet.write_row(number, 0, line)
    change(workbook, sheet, rows)
    workbook.close()
    return stream.getvalue()


def write_workbook(folder: Path, change: Callable[[Any, Any, list[Row]], object], **changes: str) -> Submission:
    """A waiting list as a workbook, with its manifest beside it."""
    rows = VALID["WL01"]()
    name = {"name": "HIW-WL01_R9A_2026-10_v01.xlsx", "file_name": "HIW-WL01_R9A_2026-10_v01.xlsx"}
    return write_return(folder, "WL01", rows, payload=as_workbook(change, rows), **(name | changes))


def title_above(_: Any, sheet: Any, rows: list[Row]) -> None:
    sheet.write_row(0, 0, ["Waiting list of October", *[""] * (len(rows[0]) - 1)])
    sheet.write_row(1, 0, list(rows[0]))


def merged_heading(workbook: Any, sheet: Any, rows: list[Row]) -> None:
    sheet.merge_range(0, 4, 0, 5, list(rows[0])[4], workbook.add_format({"bold": True}))


def spacer_column(_: Any, sheet: Any, rows: list[Row]) -> None:
    for number, line in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
        sheet.write_row(number, 0, [*line[:3], "", *line[3:]])


def units_row(_: Any, sheet: Any, rows: list[Row]) -> None:
    sheet.write(1, len(rows[0]) - 1, "pathways")


def note_in_a_cell(_: Any, sheet: Any, rows: list[Row]) -> None:
    sheet.write(1, len(rows[0]) - 1, f"{rows[0]['pathway_count']} (provisional)")


@pytest.mark.parametrize("change", [title_above, merged_heading, spacer_column])
def test_x5_a_sheet_whose_header_is_not_the_templates_is_refused_and_never_shifted_into_place(
    change: Callable[[Any, Any, list[Row]], object], tmp_path: Path
) -> None:
    with validate(write_workbook(tmp_path, change), context()) as verdict:
        assert (verdict.outcome, verdict.failed_rules[0]) == ("rejected", "C01")
        assert not verdict.is_accepted


@pytest.mark.parametrize("change", [units_row, note_in_a_cell])
def test_x5_words_among_the_counts_set_their_row_aside_and_no_number_is_read_out_of_them(
    change: Callable[[Any, Any, list[Row]], object], tmp_path: Path
) -> None:
    with validate(write_workbook(tmp_path, change, control_total=""), context()) as verdict:
        assert "pathway_count" in {finding.column for finding in verdict.findings if finding.rule == "C09"}
        assert {finding.row for finding in verdict.findings if finding.rule == "C09"} == {2}


def as_numbers_and_dates(workbook: Any, sheet: Any, rows: list[Row]) -> None:
    day = workbook.add_format({"num_format": "dd/mm/yyyy"})
    for number, row in enumerate(rows, start=1):
        sheet.write_datetime(number, 1, dt.datetime.fromisoformat(row["census_date"]), day)
        sheet.write_number(number, len(row) - 1, float(row["pathway_count"]))


def as_serials(_: Any, sheet: Any, rows: list[Row]) -> None:
    for number, row in enumerate(rows, start=1):
        serial = (dt.date.fromisoformat(row["census_date"]) - dt.date(1899, 12, 30)).days
        sheet.write_number(number, 1, serial)


def test_x6_numbers_and_dates_of_a_sheet_are_the_same_whether_typed_or_text(tmp_path: Path) -> None:
    tables = []
    for name, change in (("text", lambda *_: None), ("typed", as_numbers_and_dates)):
        with validate(write_workbook(tmp_path / name, change), context()) as verdict:
            assert verdict.outcome == "accepted", [finding.what for finding in verdict.findings]
            verdict.write_accepted(tmp_path / f"{name}.parquet")
        tables.append(duckdb.sql(f"select * exclude (submission_id) from '{tmp_path}/{name}.parquet'").fetchall())
    assert tables[0] == tables[1] and len(tables[0]) == len(VALID["WL01"]())


def test_x6_a_date_as_a_bare_serial_number_is_refused_and_not_guessed(tmp_path: Path) -> None:
    with validate(write_workbook(tmp_path, as_serials), context()) as verdict:
        assert not verdict.rows_accepted
        assert "census_date" in {finding.column for finding in verdict.findings}

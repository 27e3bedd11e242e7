"""Every rule of the returns with a file that passes it and one that fails it, and the words of the failure.

Each case breaks one thing in a valid return; the same rule must be silent about the same return unbroken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.contracts.collection import load_collections, load_common
from dagster_project.returns.submission import Known
from dagster_project.returns.validation import validate
from tests.fixtures.returns_files import ORG, VALID, Row, as_csv, context, write_return

Change = Callable[[list[Row]], list[Row]]


def unchanged(rows: list[Row]) -> list[Row]:
    """The valid rows."""
    return rows


def put(place: int, **cells: str) -> Change:
    """Other cells in one row (from 0)."""

    def change(rows: list[Row]) -> list[Row]:
        rows[place] = rows[place] | cells
        return rows

    return change


def where(wanted: Row, **cells: str) -> Change:
    """Other cells in every row that has the wanted ones."""
    return lambda rows: [row | cells if wanted.items() <= row.items() else row for row in rows]


def added(**cells: str) -> Change:
    """One more row, like the last one but for these cells."""
    return lambda rows: [*rows, rows[-1] | cells]


def without(**wanted: str) -> Change:
    """No row that has the wanted cells."""
    return lambda rows: [row for row in rows if not wanted.items() <= row.items()]


def scaled(column: str, factor: float) -> Change:
    """A count column, multiplied."""
    return lambda rows: [row | {column: str(int(float(row[column]) * factor))} for row in rows]


def safe(rows: list[Row]) -> list[Row]:
    """Counts as a SAFE file writes them; the valid counts of WL01 are all multiples of 5 but for none."""
    return rows


@dataclass(frozen=True)
class Case:
    """A broken return, and what must be said of it."""

    rule: str
    collection: str
    change: Change
    what: str
    severity: str = "R"
    manifest: dict[str, str] = field(default_factory=dict)
    """Of the broken file."""
    both: dict[str, str] = field(default_factory=dict)
    """Manifest of the broken and of the valid file."""
    at_hand: dict[str, Any] = field(default_factory=dict)
    """Context of both."""
    previous: Change | None = None
    """The return of the period before, of both files."""
    column: str | None = None
    row: int | None = None
    outcome: str = ""
    payload: Callable[[bytes], bytes] | None = None


REGISTER = (
    Known("WL01", ORG, dt.date(2026, 10, 31), "P", 1, "0" * 64),
    Known("WL01", ORG, dt.date(2026, 10, 31), "P", 3, "1" * 64),
)
G0_ALL = {"grouping_set": "G0", "treatment_function_code": "ALL", "rtt_part": "2"}
LONG = {"wait_band": "W052_065"}
EPC = {"measure_code": "EPC_REGISTERED"}
SAFE = {"disclosure_profile": "SAFE"}
CASES = [
    # common
    Case("C00", "WL01", unchanged, "line 2 holds the control character 0x00", "F", outcome="unreadable", row=2, payload=lambda b: b.replace(b"W000", b"W\0", 1)),
    Case("C01", "WL01", unchanged, "this column of the template is missing", "F", column="wait_band", row=1, payload=lambda b: b.replace(b"wait_band", b"waitband")),
    Case("C01", "WL01", unchanged, "column 12 has a heading that the template does not have, or has already", "F", row=1, payload=lambda b: b.replace(b"\r\n", b",x\r\n")),
    Case("C01", "WF01", unchanged, "the columns are in another order than in the template", "F", row=1, payload=lambda b: b.replace(b"org_code,snapshot_date", b"snapshot_date,org_code").replace(b"R9A,2026-09-30", b"2026-09-30,R9A")),
    Case("C01", "WF01", unchanged, "the row has 9 cells where the header has 10", "F", row=3, payload=lambda b: b.replace(b",EXTERNAL,NO\r\n", b",EXTERNAL\r\n")),
    Case("C01", "WL01", unchanged, "template version 2.0.0 is newer than this check knows; today's is 1.0.0", "F", {"template_version": "2.0.0"}),
    Case("C01", "WL01", unchanged, "template version 0.9.0 is no longer taken; today's is 1.0.0", "F", {"template_version": "0.9.0"}),
    Case("C02", "WL01", unchanged, "the file's sha256 is not the one in the manifest", "F", {"file_sha256": "ab" * 32}, column="file_sha256"),
    Case("C02", "WL01", unchanged, "the file holds 66 rows and the manifest says 65", "F", {"row_count": "65"}, column="row_count"),
    Case("C02", "WL01", unchanged, "control_total of the manifest is not the sum of pathway_count, [c] counted as 0", "F", {"control_total": "6839"}, column="control_total"),
    Case("C03", "WL01", unchanged, "R9Q is not in the list of trusts; did you mean R9", "F", {"org_code": "R9Q"}, column="org_code"),
    Case("C03", "WL01", put(0, org_code="R9B"), "the row is of another organisation than the manifest", "F", row=2, column="org_code"),
    Case("C04", "WL01", added(), "this row has the same key as an earlier one", "F", row=68),
    Case("C05", "SA01", put(0, evidence_ref="943 476 5919"), "row 2, column 3 (C): a number that passes the check of NHS numbers", "F", row=2),
    Case("C06", "WL01", unchanged, "this sequence number has been used for another file of the same return, period and type", "F", {"sequence_no": "3"}, both={"sequence_no": "2"}, at_hand={"register": REGISTER}),
    Case("C07", "WL01", unchanged, "the date of sign-off lies after the day of receipt", "F", {"signed_off_date": "2026-11-13"}, both={"signed_off_date": "2026-11-12"}),
    Case("C08", "WL01", put(0, rtt_part="1"), "the code is not in the list of this column on the last day of the period", row=2, column="rtt_part"),
    Case("C08", "WL01", put(3, age_band="ALL", grouping_set="G3"), "the group columns do not fit the grouping set of this row", row=5, column="grouping_set"),
    Case("C08", "WF01", put(0, snapshot_date="30/09/2026"), "the value is not a date", row=2, column="snapshot_date"),
    Case("C08", "WF01", put(0, wte="1,6"), "the value is not a number within its limits", row=2, column="wte"),
    Case("C08", "SA01", put(4, score="4"), "the value is not a whole number within its limits", row=6, column="score"),
    Case("C08", "WF01", put(0, funding_type=""), "the cell is blank", row=2, column="funding_type"),
    Case("C08", "UC01", put(0, accommodation_status_code="MA01"), "the accommodation status code belongs to another accommodation group", row=2),
    Case("C08", "SV01", put(9, quote_consent=""), "response_text is given and quote_consent is blank", row=11),
    Case("C08", "SV01", put(5, option_code="HI_FUNDING"), "this option does not belong to the question, or was not offered in this wave", row=7),
    Case("C08", "ED01", put(12, domain_no="3"), "the outcome belongs to another domain", row=14),
    Case("C08", "ED01", put(0, service_name=""), "service_name is blank in domain 1", row=2),
    Case("C08", "AP01", put(1, programme_code=""), "programme_code is blank for a PILOT or PROGRAMME", row=3),
    Case("C08", "AP01", put(0, treatment_function_code=""), "treatment_function_code is blank although the scope is SERVICE", row=2),
    Case("C08", "AP01", put(0, baseline=""), "metric_id is given without baseline, target or target_date", row=2),
    Case("C08", "AP01", put(1, published_url="http://example.org"), "the value does not have the form of this column, or is too long", row=3),
    Case("C09", "WL01", put(0, pathway_count="12.5"), "the value is not a count", row=2, column="pathway_count"),
    Case("C09", "WL01", put(0, pathway_count="[c]"), "the value is not a count", row=2),
    Case("C09", "UC01", put(0, value="-4"), "the value is not a count", row=2),
    Case("C09", "WR01", put(2, numerator="2501"), "the numerator is more than the denominator", row=4, column="numerator"),
    Case("C10", "WL01", put(1, pathway_count="7"), "this count is not suppressed or rounded as SAFE says: nothing from 1 to 7, everything else a multiple of 5", "F", both=SAFE, row=3),
    Case("C10", "WL01", put(1, pathway_count="152"), "this count is not suppressed or rounded as SAFE says", "F", both=SAFE, row=3),
    Case("C11", "WF01", unchanged, "every figure is the same as in the period before", "W", previous=unchanged),
    Case("C12", "OP01", unchanged, "the total changed by more than 25% and by 100 or more since the period before", "W", previous=scaled("appointment_count", 0.5)),
    Case("C13", "OP01", without(attended_or_did_not_attend_code="4"), "the total is zero now and was not in the period before", "W", previous=scaled("appointment_count", 0.9)),
    Case("C14", "WL01", put(1, pathway_count="149"), "the groups of this grouping set do not sum to the total (G0) of this function", "G", row=3, column="pathway_count"),
    Case("C14", "WL01", where({"grouping_set": "G1", "ethnic_category": "A", "wait_band": "W000_018"}, pathway_count="120"), "the groups of this grouping set do not sum to the total", "G", both=SAFE),
    Case("C14", "WL01", where({"grouping_set": "G5", "imd_decile": "Q1", "rtt_part": "2"}, pathway_count="149"), "the groups of this grouping set do not sum to the total", "G"),
    Case("C14", "WL01", where({"ethnic_category": "ASIAN"}, ethnic_category="BLACK"), "the cells of ethnic group by deprivation quintile (G5) do not sum to the ethnic groups (G1)", "G"),
    Case("C14", "OP01", where({"imd_decile": "Q5"}, imd_decile="Q4"), "the cells of ethnic group by deprivation quintile (G5) do not sum to the ethnic groups (G1)", "G"),
    Case("C14", "WL01", where({"ethnic_category": "ASIAN"}, ethnic_category="OTHER"), "the cells of ethnic group by deprivation quintile (G5) do not sum to the ethnic groups (G1)", "G", both=SAFE),
    # waiting list
    Case("W01", "WL01", where({"rtt_part": "2A", "grouping_set": "G5", "imd_decile": "Q1"}, pathway_count="151"), "part 2A holds more pathways than part 2 in this cell", "G"),
    Case("W02", "WL01", where({"treatment_function_code": "ALL", "grouping_set": "G5", "imd_decile": "Q1", "rtt_part": "2"}, pathway_count="151"), "the treatment functions do not sum to ALL in this cell", "G"),
    Case("W03", "WL01", where(LONG, pathway_count="400"), "pathways over 52 weeks changed by more than 50% and by 20 or more since the period before", "W", previous=scaled("pathway_count", 0.9)),
    Case("W04", "WL01", where(LONG, wait_band="WUNK"), "the clock start is unknown for more than 1% of the pathways", "W", column="wait_band"),
    Case("W05", "WL01", scaled("pathway_count", 1.05), "the total differs by more than 2% from the published RTT total, or by more than 5% from that of WLMDS, of the same month", "W", at_hand={"published_totals": {"rtt": 485, "wlmds": 490}}),
    Case("W06", "WL01", where({"ethnic_category": "J"}, ethnic_category="Z"), "ethnic category is not stated or not known for more than 20%", "W", column="ethnic_category"),
    Case("W06", "OP01", where({"ethnic_category": "J"}, ethnic_category="99"), "the share of ethnic category not stated or not known rose by more than 5% of all since the period before", "W", previous=scaled("appointment_count", 0.9)),
    Case("W08", "WL01", lambda rows: [row | {"ethnic_category": {"J": "R", "ASIAN": "OTHER"}.get(row["ethnic_category"], row["ethnic_category"])} for row in rows], "OTHER of grouping set G5 holds Chinese people (category R)", "W", column="ethnic_category"),
    Case("W07", "WL01", where({"imd_decile": "10"}, imd_decile="99"), "the deprivation decile is not known for more than 10%", "W", column="imd_decile"),
    Case("W07", "WL01", lambda rows: [row | {"imd_decile": {"1": "10", "10": "1"}.get(row["imd_decile"], row["imd_decile"])} for row in rows], "the share of a deprivation decile changed by more than 15% of all since the period before", "W", previous=scaled("pathway_count", 0.9)),
    # outpatients
    Case("O01", "OP01", added(attended_or_did_not_attend_code="0"), "code 0 stands for an appointment that has not taken place", row=57),
    Case("O02", "OP01", where({"attended_or_did_not_attend_code": "3", "grouping_set": "G0"}, appointment_count="400"), "the DNA rate is not between 1% and 25%", "W"),
    Case("O02", "OP01", where({"attended_or_did_not_attend_code": "4", "grouping_set": "G0"}, appointment_count="900"), "the share of appointments cancelled by the provider is not between 0% and 25%", "W"),
    Case("O03", "OP01", lambda rows: without(attended_or_did_not_attend_code="2")(without(attended_or_did_not_attend_code="4")(rows)), "codes 2 and 4 are both zero while appointments were not attended", "W"),
    # urgent care
    Case("U01", "UC01", where({"measure_code": "AE_PERSONS", "accommodation_group": "HOMELESS"}, value="121"), "more people attended A&E than attendances were counted", "G", row=5),
    Case("U01", "UC01", where({"measure_code": "EM_BED_DAYS", "accommodation_group": "HOMELESS"}, value="-1"), "bed days are below zero", "G"),
    Case("U02", "UC01", where({"measure_code": "POP_DENOMINATOR"}, denominator_source=""), "POP_DENOMINATOR stands without denominator_source", "W"),
    Case("U02", "UC01", where({"measure_code": "POP_DENOMINATOR"}, activity_month="2024-08-31"), "the denominator is older than 24 months", "W"),
    Case("U03", "UC01", where({"measure_code": "AE_ATTENDANCES", "accommodation_group": "NOT_KNOWN"}, value="6500"), "housing is not known for more than 40% of this measure", "W"),
    Case("U04", "UC01", added(measure_code="EPC_GROWTH_STATED", accommodation_group="HOMELESS", value="90"), "the stated growth differs by more than 2 points from the growth that the counts give", "W", previous=where(EPC, value="720")),
    # workforce
    Case("F01", "WF01", put(0, wte="2.2", funded_establishment_wte="2.2"), "wte is more than 1.05 for each head", "W", row=2, column="wte"),
    Case("F01", "WF01", put(0, headcount="3", wte="2.6"), "wte is more than 0.5 over the funded establishment, and known_issues says nothing of it", "W", row=2),
    Case("F02", "WF01", put(0, recruitment_stage="ADVERTISED"), "the recruitment stage lies before that of the half-year before", "W", row=2, previous=put(1, headcount="1")),
    # survey, self-assessment, EDS, actions
    Case("S01v", "SV01", lambda rows: rows[1:], "an option of this question is missing for this respondent", row=2),
    Case("S01v", "SV01", put(0, selected="Y"), "a question with one answer has not exactly one Y, and is not NA throughout", row=2),
    Case("S02v", "SV01", lambda rows: rows + [row | {"respondent_seq": "2"} for row in rows], "more than one respondent answered for this trust", "I", outcome="accepted"),
    Case("S03v", "SV01", put(9, response_text="call 01632 960 983"), "the text holds something like an e-mail address, a telephone number or an NHS number", row=11, at_hand={"searched": True}),
    Case("S03v", "SV01", put(9, response_text="write to a.person@example.org"), "the text holds something like an e-mail address", row=11, at_hand={"searched": True}),
    Case("A01v", "SA01", put(0, evidence_ref=""), "the score is 3 and evidence_ref is blank", "W", row=2, column="evidence_ref"),
    Case("E01", "ED01", unchanged, "the outcome scores do not sum to the total that the trust has published", "W", {"control_total": "21"}),
    Case("E01", "ED01", lambda rows: [row | {"score": "2" if row["outcome_code"] in {"3A", "3B"} else "3"} for row in rows], "the rating of this total differs between the editions of the band edges", "W", {"control_total": "31"}),
    Case("E02", "ED01", put(0, published_date="2026-03-01"), "the report was published after 28 February of the assessment year", "I", row=2, outcome="accepted"),
    Case("P01", "AP01", put(0, metric_id="NO_SUCH"), "metric_id is not a metric of the warehouse", row=2),
    Case("P01", "AP01", put(0, target_date="2026-07-01"), "the target date is not after the start of the period", row=2),
    # manifest, name, period, sender, nil return
    Case("M01", "WL01", unchanged, "signed_off_role is blank", "F", {"signed_off_role": ""}, column="signed_off_role"),
    Case("M01", "WL01", unchanged, "the manifest names no imd_version, and the column imd_decile is used", "F", {"imd_version": ""}),
    Case("M02", "WL01", unchanged, "the file name and sequence_no of the manifest do not say the same", "F", {"sequence_no": "2", "file_name": "HIW-WL01_R9A_2026-10_v01.csv"}),
    Case("M03", "WL01", put(0, census_date="2026-09-30"), "the row is of another period than the manifest", "F", row=2),
    Case("M04", "WL01", unchanged, "the file came from a sender who is not bound to the trust in the manifest", "F", {"org_code": "R9B"}),
    Case("M05", "WL01", unchanged, "nil_return is Y and the file holds rows", "F", {"nil_return": "Y"}),
]  # fmt: skip


def judge(folder: Path, case: Case, *, broken: bool) -> Any:
    """The verdict of the broken or the valid file; the caller closes it."""
    rows = VALID[case.collection]()
    at_hand = dict(case.at_hand)
    if case.previous is not None:
        before = write_return(folder / "before", case.collection, case.previous(VALID[case.collection]()))
        at_hand["previous"] = before.data
    if broken:
        rows = case.change(rows)
    payload = None
    if broken and case.payload is not None:
        payload = case.payload(as_csv(rows))
    manifest = case.both | (case.manifest if broken else {})
    return validate(write_return(folder, case.collection, rows, payload=payload, **manifest), context(**at_hand))


def ids(case: Case) -> str:
    """Rule, collection and the end of the sentence."""
    return f"{case.rule}-{case.collection}-{'_'.join(case.what.split()[-4:])}"


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_rule_is_broken_by_the_broken_file_and_not_by_the_valid_one(case: Case, tmp_path: Path) -> None:
    with judge(tmp_path / "broken", case, broken=True) as verdict:
        found = [f for f in verdict.findings if f.rule == case.rule and case.what in f.what and not f.not_checked]
        assert found, [(f.rule, f.row, f.column, f.what) for f in verdict.findings if not f.not_checked]
        assert found[0].severity == case.severity
        assert found[0].why and found[0].mend
        assert case.row in {None, *(f.row for f in found)}
        assert case.column in {None, *(f.column for f in found)}
        assert verdict.counts[case.rule] >= len(found)
        expected = case.outcome or ("rejected" if case.severity == "F" else "accepted_with_warnings")
        assert verdict.outcome == expected, [(f.rule, f.what) for f in verdict.findings]
    if case.rule == "C11":  # its valid file is one that differs from the period before
        case = Case("C11", case.collection, unchanged, case.what, previous=put(0, headcount="3"))
    if case.rule == "C12":
        case = Case("C12", case.collection, unchanged, case.what, previous=scaled("appointment_count", 0.9))
    with judge(tmp_path / "valid", case, broken=False) as verdict:
        assert [f for f in verdict.findings if f.rule == case.rule and case.what in f.what and not f.not_checked] == []
        assert verdict.outcome in {"accepted", "accepted_with_warnings"}


@pytest.mark.parametrize("code", sorted(VALID))
def test_valid_return_of_every_collection_is_accepted_without_a_word(code: str, tmp_path: Path) -> None:
    with validate(write_return(tmp_path, code), context()) as verdict:
        assert [(f.rule, f.what) for f in verdict.findings if not f.not_checked] == []
        assert verdict.outcome == "accepted"
        assert verdict.rows == verdict.rows_accepted == len(VALID[code]())


def test_every_rule_of_the_contracts_has_a_case() -> None:
    rules = {rule.id for collection in load_collections().values() for rule in collection.rules}
    rules |= {rule.id for rule in load_common().rules}
    assert {case.rule for case in CASES} == rules
    specified = {f"C{n:02d}" for n in range(1, 15)} | {f"W{n:02d}" for n in range(1, 9)} | {"O01", "O02", "O03"}
    specified |= {"U01", "U02", "U03", "U04", "F01", "F02", "S01v", "S02v", "S03v", "A01v", "E01", "E02", "P01"}
    assert specified <= rules


def test_what_is_not_at_hand_is_said_and_never_passed_in_silence(tmp_path: Path) -> None:
    alone = context(organisations=None, sender_org=None, register=None, metrics=None)
    with validate(write_return(tmp_path, "WL01"), alone) as verdict:
        unchecked = {f.rule: f for f in verdict.findings if f.not_checked}
        assert verdict.outcome == "accepted"
    assert {"C03", "C06", "C11", "C12", "C13", "W03", "W05", "M04"} <= set(unchecked)
    assert all(f.severity == "I" and f.what.startswith("not checked: ") for f in unchecked.values())
    assert unchecked["W05"].why == "the published RTT and WLMDS totals are not available"
    with validate(write_return(tmp_path / "actions", "AP01"), alone) as verdict:
        assert "P01" in {f.rule for f in verdict.findings if f.not_checked}


def test_refused_file_still_tells_everything_else_that_is_wrong(tmp_path: Path) -> None:
    rows = put(0, rtt_part="1")(put(5, pathway_count="x")(VALID["WL01"]()))
    submission = write_return(tmp_path, "WL01", rows, row_count="1", signed_off_date="2026-12-24")
    with validate(submission, context()) as verdict:
        assert verdict.outcome == "rejected"
        assert {"C02", "C07", "C08", "C09", "C14"} <= set(verdict.counts)


def test_manifest_that_cannot_be_read_does_not_end_the_look_at_the_rows(tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WL01", put(0, rtt_part="1")(VALID["WL01"]()), period_start="01/10/2026")
    with validate(submission, context()) as verdict:
        assert (verdict.outcome, verdict.manifest, verdict.submission_id) == ("rejected", None, None)
        assert {"M01", "C08"} <= set(verdict.counts)


def test_rows_set_aside_and_refused_groups_stay_out_of_the_clean_rows(tmp_path: Path) -> None:
    rows = where({"grouping_set": "G1", "ethnic_category": "A"}, pathway_count="1")(VALID["WL01"]())
    rows = where({"imd_decile": "Q1"}, imd_decile="Q6")(rows)
    with validate(write_return(tmp_path, "WL01", rows), context()) as verdict:
        assert set(verdict.failed_rules) == {"C08", "C14"}
        assert (verdict.rows_quarantined, verdict.rows_in_refused_groups, verdict.groups_rejected) == (6, 18, 4)
        assert verdict.write_accepted(tmp_path / "accepted.parquet") == verdict.rows_accepted == 66 - 6 - 18
        assert verdict.write_quarantine(tmp_path / "aside.parquet") == 24
    accepted = duckdb.sql(
        f"select grouping_set, count(*) from '{tmp_path}/accepted.parquet' group by 1 order by 1"
    ).fetchall()
    assert accepted == [("G0", 6), ("G2", 12), ("G3", 12), ("G4", 12)]
    aside = duckdb.sql(
        f"select rules, count(*), min(row_number) from '{tmp_path}/aside.parquet' group by 1 order by 1"
    ).fetchall()
    assert aside == [("C08,C14", 6, 10), ("C14", 18, 2)]


@pytest.mark.parametrize("code", sorted(VALID))
def test_nil_return_is_a_header_and_nothing_else(code: str, tmp_path: Path) -> None:
    header = as_csv(VALID[code]()[:1]).split(b"\r\n")[0] + b"\r\n"
    changes = {"nil_return": "Y", "control_total": "0"}
    with validate(write_return(tmp_path / "nil", code, [], payload=header, **changes), context()) as verdict:
        assert [f.what for f in verdict.findings if not f.not_checked and f.severity != "W"] == []
        assert verdict.is_accepted
        assert verdict.write_accepted(tmp_path / "nil.parquet") == 0
    with validate(write_return(tmp_path / "empty", code, [], payload=header), context()) as verdict:
        assert "the file holds no rows and nil_return is N" in [f.what for f in verdict.findings]
        assert verdict.outcome == "rejected"

"""The manifest's one row, judged field by field, and what it must agree with: the file name, the period, the sender.

Not here: the rows of the data file (checks.py).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dagster_project.contracts.collection import Column, Severity, load_collections, load_common
from dagster_project.lake.calendar import LONDON
from dagster_project.returns.codes import valid_codes
from dagster_project.returns.submission import FILE_NAME, ORGANISATION_CODE, Context, Manifest, Submission
from dagster_project.returns.typed import DATE, DECIMAL, INTEGER

MONTHS = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
PERIOD_WORDS = {
    "monthly": "month",
    "quarterly": "quarter",
    "half_yearly": "half-year",
    "yearly": "year ending on 31 March",
}
ENDS_IN = {
    "monthly": frozenset(range(1, 13)),
    "quarterly": frozenset({3, 6, 9, 12}),
    "half_yearly": frozenset({3, 9}),
    "yearly": frozenset({3}),
}
"""The months in which a period may end (returns/calendar.py expects the same)."""


@dataclass(frozen=True)
class Complaint:
    """A rule that the manifest breaks, with words of its own where they say more than the rule's."""

    rule: str
    what: str = ""
    mend: str = ""
    column: str | None = None
    not_checked: bool = False
    severity: Severity | None = None
    """In place of the rule's own."""


def type_manifest(
    records: list[dict[str, str]], seeds: Path, *, in_workbook: bool
) -> tuple[Manifest | None, list[Complaint]]:
    """Return the typed manifest, None where a field is missing or wrong; what is wrong never shows the content of a field."""
    columns = load_common().manifest
    if len(records) != 1:
        return None, [
            Complaint("M01", f"the manifest holds {len(records):,} rows instead of one", "keep the header and one row")
        ]
    record = {name.strip(): (text or "").strip() for name, text in records[0].items() if name is not None}
    missing = [column.name for column in columns if column.name not in record]
    complaints = [Complaint("M01", "the manifest lacks this column", column=name) for name in missing]
    if set(record) - {column.name for column in columns}:
        complaints.append(Complaint("M01", "the manifest has a column that its template does not have"))
    for column in columns:
        if column.name in record:
            complaints += _judge_field(column, record[column.name], seeds)
    if not in_workbook and not record.get("file_sha256"):
        complaints.append(Complaint("M01", "file_sha256 is blank", column="file_sha256"))
    if complaints:
        return None, complaints
    return _typed(record), []


def guessed_collection(records: list[dict[str, str]], file_name: str) -> str | None:
    """Return which return a file probably is, where its manifest cannot be typed: so that everything else is still checked."""
    named = FILE_NAME.fullmatch(file_name)
    candidates = [record.get("collection_code", "") for record in records[:1]] + (
        [named["collection"]] if named else []
    )
    return next((code for code in candidates if code in load_collections()), None)


def _judge_field(column: Column, text: str, seeds: Path) -> Iterator[Complaint]:
    if not text:
        if column.required == "Y":
            yield Complaint("M01", f"{column.name} is blank", column=column.name)
    elif not _is_valid(column, text, seeds):
        yield Complaint("M01", f"{column.name} is not valid", f"{column.description}", column.name)


def _is_valid(column: Column, text: str, seeds: Path) -> bool:
    if column.codes is not None:
        return text in valid_codes(column.codes, dt.date.max, seeds)
    if column.type == "date":
        return _date(text) is not None
    if column.type in {"integer", "decimal"}:
        return _is_number(column, text)
    return len(text) <= column.max_length and bool(re.fullmatch(column.pattern or r".*", text, re.DOTALL))


def _is_number(column: Column, text: str) -> bool:
    if not re.fullmatch(INTEGER if column.type == "integer" else DECIMAL, text):
        return False
    lowest = float("-inf") if column.minimum is None else column.minimum
    highest = float("inf") if column.maximum is None else column.maximum
    return lowest <= float(text) <= highest


def _date(text: str) -> dt.date | None:
    if not re.fullmatch(DATE, text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _typed(record: Mapping[str, str]) -> Manifest:
    return Manifest(
        collection_code=record["collection_code"],
        template_version=record["template_version"],
        org_code=record["org_code"],
        period_start=dt.date.fromisoformat(record["period_start"]),
        period_end=dt.date.fromisoformat(record["period_end"]),
        submission_type=record["submission_type"],
        sequence_no=int(record["sequence_no"]),
        file_name=record["file_name"],
        file_sha256=record["file_sha256"].lower(),
        row_count=int(record["row_count"]),
        control_total=float(record["control_total"]),
        disclosure_profile=record["disclosure_profile"],
        imd_version=record["imd_version"],
        ethnic_code_set=record["ethnic_code_set"],
        nil_return=record["nil_return"] == "Y",
        signed_off_role=record["signed_off_role"],
        signed_off_date=dt.date.fromisoformat(record["signed_off_date"]),
        has_known_issues=bool(record["known_issues"]),
    )


# -- what it must agree with -------------------------------------------------------------------------------------------


def judge_manifest(manifest: Manifest, submission: Submission, context: Context) -> Iterator[Complaint]:
    """C03, C06, C07, M02, M03, M04 and the hash of C02."""
    yield from _judge_name(manifest, submission)
    yield from _judge_period(manifest, context)
    yield from _judge_organisation(manifest, context)
    yield from _judge_sender(manifest, context)
    yield from _judge_sequence(manifest, submission, context)
    if manifest.signed_off_date > context.received_at.astimezone(LONDON).date():
        yield Complaint("C07", column="signed_off_date")
    if manifest.file_sha256 and manifest.file_sha256 != submission.sha256:
        yield Complaint("C02", "the file's sha256 is not the one in the manifest", column="file_sha256")


def _judge_name(manifest: Manifest, submission: Submission) -> Iterator[Complaint]:
    named = FILE_NAME.fullmatch(submission.name)
    if named is None:
        yield Complaint("M02", "the file name does not have the form HIW-<return>_<organisation>_<YYYY-MM>_v<NN>")
        return
    said = {
        "collection_code": (named["collection"], manifest.collection_code),
        "org_code": (named["org"], manifest.org_code),
        "period_end": (named["period"], f"{manifest.period_end:%Y-%m}"),
        "sequence_no": (str(int(named["version"])), str(manifest.sequence_no)),
        "file_name": (submission.name, manifest.file_name),
    }
    for column, (in_name, in_manifest) in said.items():
        if in_name != in_manifest:
            yield Complaint("M02", f"the file name and {column} of the manifest do not say the same", column=column)


def _judge_period(manifest: Manifest, context: Context) -> Iterator[Complaint]:
    collection = load_collections()[manifest.collection_code]
    start, end = manifest.period_start, manifest.period_end
    last = end.replace(day=calendar.monthrange(end.year, end.month)[1])
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    if (
        end != last
        or start.day != 1
        or months != MONTHS[collection.cadence]
        or end.month not in ENDS_IN[collection.cadence]
    ):
        words = PERIOD_WORDS[collection.cadence]
        yield Complaint(
            "M03", f"period_start and period_end are not the first and last day of one {words}", column="period_end"
        )
    if end > context.received_at.astimezone(LONDON).date():
        yield Complaint("M03", "the period has not ended yet", column="period_end")


def _judge_organisation(manifest: Manifest, context: Context) -> Iterator[Complaint]:
    known, code, day = context.organisations, manifest.org_code, manifest.period_end
    if known is None:
        yield Complaint(
            "C03", "whether the organisation is a trust that was open on the last day of the period", not_checked=True
        )
        return
    if known.is_open(code, day):
        return
    successor = known.successor(code, day)
    if successor is not None:
        what = f"{code} had closed by the last day of the period; {successor} follows it, and both codes are kept"
        yield Complaint("C03", what, f"report under {successor} from now on", "org_code", severity="W")
        return
    if several := known.divided_among(code, day):
        what = f"{code} had closed by the last day of the period and was divided among {', '.join(several)}: its figures have no trust of today"
        yield Complaint("C03", what, "let each of these trusts send its own part", "org_code")
        return
    yield Complaint("C03", _unknown_organisation(code, context, day), column="org_code")


def _unknown_organisation(code: str, context: Context, day: dt.date) -> str:
    known = context.organisations
    assert known is not None  # noqa: S101 - the caller has looked
    found = known.by_code.get(code)
    if found is not None and found.kind == "commissioner":
        why = f"{code} is the code of a commissioner"
    elif found is not None:
        why = f"{code} was not open on the last day of the period"
    elif len(code) > 3 and known.is_open(code[:3], day):  # noqa: PLR2004
        why = f"{code} looks like the code of a site"
    else:
        why = (
            f"{code} is not in the list of trusts"
            if ORGANISATION_CODE.fullmatch(code)
            else "the code is not in the list of trusts"
        )
    suggestion = known.suggestion(code, day)
    return f"{why}; did you mean {suggestion}?" if suggestion else why


def _judge_sender(manifest: Manifest, context: Context) -> Iterator[Complaint]:
    if context.sender_org is None:
        yield Complaint("M04", "whether the sender is bound to the trust", not_checked=True)
    elif context.sender_org != manifest.org_code:
        yield Complaint("M04", column="org_code")


def _judge_sequence(manifest: Manifest, submission: Submission, context: Context) -> Iterator[Complaint]:
    """The same number for another file is refused; a lower one that comes late is kept, and superseded (T6)."""
    if context.register is None:
        yield Complaint("C06", "whether the sequence number has been used before", not_checked=True)
        return
    mine = (
        manifest.collection_code,
        manifest.org_code,
        manifest.period_end,
        manifest.submission_type,
        manifest.sequence_no,
    )
    for one in context.register:
        theirs = (one.collection_code, one.org_code, one.period_end, one.submission_type, one.sequence_no)
        if mine == theirs and one.file_sha256 != submission.sha256:
            yield Complaint("C06", column="sequence_no")
            return

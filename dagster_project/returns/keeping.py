"""Keeping what intake takes in: the original with its receipt, the clean rows, the row of the submission; and purging.

Every step puts a whole file in its place, so that doing it again after a kill changes nothing. What may be kept was decided
before (intake.py); how a submission is judged is in validation.py.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter
from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb

from dagster_project.contracts.collection import SEEDS_FOLDER, load_common
from dagster_project.duck import open_database, quote_identifier, quote_literal
from dagster_project.lake.files import write_atomically
from dagster_project.lake.run import Run
from dagster_project.returns.answer import as_dict, html_page, write_answer
from dagster_project.returns.area import (
    ReturnsArea,
    make_private_folder,
    placing_private,
    purge_file,
    write_private,
    writing_private,
)
from dagster_project.returns.clean_tables import load_clean_tables
from dagster_project.returns.context import Surroundings
from dagster_project.returns.findings import UNSEARCHABLE, Finding
from dagster_project.returns.held import RECEIPT
from dagster_project.returns.inbox import CONFIRMED, MANIFEST, PrivateCopy
from dagster_project.returns.incoming import Incoming
from dagster_project.returns.manifest import type_manifest
from dagster_project.returns.reading import Unreadable, read_manifest_record
from dagster_project.returns.register import Outcome, Receipt
from dagster_project.returns.submission import FILE_NAME, Context, Manifest, Submission, sidecar_of, submission_id
from dagster_project.returns.submission import Finding as Reported
from dagster_project.returns.validation import Verdict, validate

UNPLACED = "content"
PURGED, UNREADABLE = "C05", "C00"
"""The rules by which a purged file and a held one are rejected."""
HELD = (
    "the file was not judged; it is kept under lock until you confirm that it may go: send an empty file of its name with "
    f"{CONFIRMED} behind it, or a fixed file that is accepted"
)


class Keeper:
    """Puts submissions into the returns area of one data folder."""

    def __init__(self, run: Run, area: ReturnsArea) -> None:
        self._run = run
        self._area = area
        self._surroundings = Surroundings(run, area)
        self._writing = Lock()

    # -- what is not kept ----------------------------------------------------------------------------------------------

    def purge(self, incoming: Incoming, findings: Sequence[Finding]) -> Receipt:
        """Destroy the private copies, raise the alert, answer by part and kind; the receipt. Nothing of the file is left."""
        manifest = _manifest_of(incoming, findings)
        self._answer_purge(incoming, findings, manifest)
        for copy in (incoming.data, incoming.manifest):
            if copy is not None:
                purge_file(copy.path)
        self._alert(incoming, findings)
        receipt = _receipt(incoming, "purged", manifest, failed=(PURGED,))
        if manifest is not None:
            self._write_submission(_Row(manifest, incoming, "rejected", (PURGED,)))
        return _with_kinds(receipt, findings)

    def _answer_purge(self, incoming: Incoming, findings: Sequence[Finding], manifest: Manifest | None) -> None:
        named = FILE_NAME.fullmatch(incoming.name)
        if named is not None:
            verdict = _refusal(incoming, findings, PURGED, "nothing of the file was kept")
            verdict.manifest = manifest
            self._answer(verdict, named["org"])

    def _alert(self, incoming: Incoming, findings: Sequence[Finding]) -> None:
        alert = {
            "what": f"a return was refused and purged: {incoming.shown_name}",
            "route": incoming.route,
            "sender": incoming.sender_org or "unknown",
            "received_at": _stamp(incoming.received_at),
            "sha256": incoming.data.sha256,
            "found": [finding.what for finding in findings],
            "next": "Tell the sender which part holds it (the answer says so) and ask for a fixed file. Where it came by "
            "another way too (e-mail, a shared folder), have it deleted there. Decide with the information governance lead "
            "whether it is an incident to report.",
        }
        path = self._run.lake.alerts / f"return-{incoming.digest[:16]}.json"
        write_atomically(path, json.dumps(alert, indent=1).encode())

    def alert_left(self, path: Path, said: str) -> None:
        """Raise the alert about an entry of the drop folder that no run can take, once; by the hash of its name."""
        alert = self._run.lake.alerts / f"return-left-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.json"
        if not alert.exists():
            following = "Look into the drop folder. Ask the sender to finish or take away what lies there; nothing of it was read."
            write_atomically(alert, json.dumps({"what": said, "next": following}, indent=1).encode())

    # -- what is held --------------------------------------------------------------------------------------------------

    def hold(self, incoming: Incoming, findings: Sequence[Finding]) -> Receipt:
        """Keep a file that was searched whole and cannot be judged, under lock; answer what hinders; the receipt (rejected)."""
        folder = self._area.held(incoming.digest)
        self._place(incoming.data, folder / UNPLACED)
        if incoming.manifest is not None:
            self._place(incoming.manifest, folder / f"{UNPLACED}{MANIFEST}")
        named = FILE_NAME.fullmatch(incoming.name)
        if named is not None:
            self._answer(_refusal(incoming, findings, UNREADABLE, HELD), named["org"])
        manifest = _manifest_of(incoming, findings)
        receipt = _with_kinds(_receipt(incoming, "rejected", manifest, failed=(UNREADABLE,)), findings)
        self._write_json(folder / RECEIPT, vars(receipt) | {"found": [finding.what for finding in findings]})
        if manifest is not None:
            self._write_submission(_Row(manifest, incoming, "rejected", (UNREADABLE,)))
        return receipt

    # -- what is kept --------------------------------------------------------------------------------------------------

    def keep_unplaced(self, incoming: Incoming) -> Receipt:
        """Keep a file whose name is not that of a return, under its hash; it is refused for its name."""
        folder = self._area.unplaced(incoming.digest)
        self._place(incoming.data, folder / UNPLACED)
        receipt = _receipt(incoming, "refused", None, failed=("M02",))
        self._write_json(folder / RECEIPT, vars(receipt))
        return receipt

    def keep(self, incoming: Incoming, receipts: Sequence[Receipt]) -> Receipt:
        """Keep, judge, and take in the rows of a submission whose name is one of a return."""
        named = FILE_NAME.fullmatch(incoming.name)
        assert named is not None  # noqa: S101 - intake has looked
        folder = self._area.received(named["collection"], named["period"], named["org"], incoming.digest)
        submission = self._place_submission(folder, incoming)
        context = self._context(incoming, receipts, named)
        with validate(submission, context) as verdict:
            receipt = self._record(incoming, verdict, receipts)
            self._answer(verdict, named["org"])
            self._write_json(
                folder / RECEIPT, vars(receipt) | {"findings": [one.as_dict() for one in verdict.findings]}
            )
        return receipt

    def _context(self, incoming: Incoming, receipts: Sequence[Receipt], named: re.Match[str]) -> Context:
        return self._surroundings.context(
            receipts,
            received_at=incoming.received_at,
            route=incoming.route,
            sender_org=incoming.sender_org,
            collection=named["collection"],
            org_code=named["org"],
            period=named["period"],
            size=incoming.data.path.stat().st_size,
        )

    def _answer(self, verdict: Verdict, org_code: str) -> None:
        """What the sender reads. The workbook of failing cells is for a file that has some."""
        folder = make_private_folder(self._area.answers(org_code), within=self._area.root)
        stem = f"{Path(verdict.submission.name).stem}_{verdict.submission.sha256[:8]}"
        if any(not finding.not_checked for finding in verdict.findings):
            write_answer(verdict, folder, stem)
            return
        write_private(folder / f"{stem}.html", html_page(verdict).encode(), self._area)
        self._write_json(folder / f"{stem}.json", as_dict(verdict))

    def _place_submission(self, folder: Path, incoming: Incoming) -> Submission:
        data = folder / incoming.name
        self._place(incoming.data, data)
        if incoming.manifest is None:
            return Submission(data, None)
        self._place(incoming.manifest, sidecar_of(data))
        return Submission(data, sidecar_of(data))

    def _place(self, copy: PrivateCopy, path: Path) -> None:
        with copy.path.open("rb") as source, writing_private(path, self._area) as target:
            shutil.copyfileobj(source, target)

    def _record(self, incoming: Incoming, verdict: Verdict, receipts: Sequence[Receipt]) -> Receipt:
        """The rows, then the row of the submission: dbt never sees a submission without its rows."""
        manifest = verdict.manifest
        receipt = _receipt(incoming, _outcome(verdict), manifest, verdict.failed_rules, verdict.recorded_warnings)
        if manifest is None:
            return receipt
        sent_before = any(one.is_accepted and one.submission_id == receipt.submission_id for one in receipts)
        if receipt.is_accepted:
            self._write_rows(verdict, receipt)
        # The same file with the same number and another manifest: what was accepted stands.
        if receipt.is_accepted or not sent_before:
            self._write_submission(_Row.of(incoming, verdict, manifest))
        return receipt

    def _write_rows(self, verdict: Verdict, receipt: Receipt) -> None:
        collection, name = receipt.collection_code, receipt.submission_id
        if verdict.rows_quarantined or verdict.rows_in_refused_groups:
            with placing_private(self._area.quarantined(collection, name), self._area) as part:
                verdict.write_quarantine(part)
        with placing_private(self._area.accepted(collection, name), self._area) as part:
            verdict.write_accepted(part)

    def _write_submission(self, row: _Row) -> None:
        values = row.values("synthetic" if self._run.origin == "synthetic" else "return")
        with self._writing, placing_private(self._area.submission(values["submission_id"]), self._area) as part:
            self._submissions.execute("delete from submission")
            places = ", ".join("?" for _ in values)
            self._submissions.execute(f"insert into submission values ({places})", list(values.values()))
            self._submissions.execute(f"copy submission to {quote_literal(str(part))} (format parquet)")

    @cached_property
    def _submissions(self) -> duckdb.DuckDBPyConnection:
        """An empty table `submission` in memory, for the whole run: opening DuckDB costs more than writing a row."""
        con = open_database(None)
        columns = load_clean_tables()["submission"]
        con.execute(
            f"create table submission ({', '.join(f'{quote_identifier(n)} {kind}' for n, kind in columns.items())})"
        )
        return con

    def _write_json(self, path: Path, content: Mapping[str, Any]) -> None:
        write_private(path, json.dumps(content, indent=1, sort_keys=True, default=str).encode(), self._area)


@dataclass(frozen=True)
class _Row:
    """The row of a submission in clean/submission."""

    manifest: Manifest
    incoming: Incoming
    verdict: str
    failed_rules: tuple[str, ...] = ()
    warned_rules: tuple[str, ...] = ()
    row_count: int | None = None
    rows_accepted: int = 0
    rows_quarantined: int = 0
    groups_rejected: int = 0

    @classmethod
    def of(cls, incoming: Incoming, verdict: Verdict, manifest: Manifest) -> _Row:
        """With the counts of its rows."""
        accepted = verdict.is_accepted
        return cls(
            manifest,
            incoming,
            _outcome(verdict),
            tuple(verdict.failed_rules),
            tuple(verdict.recorded_warnings),
            verdict.rows,
            verdict.rows_accepted if accepted else 0,
            verdict.rows - verdict.rows_accepted if accepted else 0,
            verdict.groups_rejected,
        )

    def values(self, data_origin: str) -> dict[str, Any]:
        """Column -> value, in the order of clean_tables.yml."""
        manifest = self.manifest
        return {
            "submission_id": submission_id(manifest, self.incoming.data.sha256),
            "collection_code": manifest.collection_code,
            "template_version": manifest.template_version,
            "org_code": manifest.org_code,
            "period_start": manifest.period_start,
            "period_end": manifest.period_end,
            "submission_type": manifest.submission_type,
            "sequence_no": manifest.sequence_no,
            "disclosure_profile": manifest.disclosure_profile,
            "imd_version": manifest.imd_version or None,
            "nil_return": manifest.nil_return,
            "received_at": self.incoming.received_at.astimezone(dt.UTC).replace(tzinfo=None),
            "route": self.incoming.route,
            "file_sha256": self.incoming.data.sha256,
            "row_count": manifest.row_count if self.row_count is None else self.row_count,
            "rows_accepted": self.rows_accepted,
            "rows_quarantined": self.rows_quarantined,
            "groups_rejected": self.groups_rejected,
            "verdict": self.verdict,
            "failed_rules": ",".join(self.failed_rules),
            "warned_rules": ",".join(self.warned_rules),
            "data_origin": data_origin,
        }


def _refusal(incoming: Incoming, findings: Sequence[Finding], rule: str, fate: str) -> Verdict:
    """The verdict on a file that is not judged: what was found in it, and its outcome."""
    why = f"{load_common().rule(rule).why}; {fate}"
    said = [Reported(rule, "F", one.row, None, one.what, why, one.mend) for one in findings]
    context = Context(received_at=incoming.received_at, route=incoming.route)
    verdict = Verdict(incoming.as_submission(), context, findings=said)
    verdict.counts[rule] = len(said)
    return verdict


def _with_kinds(receipt: Receipt, findings: Sequence[Finding]) -> Receipt:
    return replace(receipt, kinds=",".join(sorted({finding.kind for finding in findings})))


def _manifest_of(incoming: Incoming, findings: Sequence[Finding]) -> Manifest | None:
    """The typed manifest of a file that is purged or held, for the tracker: codes, dates and numbers only, all checked.

    None where the manifest is what holds the identifier, or where the workbook cannot be opened safely.
    """
    in_workbook = incoming.manifest is None
    unsafe = any(finding.kind in UNSEARCHABLE or finding.part == "manifest" for finding in findings)
    if unsafe or not incoming.is_named_as_a_return:
        return None
    try:
        sidecar = incoming.manifest.path if incoming.manifest else None
        records = read_manifest_record(incoming.data.path, sidecar)
    except Unreadable:
        return None
    return type_manifest(records, SEEDS_FOLDER, in_workbook=in_workbook)[0]


def _receipt(
    incoming: Incoming,
    outcome: Outcome,
    manifest: Manifest | None,
    failed: Sequence[str] = (),
    warned: Sequence[str] = (),
) -> Receipt:
    receipt = Receipt(
        digest=incoming.digest,
        outcome=outcome,
        name=incoming.shown_name,
        received_at=_stamp(incoming.received_at),
        route=incoming.route,
        sender_org=incoming.sender_org or "",
        file_sha256=incoming.data.sha256,
        manifest_sha256=incoming.manifest.sha256 if incoming.manifest else "",
        failed_rules=",".join(failed),
        warned_rules=",".join(warned),
        message_id=incoming.message_id,
    )
    if manifest is None:
        return receipt
    of_manifest = {
        "submission_id": submission_id(manifest, incoming.data.sha256),
        "collection_code": manifest.collection_code,
        "org_code": manifest.org_code,
        "period_end": manifest.period_end.isoformat(),
        "submission_type": manifest.submission_type,
        "sequence_no": manifest.sequence_no,
    }
    return Receipt(**(vars(receipt) | of_manifest))


def _outcome(verdict: Verdict) -> Outcome:
    """In the register a file that could not be read is rejected like any other, and what each build asks again does not count."""
    if verdict.outcome == "accepted_with_warnings" and not (verdict.failed_rules or verdict.recorded_warnings):
        return "accepted"
    return "rejected" if verdict.outcome == "unreadable" else verdict.outcome


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")

"""One submission to one verdict: the same for the trust that checks before it sends and for intake.

The order: identifiers, the manifest, the file, cells, rows against each other, rows against the period before. A finding
that refuses the file does not end the look at it, so that a sender fixes everything at once.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier; conditions are those of the contracts
from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb

from dagster_project.contracts.collection import Collection, EarlierVersion, Rule, load_collections, load_common
from dagster_project.duck import Workspace, quote_literal
from dagster_project.duck import quote_identifier as _q
from dagster_project.returns.checks import Check, Runner, Unread, make_views, prepare_names
from dagster_project.returns.codes import thresholds
from dagster_project.returns.manifest import Complaint, guessed_collection, judge_manifest, type_manifest
from dagster_project.returns.reading import (
    HEADER_ROWS,
    WORKBOOKS,
    Header,
    Reading,
    Unreadable,
    WrongLayout,
    read_data,
    read_manifest_record,
)
from dagster_project.returns.search import scan_file
from dagster_project.returns.submission import Context, Finding, Manifest, Submission
from dagster_project.returns.typed import cell_checks, make_enums, type_rows
from dagster_project.returns.verdict import LISTED_PER_CHECK, SEVERITY_ORDER, Verdict

__all__ = ["Context", "Finding", "Manifest", "Submission", "Verdict", "validate"]

LACKING = {
    "previous": "the return of the period before is not available, or holds counts that cannot be read",
    "published": "the published RTT and WLMDS totals are not available",
    "metrics": "the list of metrics is not available",
    "organisations": "the organisation list is not available",
    "register": "the register of submissions is not available",
    "sender": "the sender is not known here",
    "counts": "a count of the file cannot be read (C09)",
    "rows": "rows of the file cannot be read (C01)",
}
CAUSES = ("C05", "C00", "C01")
"""What refuses the file and is listed first, because other findings may only follow from it."""
HALF_A_UNIT = 0.5
"""Totals are whole numbers; UC01 rounds its own."""
SMALL_PREVIOUS_BYTES = 200_000
"""Of 486 rows, a Parquet of 5 kB, a table takes 40% of the processor time of the whole check less than a view."""
LACKING_AT_INTAKE = "intake checks it"


def validate(submission: Submission, context: Context, collections: dict[str, Collection] | None = None) -> Verdict:
    """Judge a submission. Never raises for what is in the file: a file that cannot be read has the outcome `unreadable`.

    The verdict holds a workspace in memory; close it, or use it in a `with`. Raises OSError or duckdb.Error where the
    machine cannot do it (disk, memory).
    """
    verdict = Verdict(submission, context)
    verdict.workspace = Workspace(context.limits)
    try:
        _Validation(verdict, collections or load_collections()).run()
    except BaseException:
        verdict.close()
        raise
    verdict.findings.sort(key=_rank)
    return verdict


def _rank(finding: Finding) -> tuple[bool, int, int]:
    """The most severe first, and what cannot be read before what may follow from it."""
    cause = CAUSES.index(finding.rule) if finding.rule in CAUSES else len(CAUSES)
    severity = "G" if finding.rule == "C09" else finding.severity
    return finding.not_checked, SEVERITY_ORDER.index(severity), cause if finding.rule != "C09" else -1


class _Validation:
    """The steps of one validation, over the verdict that they fill."""

    def __init__(self, verdict: Verdict, collections: dict[str, Collection]) -> None:
        assert verdict.workspace is not None  # noqa: S101 - opened by the caller a line above
        self.verdict = verdict
        self.collections = collections
        self.submission = verdict.submission
        self.context = verdict.context
        self.con: duckdb.DuckDBPyConnection = verdict.workspace.connection

    def run(self) -> None:
        """Run every step that what was found so far still allows."""
        try:
            if not self.submission.data.is_file():
                raise Unreadable("it is not there, or is not a file")
            self._search()
            collection = self._manifest()
            if collection is not None:
                self.verdict.collection = collection
                self._rows(collection)
        except Unreadable as error:
            self._find("C00", error.why, row=error.row)

    # -- findings ------------------------------------------------------------------------------------------------------

    def _find(
        self, rule_id: str, what: str = "", *, mend: str = "", row: int | None = None, column: str | None = None
    ) -> None:
        self._complain(Complaint(rule_id, what, mend, column), row)

    def _complain(self, complaint: Complaint, row: int | None = None) -> None:
        rule = load_common().rule(complaint.rule)
        if complaint.not_checked:
            self._not_checked(rule, complaint.what)
            return
        self.verdict.counts[rule.id] += 1
        severity = complaint.severity or rule.severity
        what, mend = complaint.what or rule.what, complaint.mend or rule.mend
        self.verdict.findings.append(Finding(rule.id, severity, row, complaint.column, what, rule.why, mend))

    def _not_checked(self, rule: Rule, what: str, why: str = "") -> None:
        reason = why or LACKING[rule.needs[0] if rule.needs else "organisations"]
        self.verdict.findings.append(
            Finding(rule.id, "I", None, None, f"not checked: {what}", reason, LACKING_AT_INTAKE, not_checked=True)
        )

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _search(self) -> None:
        """C05, where the caller has not searched already."""
        if self.context.searched:
            return
        for path, name in self._searched_paths():
            for found in scan_file(path, name) if path.is_file() else []:
                if found.refuses:
                    self._find("C05", found.what, mend=found.mend, row=found.row)
                else:
                    self._complain(Complaint("C05", found.what, found.mend, severity="I"), found.row)

    def _searched_paths(self) -> Iterator[tuple[Path, str | None]]:
        yield self.submission.data, self.submission.name
        if self.submission.manifest is not None:
            yield self.submission.manifest, "manifest.csv"

    def _manifest(self) -> Collection | None:
        """The manifest, judged; the collection even where the manifest is not whole, so that the rows are read."""
        in_workbook = self.submission.data.suffix.lower() in WORKBOOKS and self.submission.manifest is None
        try:
            records = read_manifest_record(self.submission.data, self.submission.manifest)
        except Unreadable as error:
            self._find("M01", f"the manifest cannot be read: {error.why}", row=error.row)
            records = []
        if records:
            manifest, complaints = type_manifest(records, self.context.seeds, in_workbook=in_workbook)
            self.verdict.manifest = manifest
            for complaint in (
                *complaints,
                *(judge_manifest(manifest, self.submission, self.context) if manifest else ()),
            ):
                self._complain(complaint)
            self._follow(manifest)
        code = (
            self.verdict.manifest.collection_code
            if self.verdict.manifest
            else guessed_collection(records, self.submission.name)
        )
        return self.collections.get(code) if code else None

    def _follow(self, manifest: Manifest | None) -> None:
        known = self.context.organisations
        if manifest and known and not known.is_open(manifest.org_code, manifest.period_end):
            self.verdict.successor_code = known.successor(manifest.org_code, manifest.period_end)

    def _rows(self, collection: Collection) -> None:
        manifest = self.verdict.manifest or _stand_in(collection, self.context)
        version = self._version(collection, manifest)
        try:
            reading = self._read(collection, version)
        except WrongLayout as error:
            self._find("C01", error.what, mend=error.mend, row=HEADER_ROWS)
            self._rows_not_checked(error.lacking, "fix the header first")
            return
        self.verdict.rows = reading.rows
        self._judge_header(reading, version)
        self._judge_volume(manifest, reading)
        if reading.header.missing and version is None:
            self._rows_not_checked("the header lacks columns", "fix the header first")
            return
        self._judge_rows(collection, manifest, reading)

    def _rows_not_checked(self, why: str, mend: str) -> None:
        self.verdict.findings.append(Finding("C01", "I", None, None, "not checked: the rows", why, mend, True))

    def _version(self, collection: Collection, manifest: Manifest) -> EarlierVersion | None:
        """Which older template the file was made with; an unknown one is refused and read as today's."""
        said = manifest.template_version
        if said == collection.template_version:
            return None
        for version in collection.earlier_versions:
            if said == version.version:
                return version
        newer = _numbers(said) > _numbers(collection.template_version)
        what = f"template version {said} is {'newer than this check knows' if newer else 'no longer taken'}; today's is {collection.template_version}"
        self._find("C01", what, column="template_version")
        return None

    def _read(self, collection: Collection, version: EarlierVersion | None) -> Reading:
        """Fill `cells` with today's columns, whichever template the file was made with."""
        today = [column.name for column in collection.columns]
        if version is None:
            return read_data(self.con, self.submission.data, today)
        theirs = {version.renamed.get(name, name): name for name in today if name not in version.absent}
        reading = read_data(self.con, self.submission.data, list(theirs), "cells_as_sent")
        renamed = {mine: his for his, mine in theirs.items()}
        columns = ", ".join(
            f"{_q(renamed[name])} as {_q(name)}" if name in renamed else f"null::varchar as {_q(name)}"
            for name in today
        )
        self.con.execute(f"create or replace table cells as select row_number, {columns} from cells_as_sent")
        return reading

    def _judge_header(self, reading: Reading, version: EarlierVersion | None) -> None:
        for what, column in _header_complaints(reading.header):
            self._find("C01", what, row=HEADER_ROWS, column=column)
        for row, cells in reading.ragged[:LISTED_PER_CHECK]:
            self._find(
                "C01",
                f"the row has {cells:,} cells where the header has {len(reading.header.found):,}",
                mend="look for a comma too many or too few, such as a thousands mark that no quotation marks enclose",
                row=row,
            )
        if reading.ragged_count > LISTED_PER_CHECK:
            self.verdict.counts["C01"] += reading.ragged_count - LISTED_PER_CHECK

    def _judge_volume(self, manifest: Manifest, reading: Reading) -> None:
        """M05, and the row count of C02."""
        rows = reading.rows + reading.ragged_count
        if self.verdict.manifest is None:
            return
        if manifest.nil_return != (rows == 0):
            what = "nil_return is Y and the file holds rows" if rows else "the file holds no rows and nil_return is N"
            self._find("M05", what, column="nil_return")
        if manifest.row_count != rows:
            self._find(
                "C02", f"the file holds {rows:,} rows and the manifest says {manifest.row_count:,}", column="row_count"
            )

    def _judge_rows(self, collection: Collection, manifest: Manifest, reading: Reading) -> None:
        limits = thresholds(manifest.org_code, manifest.period_end, self.context.seeds)
        runner = Runner(self.con, collection, limits)
        prepare_names(self.con, collection, manifest, self.context)
        make_enums(self.con, collection, manifest.period_end, self.context.seeds)
        cells = cell_checks(collection, limits.get("C10", {}), is_safe=manifest.is_safe)
        type_rows(self.con, collection, cells, is_safe=manifest.is_safe, takes_suppressed=manifest.is_safe)
        make_views(self.con, collection, "rows")
        runner.cells(cells)
        if self.verdict.manifest is not None:
            runner.against_manifest(manifest)
        runner.key(cells)
        unread = self._unread(collection, reading)
        for rule, lacking in runner.rules(self._at_hand(collection, manifest), unread):
            self._not_checked(rule, rule.title, LACKING[lacking])
        self._control(collection, manifest, unread)
        runner.leave_out()
        self._take_over(runner)

    def _at_hand(self, collection: Collection, manifest: Manifest) -> set[str]:
        found = {"published"} if self.context.published_totals else set()
        found |= {"metrics"} if self.context.metrics is not None else set()
        if self.context.previous is not None and self._load_previous(collection, manifest, self.context.previous):
            found.add("previous")
        return found

    def _load_previous(self, collection: Collection, manifest: Manifest, path: Path) -> bool:
        """`previous`, typed as `rows` are; a file that cannot be read is as good as none."""
        names = [column.name for column in collection.columns]
        if path.suffix == ".parquet":
            texts = ", ".join(_text_again(collection, name) for name in names)
            self.con.execute(
                f"create view previous_cells as select row_number, {texts} from read_parquet({quote_literal(str(path))})"
            )
        else:
            try:
                read_data(self.con, path, names, "previous_cells")
            except Unreadable:
                return False
        # Of a large one the rules ask for a few rows and columns; a small one is read faster than the view is planned in every rule.
        is_view = path.stat().st_size > SMALL_PREVIOUS_BYTES
        safe = manifest.is_safe
        type_rows(self.con, collection, [], is_safe=safe, source="previous_cells", table="previous", is_view=is_view)
        if self._has_unread_counts(collection, "previous"):
            return False
        make_views(self.con, collection, "previous", "previous_")
        return True

    def _control(self, collection: Collection, manifest: Manifest, unread: Unread) -> None:
        """The control total of C02, and the interval in which the true total lies."""
        found = self.con.execute(f"select coalesce(cast({collection.control.sql} as double), 0) from rows").fetchone()
        total = float(found[0]) if found else 0.0
        if self.verdict.manifest is not None and collection.control.rule == "C02":
            rule = load_common().rule("C02")
            if unread:
                self._not_checked(rule, "the control total", LACKING[unread])
            elif abs(total - manifest.control_total) > HALF_A_UNIT:
                what = f"control_total of the manifest is not {collection.control.words}"
                self._find("C02", what, column="control_total")
        if collection.count:
            name = collection.count
            sums = self.con.execute(
                f"select sum({_q(name + '_low')}), sum({_q(name + '_high')}) from rows where {collection.count_where}"
            ).fetchone()
            self.verdict.control_low, self.verdict.control_high = sums or (None, None)

    def _unread(self, collection: Collection, reading: Reading) -> Unread:
        """What could not be read: a sum of the rest proves nothing."""
        if reading.ragged_count:
            return "rows"
        return "counts" if self._has_unread_counts(collection, "rows") else ""

    def _has_unread_counts(self, collection: Collection, table: str) -> bool:
        """Whether a count is neither a number of 0 or more nor suppressed."""
        unread = " or ".join(f"{_q(name + '_unread')} or {_q(name)} < 0" for name in collection.count_columns)
        found = self.con.execute(f"select count(*) from {_q(table)} where {unread or 'false'}").fetchone()
        return bool(found and found[0])

    def _take_over(self, runner: Runner) -> None:
        """What the runner found, as findings and counts."""
        self.verdict.checks = runner.checks
        counts: Counter[int] = Counter(
            dict(self.con.execute("select check_number, count(*) from failing group by 1").fetchall())
        )
        for check in runner.checks:
            if counts[check.number]:
                self.verdict.counts[check.rule] += counts[check.number]
                self.verdict.findings += self._listed(check)
        quarantined, refused, groups = self.con.execute(
            "select (select count(distinct row_number) from left_out where not is_group), "
            "(select count(distinct row_number) from left_out where is_group and row_number not in "
            "(select row_number from left_out where not is_group)), (select count(*) from refused_group)"
        ).fetchone() or (0, 0, 0)
        self.verdict.rows_quarantined, self.verdict.rows_in_refused_groups = quarantined, refused
        self.verdict.groups_rejected = groups

    def _listed(self, check: Check) -> list[Finding]:
        rows = self.con.execute(
            f"select row_number + {HEADER_ROWS} from failing where check_number = ? order by 1 limit {LISTED_PER_CHECK}",
            [check.number],
        ).fetchall()
        return [
            Finding(check.rule, check.severity, row, check.column, check.what, check.why, check.mend) for (row,) in rows
        ]


def _header_complaints(header: Header) -> Iterator[tuple[str, str | None]]:
    """What is wrong with the first row. Headings that the template does not have are named by their place only."""
    if header.is_right:
        return
    for name in header.missing:
        yield "this column of the template is missing", name
    for place in header.unknown:
        yield f"column {place} has a heading that the template does not have, or has already", None
    if not header.missing and not header.unknown:
        yield "the columns are in another order than in the template", None


def _text_again(collection: Collection, name: str) -> str:
    """A clean column as the sender wrote it."""
    text = f"cast({_q(name)} as varchar)"
    if not collection.column(name).is_count:
        return f"{text} as {_q(name)}"
    return f"case when {_q(name + '_status')} = 'suppressed' then '[c]' else {text} end as {_q(name)}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _stand_in(collection: Collection, context: Context) -> Manifest:
    """For a file whose manifest could not be read: enough to look at its cells, as a RESTRICTED file of today."""
    today = context.received_at.date()
    return Manifest(
        collection_code=collection.code,
        template_version=collection.template_version,
        org_code="",
        period_start=dt.date.min,
        period_end=today,
        submission_type="P",
        sequence_no=1,
        file_name="",
        file_sha256="",
        row_count=0,
        control_total=0,
        disclosure_profile="RESTRICTED",
        imd_version="IMD2025",
        ethnic_code_set="",
        nil_return=False,
        signed_off_role="",
        signed_off_date=today,
        has_known_issues=False,
    )

"""From snapshots to the clean tables in use: parse what is new, let gate 1 judge it, point to the newest that passed.

A snapshot that cannot be parsed is refused; one that parses but fails its suite is held. Either way the period stays at its
last good vintage, every file is kept, and the ledger says why.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from dagster_project.contracts.check import SEVERITIES
from dagster_project.contracts.source import Entity, Source
from dagster_project.contracts.suite import load_accepted_editions, load_thresholds
from dagster_project.lake.clean_writer import build_clean_table, read_report, write_empty
from dagster_project.lake.completeness import find_incomplete, find_references
from dagster_project.lake.continuity import Breaks, Earlier, Limits, find_breaks, find_small_first
from dagster_project.lake.discovery import PART
from dagster_project.lake.files import LakeError, NoSpace, sync_folder
from dagster_project.lake.ledger import Entry, Event, Ledger
from dagster_project.lake.parse_report import ParseReport
from dagster_project.lake.paths import EMPTY
from dagster_project.lake.run import Run
from dagster_project.lake.snapshots import Snapshot, known_snapshots

Progress = Callable[[Iterable[Any], str], Iterable[Any]]
PERIODS_OF_HISTORY = 12
SHORTEST_HISTORY = 3
OF_REPLACED = ("landing_rows_minimum_share_of_replaced", "landing_codes_lost_maximum_share_of_replaced")
ROWS_LOST = "landing_rows_lost_maximum_share_of_revised"
OF_PERIOD_BEFORE = ("landing_rows_minimum_share_of_period_before", "landing_codes_lost_maximum_share_of_period_before")
EXCHANGED = "landing_exchanged_maximum_distance"
BOUNDS = ("landing_rows_minimum_share_of_history", "landing_rows_maximum_share_of_history")


@dataclass(frozen=True)
class Verdict:
    """What gate 1 says of one clean table."""

    passed: bool
    failures: tuple[str, ...] = ()
    """One sentence for each failed expectation, with the keys of failing rows."""
    warnings: tuple[str, ...] = ()


Gate = Callable[[Source, Entity, Path], Verdict]


@dataclass
class CleanReport:
    """What one parse of a source did."""

    reports: list[ParseReport] = field(default_factory=list)
    """What was parsed now."""
    refused: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """What is in the way of the newest edition of a period, this run or since an earlier one."""
    rejecting: list[str] = field(default_factory=list)
    """The files in use that lost rows, and where these are listed."""
    warnings: list[str] = field(default_factory=list)
    in_use: dict[str, list[str]] = field(default_factory=dict)
    """Periods in use by entity."""
    rows_in_use: int = 0
    changed: bool = False
    periods_accepted: set[str] = field(default_factory=set)
    """Months that Dagster shows as materialised: one that is held or refused is not."""
    periods_held: set[str] = field(default_factory=set)
    """Periods whose newest edition is held or refused."""


class Acceptance:
    """Parses and judges the snapshots of one source."""

    def __init__(self, source: Source, run: Run, gate: Gate, suite: str) -> None:
        self._source = source
        self._run = run
        self._lake = run.lake
        self._origin = run.origin
        self._gate = gate
        self._suite = suite
        self._suites: dict[str, str] = {}
        self._ledger = Ledger(run.lake.ledger)
        self._report = CleanReport()
        self._judged = self._read_judged()
        self._snapshots: list[Snapshot] = []

    def run(
        self,
        *,
        periods: frozenset[str] | None = None,
        again: bool = False,
        progress: Progress = lambda items, _: items,
    ) -> CleanReport:
        """Parse and judge every snapshot that has no verdict yet and set the links.

        With `periods`, these are judged again whatever was said of them; with `again`, all are.
        """
        self._sweep()
        self._snapshots = known_snapshots(self._lake, self._source, self._origin)
        for entities in self._in_order():
            self._suites |= {entity.name: self._suite_of(entity) for entity in entities}
            mine = [s for s in self._snapshots if s.entity in {entity.name for entity in entities}]
            asked = periods or frozenset()
            waiting = {self._key(s): s for s in mine if again or s.period in asked or self._waits(s)}
            self._judge_all(list(waiting.values()), progress)
            for entity in entities:
                self._link(entity)
        return self._report

    def _in_order(self) -> list[list[Entity]]:
        """The entities in two parts: the second are compared with tables in use of the first."""
        after = [e for e in self._source.entities if any(r.source == self._source.slug for r in e.complete_against)]
        return [[e for e in self._source.entities if e not in after], after]

    def _suite_of(self, entity: Entity) -> str:
        """The rules of a verdict by name: the suite, and the lists that the tables are compared with."""
        return "-".join([self._suite, *find_references(entity, self._lake, self._origin)])

    def _judge_all(self, snapshots: list[Snapshot], progress: Progress) -> None:
        with ThreadPoolExecutor(self._run.limits.threads) as pool:
            try:
                threads = 1 if len(snapshots) > 1 else self._run.limits.threads
                parsing = [(snapshot, pool.submit(self._parse_and_judge, snapshot, threads)) for snapshot in snapshots]
                for snapshot, parsed in progress(parsing, f"parse {self._source.slug}"):
                    self._settle(snapshot, *parsed.result())
            finally:
                pool.shutdown(cancel_futures=True)

    def _sweep(self) -> None:
        """Take away what a killed parse of this source left half done."""
        for entity in self._source.entities:
            for part in self._lake.clean(self._source.slug, entity.name).glob("vintages/*/*.part"):
                part.unlink()
        for workspace in self._lake.temporary.glob(f"{self._workspace_prefix}*"):
            shutil.rmtree(workspace, ignore_errors=True)

    @property
    def _workspace_prefix(self) -> str:
        return f"parse-{self._source.slug}-"

    def _key(self, snapshot: Snapshot) -> tuple[str, ...]:
        return (
            snapshot.entity,
            snapshot.period,
            snapshot.sha256,
            self._source.fingerprint,
            self._suites[snapshot.entity],
        )

    def _read_judged(self) -> dict[tuple[str, ...], Event]:
        judged: dict[tuple[str, ...], Event] = {}
        self._reasons: dict[tuple[str, ...], str] = {}
        for entry in self._ledger.entries():
            if entry.source == self._source.slug and entry.event in {"accepted", "held", "refused"} and entry.sha256:
                parser, suite = str(entry.detail.get("parser")), str(entry.detail.get("suite"))
                key = (entry.entity, entry.period, entry.sha256, parser, suite)
                judged[key], self._reasons[key] = entry.event, entry.reason
        return judged

    def _waits(self, snapshot: Snapshot) -> bool:
        verdict = self._judged.get(self._key(snapshot))
        return verdict is None or (verdict == "accepted" and not self._destination(snapshot).exists())

    def _destination(self, snapshot: Snapshot) -> Path:
        return self._lake.clean_vintage(
            self._source.slug, snapshot.entity, snapshot.period, snapshot.sha256, self._source.fingerprint
        )

    def _parse_and_judge(self, snapshot: Snapshot, threads: int) -> tuple[ParseReport | LakeError, Verdict | None]:
        """A table and what gate 1 says of it; while the gate looks, the next file is parsed."""
        parsed = self._parse(snapshot, threads)
        if isinstance(parsed, LakeError):
            return parsed, None
        return parsed, self._gate(self._source, self._source.entity(snapshot.entity), self._destination(snapshot))

    def _parse(self, snapshot: Snapshot, threads: int) -> ParseReport | LakeError:
        """A file alone takes all threads; beside others one: unpacking and counting of a month overlap with the casting of another."""
        self._lake.temporary.mkdir(parents=True, exist_ok=True)
        workspace = Path(tempfile.mkdtemp(dir=self._lake.temporary, prefix=self._workspace_prefix))
        destination = self._destination(snapshot)
        try:
            limits = replace(self._run.limits, threads=threads)
            return build_clean_table(self._source, snapshot, destination, workspace, limits)
        except NoSpace:  # no fault of the file: it waits for the next nightly run
            raise
        except LakeError as error:
            return error
        finally:
            shutil.rmtree(workspace, ignore_errors=True)

    def _settle(self, snapshot: Snapshot, report: ParseReport | LakeError, verdict: Verdict | None) -> None:
        """The ledger, one file after another, in the order of the snapshots."""
        if isinstance(report, LakeError) or verdict is None:
            self._judge(snapshot, "refused", str(report), {})
            return
        self._report.reports.append(report)
        counts = {"in": report.records_in, "loaded": report.records_loaded, "rejected": report.records_rejected}
        self._judge(
            snapshot, "parsed", "", {"rows": counts, "set_aside": report.set_aside, "statuses": report.statuses}
        )
        breaks = self._breaks(snapshot, report.records_in)
        entity = self._source.entity(snapshot.entity)
        lacking, named = (
            find_incomplete(entity, self._destination(snapshot), self._lake, self._origin, snapshot.period, severity)
            for severity in SEVERITIES
        )
        warnings = [*verdict.warnings, *named, *breaks.warnings]
        self._report.warnings += [f"{report.name}: {warning}" for warning in warnings]
        failures = [
            *verdict.failures,
            *lacking,
            *self._unusual_volume(snapshot, report.clean_rows),
            *breaks.failures,
        ]
        if not report.clean_rows:
            failures.append("no row of the file could be used")
        if verdict.passed and not failures:
            self._report.periods_accepted.add(snapshot.period)
            self._judge(snapshot, "accepted", "", {"warnings": warnings})
        else:
            self._judge(snapshot, "held", f"{report.name}: " + "; ".join(failures), {})

    def _unusual_volume(self, snapshot: Snapshot, rows: int) -> list[str]:
        """One sentence when the table is far smaller or larger than the tables in use of the periods before it.

        Only earlier periods count, so that the verdict does not depend on the order in which files came.
        """
        good = self._good_vintages(snapshot.entity)
        part = snapshot.period.partition(PART)[2]
        before = (p for p in good if p < snapshot.period and p.partition(PART)[2] == part)
        earlier = sorted(before)[-PERIODS_OF_HISTORY:]
        history = [int(read_report(good[period])["clean_rows"]) for period in earlier]
        if len(history) < SHORTEST_HISTORY:
            return []
        usual = median(history)
        least, most = (self._bound(name, snapshot.entity) for name in BOUNDS)
        if least * usual <= rows <= most * usual:
            return []
        return [
            f"{rows:,} rows, where {usual:,.0f} are usual (median of {len(history)} earlier periods) and "
            f"{least:.0%} to {most:.0%} of that are let through. If it is genuine, give this entity bounds of its own in "
            f"expectations/thresholds.yml (landing_rows_..._share_of_history.{self._source.slug}.{snapshot.entity})"
        ]

    def _breaks(self, snapshot: Snapshot, records: int) -> Breaks:
        """What changes too much beside the edition that is replaced, the period before or, for a first file, its usual size."""
        if (self._source.slug, snapshot.entity, snapshot.sha256) in load_accepted_editions():
            return Breaks()
        earlier, entity = self._earlier(snapshot), self._source.entity(snapshot.entity)
        names = (*(OF_REPLACED if earlier and earlier.same_period else OF_PERIOD_BEFORE), ROWS_LOST, EXCHANGED)
        limits = Limits(*(self._bound(name, entity.name) for name in names))
        if earlier is not None:
            breaks = find_breaks(entity, self._destination(snapshot), earlier, limits)
        else:
            usual = entity.usual_records if self._origin == "published" else 0
            breaks = find_small_first(
                records, usual, 1 if snapshot.period == entity.known_period else limits.least_rows
            )
        if breaks.failures:
            breaks.failures.append(
                "the last good copy stays in use; fetch the file again or ask its publisher; if it is genuine, enter its sha256 "
                f"({snapshot.sha256}) in expectations/accepted_editions.yml"
            )
        return breaks

    def _earlier(self, snapshot: Snapshot) -> Earlier | None:
        """The newest good edition of the period before this one, else the newest good period before it."""
        good = self._good_vintages(snapshot.entity, until=snapshot)
        if snapshot.period in good:
            return Earlier(good[snapshot.period], same_period=True)
        part = snapshot.period.partition(PART)[2]
        before = [p for p in good if p < snapshot.period and p.partition(PART)[2] == part]
        return Earlier(good[max(before)], same_period=False) if before else None

    def _bound(self, name: str, entity: str) -> float:
        """A threshold, or the entity's own where it has one."""
        thresholds = load_thresholds()
        own = f"{name}.{self._source.slug}.{entity}"
        return float(thresholds[own if own in thresholds else name].value)

    def _judge(self, snapshot: Snapshot, event: Event, reason: str, detail: dict[str, Any]) -> None:
        detail |= {"parser": self._source.fingerprint, "suite": self._suites[snapshot.entity], "origin": self._origin}
        entry = Entry(
            event,
            self._source.slug,
            snapshot.entity,
            snapshot.period,
            snapshot.address,
            snapshot.sha256,
            reason,
            detail=detail,
        )
        self._ledger.append_if_new(entry)
        if event != "parsed":
            self._judged[self._key(snapshot)], self._reasons[self._key(snapshot)] = event, reason

    def _good_vintages(self, entity: str, until: Snapshot | None = None) -> dict[str, Path]:
        """The newest accepted vintage of each period; known_snapshots gives the oldest editions first.

        With `until`, only what comes before that snapshot, so that a verdict does not depend on what came after.
        """
        listed = self._snapshots if until is None else self._snapshots[: self._snapshots.index(until)]
        accepted = (s for s in listed if s.entity == entity and self._judged.get(self._key(s)) == "accepted")
        vintages = {s.period: self._destination(s) for s in accepted}
        return {period: vintage for period, vintage in vintages.items() if vintage.exists()}

    def _link(self, entity: Entity) -> None:
        """Point each period at its newest accepted vintage; a period without one keeps the table that it has."""
        folder = self._lake.current(self._source.slug, entity.name, self._origin)
        folder.mkdir(parents=True, exist_ok=True)
        self._write_empty(entity, folder)
        for period, vintage in self._good_vintages(entity.name).items():
            self._report.changed |= point_to(folder / f"{period}.parquet", vintage)
        links = sorted(path for path in folder.glob("*.parquet") if path.name != EMPTY)
        for lost in [path for path in links if not path.exists()]:  # its table was thrown away and cannot be made again
            lost.unlink()
            links.remove(lost)
        self._report.in_use[entity.name] = [path.stem for path in links]
        self._say_what_is_in_use([path.resolve() for path in links])
        self._say_what_stands_in_the_way(entity)

    def _say_what_is_in_use(self, vintages: list[Path]) -> None:
        for vintage in vintages:
            parsed = read_report(vintage)
            self._report.rows_in_use += int(parsed["clean_rows"])
            for column, cells in parsed["thousands_marks"].items():
                self._report.rejecting.append(
                    f"{parsed['source']} {parsed['entity']} {parsed['period']} ({parsed['file']}), column {column}: "
                    f"read without thousands marks ({cells:,} {'cell' if cells == 1 else 'cells'})"
                )
            if parsed["records_rejected"]:
                self._report.rejecting.append(
                    f"{parsed['source']} {parsed['entity']} {parsed['period']} ({parsed['file']}): "
                    f"{parsed['records_rejected']:,} of {parsed['records_in']:,} rows, listed in {parsed['rejects_file']}"
                )

    def _say_what_stands_in_the_way(self, entity: Entity) -> None:
        """Verdicts on editions that are newer than the one in use: the operator reads them every night until fixed."""
        newest: dict[str, Snapshot] = {s.period: s for s in self._snapshots if s.entity == entity.name}
        for snapshot in newest.values():
            verdict, reason = self._judged.get(self._key(snapshot)), self._reasons.get(self._key(snapshot), "")
            if verdict in ("refused", "held"):
                self._report.periods_held.add(snapshot.period)
            if verdict == "refused":
                self._report.refused.append(reason)
            if verdict == "held":
                self._report.held.append(reason)

    def _write_empty(self, entity: Entity, folder: Path) -> None:
        stamp = folder / f".shape-{self._source.fingerprint}"
        if not stamp.exists():
            write_empty(entity, folder / EMPTY)
            for old in folder.glob(".shape-*"):
                old.unlink()
            stamp.touch()


def point_to(link: Path, target: Path) -> bool:
    """Make `link` a relative symbolic link to `target`, atomically; True when it changed."""
    relative = os.path.relpath(target, link.parent)
    if link.is_symlink() and str(link.readlink()) == relative:
        return False
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(relative)
    fresh.replace(link)
    sync_folder(link.parent)
    return True

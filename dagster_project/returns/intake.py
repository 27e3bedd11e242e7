"""Intake: every submission that lies in the inbox whole is searched, judged, kept, answered and taken into the clean tables.

The order of the steps is the safety: identifiers are looked for before anything is kept; the original is kept before it is
judged; the rows come before the register's line; what was taken out of the inbox goes last. Killed anywhere, the next run finds
the file without a line in the register and comes to the same end, because each step only puts whole files in their place.
While one submission is judged the next is begun, of another trust: what a submission is compared with is of its own trust. Lines of the
register stand in the order in which the submissions came.
Not here: how it is taken out (claims.py), what is looked for (search.py), the rules (validation.py), which submission is in use (dbt).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dagster_project.lake.run import Run
from dagster_project.returns.answer import NOT_SHOWN
from dagster_project.returns.area import ReturnsArea, make_private_folder, purge_folder
from dagster_project.returns.claims import MANIFEST_PART, RECEIVED_PART, Claim, open_claims, take
from dagster_project.returns.context import SMALL_BYTES
from dagster_project.returns.findings import Finding
from dagster_project.returns.held import remove_confirmed, remove_superseded
from dagster_project.returns.inbox import (
    CONFIRMED,
    DONE,
    RECEIVED,
    SETTLE_SECONDS,
    Arrival,
    Left,
    NotARegularFile,
    StillChanging,
    copy_privately,
    refusal_of,
    view_inbox,
)
from dagster_project.returns.incoming import Incoming
from dagster_project.returns.keeping import Keeper
from dagster_project.returns.register import Receipt, Register
from dagster_project.returns.search import scan_file
from dagster_project.returns.submission import FILE_NAME


@dataclass
class IntakeReport:
    """What one run of intake did: counts and names of returns, never a value."""

    receipts: list[Receipt] = field(default_factory=list)
    """The new lines of the register."""
    repeats: list[str] = field(default_factory=list)
    """Sentences: what had been received before, and when."""
    waiting: list[str] = field(default_factory=list)
    """Names of files that were not whole yet."""
    left: list[str] = field(default_factory=list)
    """Sentences: what has lain in the drop folder for more than a day and cannot be taken."""
    confirmed: list[str] = field(default_factory=list)
    """Names of held files whose senders have confirmed that they may go."""

    def count(self, *outcomes: str) -> int:
        """Return how many of the new receipts have one of the outcomes."""
        return sum(receipt.outcome in outcomes for receipt in self.receipts)

    @property
    def partitions(self) -> list[str]:
        """Return `WL01|2026-10` of every submission that came, sorted."""
        return sorted({receipt.partition for receipt in self.receipts if receipt.partition})


AT_ONCE = 2
"""Submissions that are judged side by side, where the run may use as many threads."""


@dataclass
class _Begun:
    """A submission that is being judged."""

    claim: Claim
    incoming: Incoming
    is_large: bool
    """It takes all threads and all memory (returns/context.py)."""
    receipt: Future[Receipt]
    working: ExitStack


class Intake:
    """One run over the inbox of a data folder. The caller holds the nightly run's lock."""

    def __init__(self, run: Run) -> None:
        self.area = ReturnsArea.of(run.lake)
        self.origin = run.origin
        self._register = Register(self.area)
        self._known = {receipt.digest: receipt for receipt in self._register.receipts()}
        self._keeper = Keeper(run, self.area)
        self._at_once = min(AT_ONCE, run.limits.threads)
        self._begun: deque[_Begun] = deque()
        self.report = IntakeReport()

    def run(self, *, settle_seconds: float = SETTLE_SECONDS, now: dt.datetime | None = None) -> IntakeReport:
        """Take in everything that is whole; raises NoSpace or OSError where the data folder cannot be written.

        `now` is the moment from which is counted how long something has lain in the drop folder.
        """
        self.area.prepare()
        purge_folder(self.area.working)
        with self._side_by_side():
            for claim in open_claims(self.area):
                self._judge(claim)
        view = view_inbox(self.area, settle_seconds=settle_seconds, now=now)
        self.report.waiting += [_shown(path) for path in view.waiting]
        with self._side_by_side():
            for arrival in view.ready:
                self._take(arrival)
        for path, sender_org in view.confirmations:
            self.confirm(path.name, sender_org)
            path.unlink(missing_ok=True)
        _sweep(view.companions)
        for left in view.left:
            self._report_left(left)
        return self.report

    def _take(self, arrival: Arrival) -> None:
        if arrival.is_folder:
            self._refuse(arrival.path, arrival.sender_org, "not_a_file", once=True)
            return
        claim = take(arrival, self.area)
        if claim is not None:
            self._judge(claim)

    @contextmanager
    def _side_by_side(self) -> Iterator[None]:
        """Judge in threads while the block lasts; at its end every submission that was begun has come to its own."""
        with ThreadPoolExecutor(self._at_once) as self._threads:
            try:
                yield
                self._finish(0)
            finally:
                # What could not be brought to its end is left as after a kill, once its thread no longer works on it.
                for begun in self._begun:
                    begun.working.callback(begun.receipt.exception)
                    begun.working.close()
                self._begun.clear()

    def _judge(self, claim: Claim) -> None:
        """Begin to judge one submission that was taken out of the drop folder; one that still changes waits there."""
        if claim.has_changed():
            self.report.waiting.append(_shown(claim.path))
            return
        if refusal := refusal_of(claim.data.lstat()):
            self._refuse(claim.path, claim.sender_org, refusal)
            claim.end(purge=False)
            return
        with ExitStack() as working:
            try:
                incoming = self._copy(claim, Path(working.enter_context(self.working_folder())))
            except (StillChanging, NotARegularFile):
                claim.has_changed()
                self.report.waiting.append(_shown(claim.path))
                return
            # Read now: a thread may purge it.
            is_large = incoming.data.path.stat().st_size > SMALL_BYTES
            self._finish(self._at_once - 1 if self._may_join(incoming, is_large) else 0)
            receipt = self._threads.submit(self._settle, incoming, dict(self._known))
            self._begun.append(_Begun(claim, incoming, is_large, receipt, working.pop_all()))

    def _may_join(self, incoming: Incoming, is_large: bool) -> bool:
        """Whether nothing that is being judged can decide what becomes of it, or lack what it takes."""
        if is_large or any(begun.is_large for begun in self._begun):
            return False
        every = [incoming, *(begun.incoming for begun in self._begun)]
        trusts, digests = {_trust_of(one) for one in every}, {one.digest for one in every}
        return "" not in trusts and len(trusts) == len(digests) == len(every)

    def _finish(self, left: int) -> None:
        """Bring submissions to their end, the first begun first, until so many are left."""
        while len(self._begun) > left:
            begun = self._begun[0]
            receipt = self._enter(begun.receipt.result())
            with self._begun.popleft().working:
                # An open hand may have written on: that is another file, and judged by the next run.
                if begun.claim.has_changed():
                    self.report.waiting.append(_shown(begun.claim.path))
                else:
                    begun.claim.end(purge=receipt.outcome == "purged")

    def working_folder(self) -> tempfile.TemporaryDirectory[str]:
        """Return a private folder for one submission, gone when the block ends; after a kill the next run sweeps it."""
        make_private_folder(self.area.working, within=self.area.root)
        return tempfile.TemporaryDirectory(dir=self.area.working)

    def _copy(self, claim: Claim, folder: Path) -> Incoming:
        suffix = claim.path.suffix.lower()
        beside = claim.part(MANIFEST_PART)
        return Incoming(
            name=_as_text(claim.path.name),
            data=copy_privately(claim.data, folder / f"data{suffix}", self.area),
            manifest=copy_privately(beside, folder / "manifest.csv", self.area) if beside else None,
            received_at=self._said_moment(claim) or claim.received_at,
            route="inbox",
            sender_org=claim.sender_org,
        )

    def _said_moment(self, claim: Claim) -> dt.datetime | None:
        """The moment in the sample's `.received`; a real sender cannot say when its file came."""
        path = claim.part(RECEIVED_PART)
        if self.origin != "synthetic" or path is None:
            return None
        return dt.datetime.fromisoformat(path.read_text(encoding="ascii").strip()).replace(tzinfo=dt.UTC)

    def take_in(self, incoming: Incoming) -> Receipt:
        """Search, judge and keep one submission; its receipt, the old one where it had been received before."""
        return self._enter(self._settle(incoming, self._known))

    def _settle(self, incoming: Incoming, receipts: Mapping[str, Receipt]) -> Receipt:
        """All of it but the line of the register; a receipt that has its line is that of the same submission before."""
        known = receipts.get(incoming.digest)
        if known is not None and not self._is_another_try(known, incoming):
            return known
        findings = self._search(incoming)
        purging = [finding for finding in findings if finding.purges]
        if purging:
            return self._keeper.purge(incoming, purging)
        if hindering := [finding for finding in findings if finding.refuses]:
            return self._keeper.hold(incoming, hindering)
        if not incoming.is_named_as_a_return:
            return self._keeper.keep_unplaced(incoming)
        receipt = self._keeper.keep(incoming, list(receipts.values()))
        if receipt.is_accepted:
            remove_superseded(self.area, receipt.name, receipt.sender_org)
        return receipt

    def confirm(self, name: str, sender_org: str | None) -> None:
        """Destroy what is held under the name that a sender's confirmation speaks of."""
        held = name.removesuffix(CONFIRMED)
        if remove_confirmed(self.area, held, sender_org):
            self.report.confirmed.append(held)

    def _is_another_try(self, known: Receipt, incoming: Incoming) -> bool:
        """A file that was refused or rejected under another name, perhaps for that name, is judged again."""
        return known.outcome in {"refused", "rejected"} and known.name != incoming.shown_name

    def _search(self, incoming: Incoming) -> list[Finding]:
        findings = scan_file(incoming.data.path, incoming.name)
        if incoming.manifest is not None:
            beside = scan_file(incoming.manifest.path, "manifest.csv")
            findings += [replace(finding, part="manifest") for finding in beside]
        return findings

    def _enter(self, receipt: Receipt) -> Receipt:
        """Write the register's line, where it has none yet: the submission's way in ends here."""
        if receipt.at:
            self.report.repeats.append(f"{receipt.name}: already received {receipt.received_at[:10]}")
            return receipt
        entered = self._register.add(receipt)
        self._known[receipt.digest] = entered
        self.report.receipts.append(entered)
        return entered

    def _refuse(self, path: Path, sender_org: str | None, refusal: str, *, once: bool = False) -> None:
        """Write the register's line of an entry that is not opened: a link, a pipe, a second name, a folder, too large a file."""
        self._finish(0)
        digest = hashlib.sha256(f"{refusal}\n{_as_text(path.name)}".encode()).hexdigest()
        if digest in self._known and once:
            return
        why = "too_large" if refusal == "too_large" else "not_a_regular_file"
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._enter(Receipt(digest, "refused", _shown(path), now, "inbox", sender_org or "", kinds=why))

    def _report_left(self, left: Left) -> None:
        """Say each night what no run can take, and raise the alert once."""
        where = f"the drop folder of {left.sender_org}" if left.sender_org else "the drop folder"
        said = f"{left.what} has lain in {where} since {left.since:%Y-%m-%d}: {_shown(left.path)}"
        self.report.left.append(said)
        self._keeper.alert_left(left.path, said)


def _trust_of(incoming: Incoming) -> str:
    """The trust that a name speaks of; "" for a name that is none of a return."""
    named = FILE_NAME.fullmatch(incoming.name)
    return named["org"] if named else ""


def _sweep(companions: list[Path]) -> None:
    """Take away empty markers whose data file was taken in, and the sample's moments; what holds anything else stays."""
    for path in companions:
        is_marker = path.name.endswith(DONE) and path.lstat().st_size == 0
        if is_marker or path.name.endswith(RECEIVED):
            path.unlink(missing_ok=True)


def _shown(path: Path) -> str:
    """The name where it is one of a return."""
    return path.name if FILE_NAME.fullmatch(path.name) else NOT_SHOWN


def _as_text(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 become question marks."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

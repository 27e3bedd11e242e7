"""The register of receipts: one line for every submission that was kept, refused or purged. No line holds a value of a return.

Append-only JSON lines, synced, 0600. A line is the end of a submission's way in: what has one is never judged again, what
has none (the process was killed) is judged again and comes to the same end.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from dagster_project.lake.files import LakeError, append_line
from dagster_project.returns.area import FILE_MODE, ReturnsArea, make_private_folder
from dagster_project.returns.submission import Known

Outcome = Literal["accepted", "accepted_with_warnings", "rejected", "purged", "refused"]
"""rejected: a submission that breaks a rule, kept. refused: no submission (name, kind of file), kept where it is a file.
purged: it held identifiers, hid something or could not be searched; nothing of it is left."""


@dataclass(frozen=True)
class Receipt:
    """One line of the register."""

    digest: str
    """Of the whole submission: the data file's sha256, for a CSV joined with its manifest's (submission_digest)."""
    outcome: Outcome
    name: str
    """As sent, where the name is one of a return; else a description, for a name is the sender's words."""
    received_at: str
    """UTC, ISO 8601."""
    route: str
    sender_org: str = ""
    submission_id: str = ""
    collection_code: str = ""
    org_code: str = ""
    period_end: str = ""
    submission_type: str = ""
    sequence_no: int = 0
    file_sha256: str = ""
    manifest_sha256: str = ""
    failed_rules: str = ""
    warned_rules: str = ""
    kinds: str = ""
    """Comma-separated kinds of what was found, for a purged file."""
    message_id: str = ""
    """Of MESH."""
    at: str = ""
    """When the line was written, UTC."""

    @property
    def is_accepted(self) -> bool:
        """Say whether its rows are in the clean tables."""
        return self.outcome in {"accepted", "accepted_with_warnings"}

    @property
    def partition(self) -> str:
        """Return `WL01|2026-10`, the key of Dagster's dynamic partition; "" where the submission has no period."""
        return f"{self.collection_code}|{self.period_end[:7]}" if self.submission_id else ""


class Register:
    """Reads and appends. One writer at a time (intake holds the nightly run's lock)."""

    def __init__(self, area: ReturnsArea) -> None:
        self._area = area

    def receipts(self) -> Iterator[Receipt]:
        """Yield all receipts, oldest first; a last line cut short by a kill is passed over. Raises LakeError naming a bad line."""
        path = self._area.register
        if not path.exists():
            return
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield Receipt(**json.loads(line))
                except (ValueError, TypeError) as error:
                    raise LakeError(
                        f"{path.name}, line {number:,}",
                        "it is damaged",
                        "restore the register from a backup, or take that line out: its file is then judged again when it "
                        "is sent again",
                    ) from error

    def add(self, receipt: Receipt) -> Receipt:
        """Append a receipt, stamped with the present moment."""
        stamped = Receipt(**(asdict(receipt) | {"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}))
        make_private_folder(self._area.root, within=self._area.root)
        line = (json.dumps(asdict(stamped), sort_keys=True) + "\n").encode()
        append_line(self._area.register, line, FILE_MODE)
        self._area.register.chmod(FILE_MODE)
        return stamped


def known_submissions(receipts: list[Receipt]) -> tuple[Known, ...]:
    """Return what rule C06 compares with: every submission that was accepted."""
    return tuple(
        Known(
            receipt.collection_code,
            receipt.org_code,
            dt.date.fromisoformat(receipt.period_end),
            receipt.submission_type,
            receipt.sequence_no,
            receipt.file_sha256,
        )
        for receipt in receipts
        if receipt.is_accepted
    )

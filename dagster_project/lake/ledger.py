"""The ledger: one line for everything that happened to a file: seen, kept, refused, parsed, held, accepted.

Append-only JSON lines, each synced to disk. It is written only when something changed, so a nightly run with nothing new
leaves it as it was. What it says is enough to choose the vintage of every period without the network.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from dagster_project.lake.files import LakeError, append_line

Event = Literal["seen", "kept", "refused", "parsed", "held", "accepted", "missing", "found"]
VERDICTS = frozenset({"accepted", "held", "refused"})


@dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    event: Event
    source: str
    entity: str
    period: str
    address: str
    sha256: str = ""
    reason: str = ""
    at: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def sameness(self) -> tuple[str, ...]:
        """Two entries that agree in this say the same thing, whenever they were written."""
        rules = (str(self.detail.get("parser", "")), str(self.detail.get("suite", "")))
        return (self.event, self.source, self.entity, self.period, self.address, self.sha256, self.reason, *rules)

    @property
    def question(self) -> tuple[str, ...]:
        """Return what the entry answers; of two answers the newer counts.

        The three verdicts answer one question about a content. For `seen`, the question is what the address holds: a
        mirror that flaps between two contents is written down each time. A source that is missing, or a file that is refused
        before it is kept, answers whether it can be had; `found` is the answer once it can be had again.
        """
        can_be_had = self.event in {"missing", "found"} or (self.event == "refused" and not self.sha256)
        kind = "verdict" if self.event in VERDICTS and self.sha256 else "can be had" if can_be_had else self.event
        content = "" if self.event == "seen" or can_be_had else self.sha256
        return (kind, self.source, self.entity, self.period, self.address, content)


class Ledger:
    """Reads and appends. One writer at a time (the nightly run holds the pool); readers may come at any moment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._answers: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._size_read = -1

    def entries(self) -> Iterator[Entry]:
        """Yield all entries, oldest first. A last line cut short by a kill is passed over: its event will happen again.

        Raises LakeError naming the line when one before the last is damaged.
        """
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    return
                yield self._read(line, number)

    def _read(self, line: bytes, number: int) -> Entry:
        try:
            return Entry(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise LakeError(
                f"{self._path.name}, line {number:,}",
                f"it is damaged ({error})",
                "restore the ledger from a backup, or take that line out: its file is then judged again",
            ) from error

    def append(self, entry: Entry) -> None:
        """Add one entry and sync it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        stamped = asdict(entry) | {"at": entry.at or dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")}
        payload = (json.dumps(stamped, sort_keys=True, ensure_ascii=False) + "\n").encode()
        append_line(self._path, payload)

    def append_if_new(self, entry: Entry) -> bool:
        """Add the entry unless the newest answer to the same question already says it; True when added.

        `found` is an answer only after a trouble: what could always be had needs no line.
        """
        newest = self._newest_answers().get(entry.question)
        if newest == entry.sameness or (newest is None and entry.event == "found"):
            return False
        self.append(entry)
        self._answers[entry.question] = entry.sameness
        self._size_read = self._path.stat().st_size
        return True

    def _newest_answers(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """The newest answer to every question; the file is read again only when somebody else has written to it."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size != self._size_read:
            self._answers = {known.question: known.sameness for known in self.entries()}
            self._size_read = size
        return self._answers

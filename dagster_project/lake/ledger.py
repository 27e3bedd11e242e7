"""The ledger: one line for everything that happened to a file: seen, kept, refused, parsed, held, accepted.

Append-only JSON lines, each synced to disk. It is written only when something changed, so a night with nothing new
leaves it as it was. What it says is enough to choose the vintage of every period without the network.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Event = Literal["seen", "kept", "refused", "parsed", "held", "accepted", "missing"]


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
        parser = str(self.detail.get("parser", ""))
        return (self.event, self.source, self.entity, self.period, self.address, self.sha256, self.reason, parser)


class Ledger:
    """Reads and appends. One writer at a time (the night holds the pool); readers may come at any moment."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> Iterator[Entry]:
        """All entries, oldest first. A last line cut short by a kill is passed over: its event will happen again."""
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    return
                yield Entry(**json.loads(line))

    def append(self, entry: Entry) -> None:
        """Add one entry and sync it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        stamped = asdict(entry) | {"at": entry.at or dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")}
        payload = (json.dumps(stamped, sort_keys=True, ensure_ascii=False) + "\n").encode()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self._end_torn_line(descriptor)
            os.write(descriptor, payload)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def append_if_new(self, entry: Entry) -> bool:
        """Add the entry unless the newest one about the same file and event already says it; True when added.

        For `seen`, the newest is the last thing seen at that address: a mirror that flaps between two contents is
        written down each time.
        """
        if self._newest_alike(entry) == entry.sameness:
            return False
        self.append(entry)
        return True

    def _newest_alike(self, entry: Entry) -> tuple[str, ...] | None:
        newest = None
        for known in self.entries():
            same_file = (known.source, known.entity, known.period, known.address) == (
                entry.source,
                entry.entity,
                entry.period,
                entry.address,
            )
            if same_file and known.event == entry.event and (entry.event == "seen" or known.sha256 == entry.sha256):
                newest = known.sameness
        return newest

    @staticmethod
    def _end_torn_line(descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            last = os.pread(descriptor, size, 0).rfind(b"\n") + 1
            os.ftruncate(descriptor, last)

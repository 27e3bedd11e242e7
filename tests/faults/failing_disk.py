"""A disk on which the n-th call that changes it fails, once or from then on.

Every call of Python is counted: opening for writing, rename, unlink, mkdir, rmdir, link, symlink, truncate, chmod (the
interpreter's own audit events) and fsync. What DuckDB writes by itself meets a limit on the size of a file instead
(test_process.py). Not here: the work that is done on it (small_nights.py) and what must be true afterwards.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}


@dataclass
class FailingDisk:
    """Counts the calls that change what lies below `root` and fails the `number`-th; 0 fails none."""

    root: Path
    number: int = 0
    error: int = errno.ENOSPC
    lasting: bool = False
    calls: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def meet(self, what: str, place: str) -> None:
        """One call: counted, and failed where it is its turn."""
        self.calls.append(f"{what} {place}")
        if self.number and (len(self.calls) == self.number or (self.lasting and len(self.calls) > self.number)):
            self.failed.append(f"{what} {place}")
            raise OSError(self.error, os.strerror(self.error), place)

    def place_of(self, named: Any) -> str:
        """The path where it lies below the root, else ""; a relative one comes from a walk through an open folder."""
        text = str(Path(f"/proc/self/fd/{named}").readlink()) if isinstance(named, int) else os.fsdecode(named)
        return text if text.startswith(str(self.root)) or not text.startswith("/") else ""


_met: list[FailingDisk] = []
_hooked: list[bool] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook cannot be taken away again: outside `failing` it looks at one list."""
    if not _met or (event != "open" and event not in CHANGES):
        return
    if event == "open" and (isinstance(arguments[0], int) or not arguments[2] & WRITES):
        return
    if place := _met[-1].place_of(arguments[0]):
        _met[-1].meet(event, place)


@contextmanager
def failing(disk: FailingDisk) -> Iterator[FailingDisk]:
    """All that this process does meanwhile meets the disk."""
    if not _hooked:
        sys.addaudithook(_listen)
        _hooked.append(True)
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if place := disk.place_of(descriptor):
            disk.meet("fsync", place)
        real(descriptor)

    os.fsync = fsync
    _met.append(disk)
    try:
        yield disk
    finally:
        _met.pop()
        os.fsync = real

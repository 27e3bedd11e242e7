"""One nightly run at a time, whoever starts it: a lock on the data folder that the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake

_held: dict[Path, int] = {}


def hold_night_lock(lake: Lake, wait_seconds: float) -> bool:
    """Hold the data folder for this process until it ends; False where it did already.

    Waits for another holder, then raises LakeError.
    """
    if lake.night_lock in _held:
        return False
    descriptor = _open(lake)
    deadline = time.monotonic() + wait_seconds
    while not _taken(descriptor):
        if time.monotonic() >= deadline:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise LakeError(
                f"the data folder {lake.root}",
                f"another run (process {holder}) has held it for {wait_seconds:.0f} seconds",
                "wait for that run, or look at it in the Dagster UI",
            )
        time.sleep(0.2)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    _held[lake.night_lock] = descriptor
    return True


def release_night_lock(lake: Lake) -> None:
    """Let the data folder go before the process ends."""
    descriptor = _held.pop(lake.night_lock, None)
    if descriptor is not None:
        os.close(descriptor)


@contextmanager
def night_lock(lake: Lake, wait_seconds: float) -> Iterator[None]:
    """Hold the data folder for the length of a block, or go on holding it where this process did before. Raises as above."""
    held_now = hold_night_lock(lake, wait_seconds)
    try:
        yield
    finally:
        if held_now:
            release_night_lock(lake)


@contextmanager
def alone_with(lake: Lake) -> Iterator[bool]:
    """Say whether no other process works on the data folder; where that is so, none begins to within the block."""
    if lake.night_lock in _held:
        yield True
        return
    descriptor = _open(lake)
    try:
        yield _taken(descriptor)
    finally:
        os.close(descriptor)


def _open(lake: Lake) -> int:
    lake.night_lock.parent.mkdir(parents=True, exist_ok=True)
    return os.open(lake.night_lock, os.O_RDWR | os.O_CREAT, 0o644)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

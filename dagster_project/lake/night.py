"""One night at a time, whoever starts it: a lock on the data folder that the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake

_held: dict[Path, int] = {}


def hold_night_lock(lake: Lake, wait_seconds: float) -> None:
    """Hold the data folder for this process until it ends; waits for another holder, then raises LakeError (fault P5)."""
    path = lake.night_lock
    if path in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                os.close(descriptor)
                raise LakeError(
                    f"the data folder {lake.root}",
                    f"another run (process {holder}) has held it for {wait_seconds:.0f} seconds",
                    "wait for that run, or look at it in the Dagster UI",
                ) from None
            time.sleep(0.2)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    _held[path] = descriptor


def release_night_lock(lake: Lake) -> None:
    """Let the data folder go before the process ends."""
    descriptor = _held.pop(lake.night_lock, None)
    if descriptor is not None:
        os.close(descriptor)

"""The private folder of one run: only its owner sees it, and it goes with the run, however that ends.

DuckDB spills what does not fit into memory. A small process waits for the end of this one and takes the folder away, also after a
kill; it holds nothing but the path. Where both were killed, or the machine went down, the next run takes the folder away: a run holds
a lock on its folder, which the kernel frees when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "hiw-extract-"
_WATCH = (
    "import shutil, signal, sys\n"
    "for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(one, signal.SIG_IGN)\n"
    "sys.stdin.read()\n"
    "shutil.rmtree(sys.argv[1], ignore_errors=True)\n"
)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Return a new folder with mode 0700 in the system's place for temporary files (TMPDIR)."""
    _remove_abandoned(Path(tempfile.gettempdir()))
    folder, lock = _locked_folder()
    # The pipe closes with this process, whatever ends it; its own session keeps the watcher from being ended with us.
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCH, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if watcher.stdin is not None:
            watcher.stdin.close()
        watcher.wait()
        os.close(lock)


def _locked_folder() -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock. Another run may take it for an abandoned one before it is locked: then another."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.is_dir():
                return folder, lock
            os.close(lock)


def _remove_abandoned(place: Path) -> None:
    """Remove the folders of runs that ended without their watcher; those of other people cannot be opened, and stay."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_uid == os.getuid():
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)

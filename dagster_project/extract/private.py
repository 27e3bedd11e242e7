"""The private folder of one run: only its owner sees it, and it goes with the run, however that ends.

DuckDB spills what does not fit into memory. A small process waits for the end of this one and takes the folder away, also after a
kill; it holds nothing but the path.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WATCH = (
    "import shutil, signal, sys\n"
    "for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(one, signal.SIG_IGN)\n"
    "sys.stdin.read()\n"
    "shutil.rmtree(sys.argv[1], ignore_errors=True)\n"
)


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder with mode 0700 in the system's place for temporary files (TMPDIR)."""
    folder = Path(tempfile.mkdtemp(prefix="hiw-extract-"))
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

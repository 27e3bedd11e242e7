"""The private folder of a run: what a run leaves that was killed together with its watcher goes at the next start; a living one's stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dagster_project.extract.private import private_folder

RUN = """
import os, subprocess, sys, time
from dagster_project.extract.private import private_folder
with private_folder() as folder:
    (folder / "spilled").write_text("of a record")
    print(folder, subprocess.run(["pgrep", "-P", str(os.getpid()), "python"], capture_output=True, text=True).stdout.split()[0], flush=True)
    time.sleep(600)
"""


def start() -> tuple[subprocess.Popen[str], Path, int]:
    """A run that holds its folder: the process, the folder, its watcher."""
    process = subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True)
    folder, watcher = str(process.stdout and process.stdout.readline()).split()
    return process, Path(folder), int(watcher)


def test_the_next_run_removes_what_a_killed_run_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (living, of_living, _), (dead, of_dead, watcher) = start(), start()
    (tmp_path / "hiw-extract-link").symlink_to(Path.home())
    try:
        assert of_dead.stat().st_mode & 0o777 == 0o700
        os.kill(watcher, signal.SIGKILL)
        dead.kill()
        dead.communicate()
        assert (of_dead / "spilled").exists()
        with private_folder() as folder:
            assert {path.name for path in tmp_path.iterdir()} == {folder.name, of_living.name, "hiw-extract-link"}
            assert (of_living / "spilled").exists() and folder.stat().st_mode & 0o777 == 0o700
    finally:
        living.kill()
        living.communicate()

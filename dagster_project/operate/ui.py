"""Run Dagster's pages, its daemon and one code server for both as children of this process: when one of them ends, all do.

Left to themselves, the daemon stays and starts runs when the pages cannot be served (a port in use), and each of the two starts
a code server of its own, which the daemon takes down and starts again every 75 seconds.
"""

from __future__ import annotations

import math
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.operate.webserver import MODULE
from dagster_project.runtime.instance import prepare_home
from dagster_project.transform.dbt import prepare_manifest

HOST = "127.0.0.1"
START_SECONDS, END_SECONDS, LOOKS_EVERY_SECONDS = 180, 10, 0.5
"""Runs are processes of their own: what ends late is a code server that waits 60 seconds for an answer to a client that is gone."""
WORKSPACE = "load_from:\n  - grpc_server:\n      socket: {socket}\n      location_name: {name}\n"


def serve_with_daemon(run: Run, port: int) -> None:
    """Serve until told to end. Raises LakeError where the port is in use, or one of the three ends by itself."""
    _require_free(port)
    prepare_manifest(run)
    prepare_home(run)
    # A socket's path may have a hundred letters, which a data folder may exceed.
    with tempfile.TemporaryDirectory(prefix="hiw-ui-") as folder, _ending_together() as children:
        path, workspace = Path(folder) / "code", Path(folder) / "workspace.yaml"
        workspace.write_text(WORKSPACE.format(socket=path, name=MODULE), encoding="utf-8")
        children["the code server"] = _start("dagster", "api", "grpc", "-m", MODULE, "--socket", str(path))
        # Whoever asks before it listens shows an empty page for a minute.
        _wait(children, path.exists, START_SECONDS)
        children["the daemon"] = _start("dagster-daemon", "run", "-w", str(workspace))
        children["the webserver"] = _start("hiw", "webserver", "--port", str(port), "--workspace", str(workspace))
        _wait(children)


def _require_free(port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise LakeError(
                "the pages were not started",
                f"port {port} cannot be used ({error.strerror})",
                f"end what uses it, or name another: `make ui PORT={port + 1}`",
            ) from error


def _start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([str(Path(sys.executable).with_name(program)), *arguments])


def _wait(
    children: dict[str, subprocess.Popen[bytes]],
    until: Callable[[], bool] = lambda: False,
    seconds: float = math.inf,
) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        for name, child in children.items():
            if child.poll() is not None:
                raise LakeError(
                    "the pages were ended", f"{name} ended with {child.returncode}", "read what it said above"
                )
        if time.monotonic() > deadline:
            raise LakeError("the pages were not started", f"nothing answered within {seconds:.0f} s", "try again")
        time.sleep(LOOKS_EVERY_SECONDS)


@contextmanager
def _ending_together() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    children: dict[str, subprocess.Popen[bytes]] = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield children
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            try:
                child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()

"""Run Dagster's pages, its daemon and one code server for both as children of one process: when one of them ends, all do.

Left to themselves, the daemon stays and starts runs when the pages cannot be served (a port in use), and each of the two starts
a code server of its own, which the daemon takes down and starts again every 75 seconds.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from dagster_project.lake.files import LakeError
from dagster_project.operate.webserver import MODULE, serve
from dagster_project.runtime.instance import prepare_home
from dagster_project.settings import Settings
from dagster_project.transform.dbt import prepare_manifest

HOST = "127.0.0.1"
START_SECONDS, END_SECONDS, LOOKS_EVERY_SECONDS = 180, 30, 0.5
WORKSPACE = "load_from:\n  - grpc_server:\n      socket: {socket}\n      location_name: {name}\n"


def serve_with_daemon(settings: Settings, port: int) -> None:
    """Serve until told to end, or until the daemon or the code server ends. Raises LakeError where the port is in use."""
    _require_free(port)
    prepare_manifest(settings)
    prepare_home(settings)
    # A socket's path may have a hundred letters, which a data folder may exceed.
    with tempfile.TemporaryDirectory(prefix="hiw-ui-") as folder, _ending_together() as start:
        path, workspace = Path(folder) / "code", Path(folder) / "workspace.yaml"
        workspace.write_text(WORKSPACE.format(socket=path, name=MODULE.partition(".")[0]), encoding="utf-8")
        _wait_for(path, start([_program("dagster"), "api", "grpc", "-m", MODULE, "--socket", str(path)]))
        start([_program("dagster-daemon"), "run", "-w", str(workspace)])
        serve(settings, HOST, port, read_only=False, workspace=workspace)


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


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


class _Starter:
    """Starts children, and ends this process when one of them has ended."""

    def __init__(self) -> None:
        self.children: list[subprocess.Popen[bytes]] = []
        self.done = Event()

    def __call__(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command)
        self.children.append(child)
        return child

    def watch(self) -> None:
        while not self.done.wait(LOOKS_EVERY_SECONDS):
            if any(child.poll() is not None for child in self.children):
                os.kill(os.getpid(), signal.SIGTERM)
                return


@contextmanager
def _ending_together() -> Iterator[_Starter]:
    starter = _Starter()
    # uvicorn raises the signal that ended it once more, which without a handler would end this process before its children.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Thread(target=starter.watch, daemon=True).start()
    try:
        yield starter
    finally:
        starter.done.set()
        for child in starter.children:
            child.terminate()
        for child in starter.children:
            try:
                child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def _wait_for(path: Path, server: subprocess.Popen[bytes]) -> None:
    """Wait for the code server to listen: whoever asks before it does shows an empty page for a minute."""
    deadline = time.monotonic() + START_SECONDS
    while not path.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise LakeError("the pages were not started", "the code server did not start", "read what it said above")
        time.sleep(LOOKS_EVERY_SECONDS)

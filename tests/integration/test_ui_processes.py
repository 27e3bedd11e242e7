"""`hiw ui`: pages, daemon and code server are one thing; none is left running when another ends, and a port in use is said first."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from tests.fixtures.loopback import free_port
from tests.warehouses import HIW, Warehouse

START_SECONDS, END_SECONDS = 150, 60


def children_of(pid: int) -> dict[int, str]:
    """Process id -> command line."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = next(line for line in status.read_text().splitlines() if line.startswith("PPid:")).split()[1]
            if int(parent) == pid:
                found[int(status.parent.name)] = (status.parent / "cmdline").read_text().replace("\0", " ")
        except (OSError, StopIteration):
            continue
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text() != ""  # of a zombie it is empty
    except OSError:
        return False


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = Warehouse(tmp_path / "lake", {"HIW_SOURCES": "sample"}).hiw("ui", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} cannot be used" in done.stderr and f"make ui PORT={port + 1}" in done.stderr
    assert not (tmp_path / "lake").exists()


def test_when_the_daemon_ends_nothing_is_left(tmp_path: Path) -> None:
    port = free_port()
    environment = Warehouse(tmp_path / "lake", {"HIW_SOURCES": "sample"}).environment
    log = tmp_path / "log"
    with log.open("wb") as said:
        ui = subprocess.Popen([HIW, "ui", "--port", str(port)], env=environment, stdout=said, stderr=said)
    try:
        _wait_for(f"http://127.0.0.1:{port}/server_info", ui)
        children = children_of(ui.pid)
        (daemon,) = (pid for pid, command in children.items() if "dagster-daemon" in command)
        assert sum("api grpc" in command for command in children.values()) == 1, "one code server for both"
        os.kill(daemon, signal.SIGKILL)
        assert ui.wait(END_SECONDS) == 1
        assert "the daemon ended with -9" in log.read_text(encoding="utf-8")
        assert {pid: command for pid, command in children.items() if _lives(pid)} == {}
    finally:
        ui.terminate()
        ui.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{address} did not answer within {START_SECONDS} seconds")

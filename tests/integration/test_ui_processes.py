"""`hiw ui`: pages, daemon and code server are one thing; none is left running when another ends, and a port in use is said first."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner
from dagster._cli.instance import instance_cli
from dagster_dg_core.context import DgContext
from dotenv import dotenv_values

from dagster_project.lake.run import Run
from dagster_project.operate.webserver import MODULE
from dagster_project.runtime.instance import prepare_home
from dagster_project.settings import PROJECT_ROOT, Settings
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


def test_dagster_dev_and_dg_dev_read_the_records_of_hiw_ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The .env that `make environment` writes, as Dagster's own command reads it: of the usual folder, and of that in HIW_DATA_LAKE."""
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^ENV := (.*)$", makefile, re.MULTILINE)
    lines = shlex.split(recipe.replace("$$", "$").replace("$(CURDIR)", str(tmp_path)))
    (tmp_path / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("DAGSTER_HOME", "HIW_DATA_LAKE", "DAGSTER_DISABLE_TELEMETRY", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")  # prepare_home sets them: they are as before when the test ends
    home = prepare_home(Run.of(Settings(data_lake=tmp_path / "data_lake", sources="sample")))
    set_by_us = {f"{name}={os.environ[name]}" for name in ("DAGSTER_DISABLE_TELEMETRY", "DAGSTER_EVENT_BATCH_SIZE")}
    assert set(lines[1:]) == set_by_us
    for name in ("DAGSTER_HOME", "HIW_DATA_LAKE"):
        monkeypatch.delenv(name)
    told = CliRunner().invoke(instance_cli, ["info"])
    assert told.exit_code == 0, told.output
    assert f"$DAGSTER_HOME: {home}\n" in told.output
    assert "module: dagster_project.event_log" in told.output and "telemetry:\n  enabled: false" in told.output
    monkeypatch.setenv("HIW_DATA_LAKE", "/elsewhere")
    assert dotenv_values(tmp_path / ".env")["DAGSTER_HOME"] == "/elsewhere/dagster"


def test_every_way_gives_the_code_one_name() -> None:
    """Dagster keeps what was switched on under the name of the place where the code is from."""
    project = DgContext.for_project_environment(PROJECT_ROOT, {})
    assert (project.code_location_name, project.code_location_target_module_name) == (MODULE, MODULE)
    tool = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert tool["dagster"] == {"module_name": MODULE}, "without a name, Dagster takes the module's"


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

"""Whole warehouses, driven by the command line as an operator drives them; fixtures for all tests (tests/conftest.py)."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fixtures import postgres
from tests.fixtures.real_pages import write_mirror

HIW = str(Path(sys.executable).with_name("hiw"))
MIRROR = Path(os.environ.get("HIW_MIRROR") or Path(__file__).resolve().parents[2] / "shared" / "mirror")
"""The publishers' own files, for tests marked requires_mirror."""
SHARED = "HIW_TEST_SHARED"
"""Names the temporary folder of all workers of this run."""
HEARD = "heard.log"
LISTENER = """
import os, sys

def listen(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith("127.") and host not in ("::1", "localhost"):
            note(f"connect {host}")
    elif event == "socket.getaddrinfo" and arguments[0] not in (None, "", "localhost", "127.0.0.1", b"localhost"):
        note(f"look up {arguments[0]}")

def note(text):
    with open(os.environ["HIW_TEST_LISTENER"], "a") as log:
        log.write(f"{text} by {' '.join(sys.argv)[:200]}\\n")

sys.addaudithook(listen)
"""


def listening(folder: Path) -> dict[str, str]:
    """The environment of a process that writes every connection beyond this machine, and every name it looks up, to HEARD."""
    site = folder / "listening"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(LISTENER, encoding="utf-8")
    others = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    return {
        "HIW_TEST_LISTENER": str(folder / HEARD),
        "PYTHONPATH": os.pathsep.join([str(site), *others]),
        # The switches of the shell are taken away: the project's own configuration must do.
        "DO_NOT_TRACK": "",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "",
        "DAGSTER_DISABLE_TELEMETRY": "",
        "GX_ANALYTICS_ENABLED": "",
    }


@dataclass(frozen=True)
class Warehouse:
    """A data folder and the settings under which its nights run."""

    lake: Path
    settings: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command on this warehouse."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("HIW_", "DAGSTER_HOME"))}
        return clean | {"HIW_DATA_LAKE": str(self.lake), "COLUMNS": "200"} | dict(self.settings)

    def hiw(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end."""
        return subprocess.run([HIW, *arguments], env=self.environment, capture_output=True, text=True, check=False)

    def refresh(self) -> dict[str, Any]:
        """One night; its result, with the exit code."""
        finished = self.hiw("refresh", "--json")
        assert finished.stdout.strip(), finished.stderr
        return json.loads(finished.stdout) | {"exit_code": finished.returncode}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the published file."""
        with _opened((self.lake / "published" / "marts.duckdb").resolve()).cursor() as connection:
            connection.execute("use published")
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        """The only cell of the only row."""
        rows = self.query(sql)
        assert len(rows) == 1, f"{len(rows)} rows: {sql}"
        return rows[0][0]


@lru_cache(maxsize=4)
def _opened(marts: Path) -> duckdb.DuckDBPyConnection:
    """A release's file, which never changes: to open one, with its comments and macros, takes 45 ms."""
    from dagster_project.release.contents import attach

    connection = duckdb.connect()
    attach(connection, marts, "published")
    return connection


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with its size and the time of its last change, Dagster's own log left out."""
    kept = [path for path in folder.rglob("*") if path.is_file() and "dagster" not in path.relative_to(folder).parts]
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(kept)}


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of all workers of this run."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def told_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, tell: Callable[[Path], Mapping[str, Any]]
) -> dict[str, Any]:
    """What `tell` says, which the first worker that asks runs, in the folder of all workers, while the others wait."""
    return told_in(shared_folder(tmp_path_factory), name, tell)


def told_in(folder: Path, name: str, tell: Callable[[Path], Mapping[str, Any]]) -> dict[str, Any]:
    """`told_once` in a folder that is known."""
    told = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            told.write_text(json.dumps(tell(folder)), encoding="utf-8")
    said: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return said


def built_once(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    settings: Mapping[str, str],
    of_the_night: Callable[[Path], Mapping[str, str]],
) -> Warehouse:
    """The warehouse of that name after its first night, one for all workers of this run: tests read it and change nothing."""
    lake = shared_folder(tmp_path_factory) / name / "lake"
    night = told_once(
        tmp_path_factory, name, lambda folder: Warehouse(lake, dict(settings) | dict(of_the_night(folder))).refresh()
    )
    assert night["exit_code"] == 0, night
    return Warehouse(lake, settings)


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The sample estate after its first night, in which every attempt to leave this machine was written down."""
    return built_once(tmp_path_factory, "sample_warehouse", {"HIW_SOURCES": "sample"}, listening)


@pytest.fixture(scope="session")
def mirror_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The real published files, with the pages that the mirror lacks, after a first night; only for tests marked requires_mirror."""
    mirror_night(tmp_path_factory)
    folder = shared_folder(tmp_path_factory)
    settings = {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(folder / "mirror_with_pages")}
    return Warehouse(folder / "mirror_warehouse" / "lake", settings)


def mirror_night(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of the night of the real files. Where PostgreSQL is there, it kept Dagster's records, and `records` counts them."""

    def tell(folder: Path) -> dict[str, Any]:
        mirror = folder / "mirror_with_pages"
        write_mirror(MIRROR, mirror)
        lake = folder / "mirror_warehouse" / "lake"
        settings = {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(mirror)}
        if postgres.why_it_cannot_run():
            return Warehouse(lake, settings).refresh()
        with postgres.running_server() as server:
            night = Warehouse(lake, settings | postgres.shipped(lake, server)).refresh()
            return night | {"records": postgres.records(server)}

    night = told_once(tmp_path_factory, "mirror_warehouse", tell)
    assert night["exit_code"] == 0, night
    return night

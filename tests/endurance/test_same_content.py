"""Whole first nights: elsewhere, with other threads, and after kills. Long: `make endurance`.

What is compared is the release id and the content hash of every published table.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagster_project.lake.paths import Lake
from dagster_project.release.publication import PUBLICATION
from tests.fixtures.processes import children_of
from tests.warehouses import HIW, Warehouse

pytestmark = pytest.mark.endurance
KILLS = max(1, int(os.environ.get("HIW_ENDURANCE", "200")) // 20)
"""Of whole nights of the sample; those of a small night are in test_kills.py."""
OTHER_MACHINE = "import socket\nsocket.gethostname = lambda: 'another-machine'\n"


@dataclass(frozen=True)
class Content:
    """What a data folder publishes."""

    release_id: str
    tables: Mapping[str, str]

    @classmethod
    def of(cls, lake: Lake) -> Content:
        manifest = json.loads((lake.published / "manifest.json").read_text(encoding="utf-8"))
        tables = {table["name"]: table["content_hash"] for table in manifest["tables"] if table["schema"] == "main"}
        # It tells when the release was sealed and by which commit.
        del tables[PUBLICATION]
        return cls(manifest["release_id"], tables)


@pytest.fixture
def undisturbed(sample_warehouse: Warehouse) -> Content:
    """The sample's first night: two threads, UTC, umask 022."""
    return Content.of(Lake(sample_warehouse.lake))


@pytest.mark.parametrize(
    ("threads", "zone", "umask", "folder"),
    [(1, "Pacific/Chatham", 0o077, "one thread, far away"), (4, "America/St_Johns", 0o002, "vier Fäden")],
)
def test_a_first_night_elsewhere_gives_the_same_release_which_can_be_built_again(
    undisturbed: Content, tmp_path: Path, threads: int, zone: str, umask: int, folder: str
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(OTHER_MACHINE, encoding="utf-8")
    settings = {"HIW_SOURCES": "sample", "HIW_THREADS": str(threads), "TZ": zone, "PYTHONPATH": str(site)}
    elsewhere = Warehouse(tmp_path / folder, settings)
    told = {"env": elsewhere.environment, "umask": umask}
    night = subprocess.run([HIW, "refresh"], capture_output=True, text=True, check=False, **told)
    assert night.returncode == 0, night.stdout + night.stderr
    assert Content.of(Lake(elsewhere.lake)) == undisturbed
    said = elsewhere.hiw("verify")
    assert (said.returncode, ": the same, all " in said.stdout) == (0, True), said.stdout + said.stderr


def _kill_once(warehouse: Warehouse, after: float, *, only_children: bool) -> bool:
    """Start a night and kill it, or only what it has started, after a while; False when it had ended by itself."""
    with subprocess.Popen([HIW, "refresh"], env=warehouse.environment, stdout=subprocess.DEVNULL) as night:
        try:
            night.wait(after)
        except subprocess.TimeoutExpired:
            for pid in children_of(night.pid) if only_children else [night.pid]:
                os.kill(pid, signal.SIGKILL)
            return True
    return False


def test_a_night_after_a_kill_at_any_moment_ends_as_if_nothing_had_happened(
    undisturbed: Content, tmp_path: Path, seed: int
) -> None:
    stream, killed, same, seconds = random.Random(seed), 0, 0, 0.0
    for number in range(KILLS):
        warehouse = Warehouse(tmp_path / str(number), {"HIW_SOURCES": "sample"})
        killed += _kill_once(warehouse, stream.uniform(0.5, max(seconds, 20)), only_children=bool(number % 3 == 2))
        begun = time.monotonic()
        night = warehouse.hiw("refresh")
        seconds = time.monotonic() - begun
        assert night.returncode == 0, f"kill {number} of seed {seed}: {night.stdout}{night.stderr}"
        same += Content.of(Lake(warehouse.lake)) == undisturbed
        subprocess.run(["rm", "-rf", str(warehouse.lake)], check=True)
    print(f"seed {seed}: {killed} of {KILLS} nights killed; {same} of {KILLS} clean nights gave the same content")
    assert same == KILLS
    assert killed >= KILLS * 3 // 5

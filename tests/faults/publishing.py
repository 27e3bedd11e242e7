"""A process that publishes on command and can be killed: the imports are paid once, each command runs in a fork.

Commands are lines of JSON on standard input. The process answers with the pid of the fork at once, and with its exit code
when it has ended: 0 done, 3 refused or failed with a reason (printed to standard error), negative the signal that killed it.
"""

from __future__ import annotations

import errno
import importlib
import itertools
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster_project.contracts.source import load_sources
from dagster_project.lake.files import LakeError
from dagster_project.publish.beside.bill_of_materials import installed
from dagster_project.publish.evidence import require_passing_evidence
from dagster_project.publish.publish import publish
from dagster_project.release.candidate import build_candidate
from dagster_project.release.project import ReleaseProject
from dagster_project.release.releases import current_release, release_lock, rollback
from tests.integration.release.release_estate import fingerprint_of, generation_of, project_at

INTERRUPTED_CALLS = (
    "open", "fsync", "rename", "replace", "unlink", "symlink", "mkdir", "rmdir", "chmod", "sendfile", "fchmod", "ftruncate",
)  # fmt: skip
REASON = 3


def count_calls(number: int = 0, interruption: Callable[[], None] = lambda: None) -> Callable[[], int]:
    """Count the calls by which a publish changes the disk, and run `interruption` before the n-th; gives the counter."""
    seen = 0

    def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == number:
                interruption()
            return real(*arguments, **named)

        return call

    for name in INTERRUPTED_CALLS:
        setattr(os, name, wrapped(getattr(os, name)))
    return lambda: seen


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def publish_for_ever(project: ReleaseProject, candidates: list[str]) -> None:
    releases = {sha256: require_passing_evidence(project, sha256).release_id for sha256 in candidates}
    for sha256 in itertools.cycle(candidates):
        publish(project, sha256, keep_releases=2, withdrawn_release=releases[sha256])


def read_for_ever(project: ReleaseProject, stop: Path, told: Path) -> None:
    """What an analyst does: open the published file and look; every fourth time by way of the pointer."""
    reads = 0
    while not stop.exists():
        generation_of(project.lake.marts)
        reads += 1
        # Eight readers without a pause take both cores, and the publisher whom they are to meet stands still.
        time.sleep(0.25)
        if reads % 4 == 0:
            release = current_release(project.lake)
            assert release is not None
            assert release.release_id == fingerprint_of(generation_of(release.marts))[:12]
    told.write_text(str(reads))


def read_in_forks(command: dict[str, Any]) -> None:
    """As many readers at once as asked for; fails when one of them does."""
    readers = []
    for number in range(command["readers"]):
        reader = os.fork()
        if reader == 0:
            run_in_fork(command | {"do": "read_in_one", "told": f"{command['told']}-{number}"})
        readers.append(reader)
    codes = [os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1]) for reader in readers]
    assert not any(codes), codes


def run(command: dict[str, Any]) -> None:
    project = project_at(Path(command["root"]))
    match command["do"]:
        case "publish":
            publish(project, command.get("sha256"))
        case "publish_for_ever":
            publish_for_ever(project, command["candidates"])
        case "count_calls":
            calls = count_calls()
            publish(project, keep_releases=2)
            Path(command["told"]).write_text(str(calls()))
        case "publish_killed" | "publish_on_full_disk":
            count_calls(command["call"], die if command["do"] == "publish_killed" else fill_disk)
            publish(project, keep_releases=2)
        case "rollback_killed":
            calls = count_calls(command["call"], die)
            rollback(project.lake)
            Path(command["told"]).write_text(str(calls()))
        case "publish_limited" | "build_limited":
            resource.setrlimit(resource.RLIMIT_FSIZE, (command["bytes"], command["bytes"]))
            if command["do"] == "publish_limited":
                publish(project)
            else:
                build_candidate(project, origin="synthetic", fingerprint=fingerprint_of(9))
        case "hold_lock":
            with release_lock(project.lake, 0):
                Path(command["told"]).touch()
                time.sleep(60)
        case "read_for_ever":
            read_in_forks(command)
        case "read_in_one":
            read_for_ever(project, Path(command["stop"]), Path(command["told"]))
        case other:
            raise ValueError(other)


def run_in_fork(command: dict[str, Any]) -> None:
    try:
        run(command)
    except LakeError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(REASON)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Serve commands until standard input ends."""
    # Two seconds, paid once for all forks: the sources' YAML, the distributions of the environment, and pandas, which DuckDB
    # imports when it binds a parameter.
    load_sources()
    installed()
    importlib.import_module("pandas")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run_in_fork(json.loads(line))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()

"""Runs whose process is gone: they are marked failed, their pool slots freed, the dbt they left behind ended.

Dagster's own run monitoring sees runs that the daemon launched. A run started from a shell and killed with -9 stays
"started" for ever, and the next one waits for its slot for ever; this closes that gap. Who works holds the nightly run's lock, which the
kernel takes from the dead; the name of the machine says nothing, for a container that starts again has another one.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from pathlib import Path

import dagster as dg

from dagster_project.lake.night import alone_with
from dagster_project.lake.paths import VERIFYING, Lake
from dagster_project.lake.run import Run
from dagster_project.runtime.started import STARTER

PROCESS_TAG = "hiw/process"
SECONDS_TO_START = 60
"""From Dagster's word that a run begins to its first step, which asks for the lock."""
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def process_tags() -> dict[str, str]:
    """Return the tags by which a run started in this process can be recognised as dead: host, pid and the process's start time."""
    return {PROCESS_TAG: f"{socket.gethostname()}/{os.getpid()}/{_start_time(os.getpid())}"}


def _start_time(pid: int) -> str:
    """Field 22 of /proc/<pid>/stat; "" where there is no such process. A pid alone may have been given to another."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rsplit(")", 1)[1].split()[19]


def _process_is_gone(tag: str) -> bool:
    host, pid, started = tag.split("/")
    return host == socket.gethostname() and _start_time(int(pid)) != started


def _is_dead(record: dg.RunRecord, wait_seconds: float, *, alone: bool, alive: str) -> bool:
    """A run of `hiw refresh` holds the lock from its beginning to its end. One that the daemon started may wait for the lock, but
    fails when it has waited for HIW_LOCK_WAIT_SECONDS.
    """
    dagster_run, tag = record.dagster_run, record.dagster_run.tags.get(PROCESS_TAG)
    if dagster_run.run_id == alive or (tag is not None and tag in process_tags().values()):
        return False
    if tag is not None:
        return alone or _process_is_gone(tag)
    begun = record.start_time or record.create_timestamp.timestamp()
    # A clock that was put back would make a dead run young for ever.
    is_old = abs(time.time() - begun) > wait_seconds + SECONDS_TO_START
    return alone and is_old and dagster_run.status is not dg.DagsterRunStatus.NOT_STARTED


def reap_dead_runs(instance: dg.DagsterInstance, run: Run, *, alive: str = "") -> list[str]:
    """Fail every unfinished run that nobody works on, free its slots, end orphaned dbt processes; the ids of the runs.

    `alive` is the id of the run that asks.
    """
    reaped = []
    with alone_with(run.lake) as alone:
        for record in instance.get_run_records(filters=dg.RunsFilter(statuses=UNFINISHED)):
            dead = record.dagster_run
            if _is_dead(record, run.wait_seconds, alone=alone, alive=alive):
                instance.report_run_failed(
                    dead, "The process of this run is gone (killed or lost); it was reaped by the next nightly run."
                )
                instance.event_log_storage.free_concurrency_slots_for_run(dead.run_id)
                reaped.append(dead.run_id)
        if alone:
            _end_orphaned_dbt(run.lake)
            for leftover in run.lake.temporary.glob(f"{VERIFYING}*"):
                shutil.rmtree(leftover, ignore_errors=True)
    return reaped


def hold_for_run(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, run: Run) -> None:
    """Hold the data folder for the run of this step; the first step that gets it reaps dead runs.

    Raises LakeError when another run keeps the folder.
    """
    if run.hold():
        for run_id in reap_dead_runs(context.instance, run, alive=context.run.run_id):
            context.log.warning(f"Reaped a dead run: {run_id}")


def _end_orphaned_dbt(lake: Lake) -> None:
    """End dbt processes that work on this warehouse and whose starter is gone: they hold the lock of the file."""
    mark = f"HIW_DATA_LAKE={lake.root}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            if not any(part.endswith((b"/dbt", b"/hiw-dbt")) for part in command[:3]):
                continue
            told = (folder / "environ").read_bytes().split(b"\0")
            if mark in told and _is_orphan(folder, told):
                os.kill(int(folder.name), signal.SIGKILL)
        except (OSError, IndexError):
            continue


def _is_orphan(folder: Path, environment: list[bytes]) -> bool:
    """Who takes in a child whose parent died differs (process 1, or a supervisor), so its parent is compared with its starter."""
    parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
    told = dict(line.partition(b"=")[::2] for line in environment)
    starter = told.get(STARTER.encode())
    return parent == "1" if starter is None else parent != starter.decode()

"""Runs whose process is gone: they are marked failed, their pool slots freed, the dbt they left behind ended.

Dagster's own run monitoring sees runs that the daemon launched. A run started from a shell and killed with -9 stays
"started" for ever, and the next one waits for its slot for ever; this closes that gap.
"""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import dagster as dg

from dagster_project.lake.paths import Lake
from dagster_project.settings import Settings

PROCESS_TAG = "hiw/process"
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def process_tags() -> dict[str, str]:
    """Tags by which a run started in this process can be recognised as dead: host, pid and the process's start time."""
    return {PROCESS_TAG: f"{socket.gethostname()}/{os.getpid()}/{_start_time(os.getpid())}"}


def _start_time(pid: int) -> str:
    """Field 22 of /proc/<pid>/stat; "" where there is no such process. A pid alone may have been given to another."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rsplit(")", 1)[1].split()[19]


def _is_dead(tag: str) -> bool:
    host, pid, started = tag.split("/")
    return host == socket.gethostname() and _start_time(int(pid)) != started


def reap_dead_runs(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Fail every unfinished run whose process is gone, free its slots, end orphaned dbt processes; the ids of the runs."""
    reaped = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED)):
        tag = run.tags.get(PROCESS_TAG)
        if tag and _is_dead(tag):
            instance.report_run_failed(
                run, "The process of this run is gone (killed or lost); it was reaped by the next night."
            )
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            reaped.append(run.run_id)
    _end_orphaned_dbt(settings)
    return reaped


def _end_orphaned_dbt(settings: Settings) -> None:
    """End dbt processes that work on this warehouse and whose parent died: they hold the lock of the file."""
    mark = f"HIW_DATA_LAKE={Lake(settings.data_lake).root}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            orphan = any(part.endswith((b"/dbt", b"/hiw-dbt")) for part in command[:3]) and _parent(folder) == 1
            if orphan and mark in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
        except (OSError, IndexError):
            continue


def _parent(folder: Path) -> int:
    return int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])

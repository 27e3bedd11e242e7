"""Run a command and watch the memory of its whole process tree."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL_SECONDS = 0.25
KILOBYTE = 1024


@dataclass(frozen=True)
class Watched:
    """Wall time in seconds, the peak of the summed proportional set size in megabytes, and seconds of processor time.

    Processor time is that of the command and of all that it started and waited for, or where that is more, what was seen of its process
    tree (a JVM that nobody waits for); other work on the machine hardly moves it.
    """

    seconds: float
    peak_mb: float
    output: str
    cpu_seconds: float


def run_watched(command: Sequence[str], environment: Mapping[str, str]) -> Watched:
    """Run `command` to its end; raises RuntimeError with its output when it fails."""
    start, used = time.perf_counter(), _used()
    process = subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = [0.0]
    seen: dict[int, float] = {}
    done = threading.Event()
    watcher = threading.Thread(target=_sample, args=(process.pid, peak, seen, done), daemon=True)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Watched(seconds, peak[0], output, max(_used() - used, sum(seen.values())))


def _used() -> float:
    """Processor time of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _sample(pid: int, peak: list[float], seen: dict[int, float], done: threading.Event) -> None:
    while not done.wait(INTERVAL_SECONDS):
        members = _tree(pid)
        peak[0] = max(peak[0], sum(_memory_mb(member) for member in members))
        seen.update((member, used) for member in members if (used := _cpu_seconds(member)))


def _tree(pid: int) -> list[int]:
    members, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        members.append(member)
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return members


def _memory_mb(pid: int) -> float:
    """Proportional set size: shared pages are counted once over the tree."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / KILOBYTE


def _cpu_seconds(pid: int) -> float:
    """Of the process alone, not of its children; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

"""Kill -9 at any moment of a small night, of its children alone, of a publish and of a rollback; the clean work after it ends as undisturbed.

A point is a call that changes the disk, drawn by the seed, and a while after it, so that it also falls between two calls, into
what DuckDB, dbt or Great Expectations do. HIW_ENDURANCE is the number of points of all kinds. Whole nights of the product:
test_same_content.py.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from tests.endurance.small_night import REFUSED, WORK, do_work
from tests.fixtures.killed_lake import forkserver
from tests.fixtures.processes import children_of, is_running, wait_until

pytestmark = pytest.mark.endurance
KILLS = int(os.environ.get("HIW_ENDURANCE", "200"))
PER_CENT = {"night": 10, "children": 10, "publish": 40, "rollback": 40}
"""Of all points: a night with its dbt and its Great Expectations takes ten times as long as a rollback."""
LONGEST_WHILE = 0.5
PATIENCE = 600
"""Seconds; the machine may be busy with others."""


@dataclass(frozen=True)
class Prepared:
    """A kind of work, the folder before it, how many calls change it, and what an undisturbed run makes of a copy."""

    name: str
    before: Path
    calls: int
    undisturbed: Any

    @classmethod
    def of(cls, name: str, folder: Path) -> Prepared:
        before = folder / "before"
        WORK[name].prepare(before)
        whole = shutil.copytree(before, folder / "undisturbed", symlinks=True)
        process, told = begin(name, whole)
        assert told.poll(PATIENCE), "it has not ended"
        calls = int(told.recv_bytes())
        process.join()
        return cls(name, before, calls, WORK[name].content(whole))


def begin(name: str, root: Path, *, again: bool = False, number: int = 0) -> tuple[BaseProcess, Connection]:
    """Start the work in a process of its own; what it tells."""
    context = forkserver("tests.endurance.small_night")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=do_work, args=(name, root, again, number, theirs))
    process.start()
    theirs.close()
    return process, ours


def kill_at(prepared: Prepared, root: Path, number: int, after: float) -> bool:
    """Run the work and kill it, or its children alone, a while after its n-th call; False where it had ended by itself."""
    process, told = begin(prepared.name, root, number=number)
    assert process.pid is not None
    assert told.poll(PATIENCE), "it neither came to the call nor ended"
    time.sleep(after)
    only_children = WORK[prepared.name].only_children
    if only_children:
        wait_until(lambda: bool(children_of(process.pid)) or not is_running(process.pid), PATIENCE)
    children = children_of(process.pid)
    killed = bool(children) if only_children else is_running(process.pid)
    for pid in children if only_children else [process.pid]:
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, signal.SIGKILL)
    process.join(PATIENCE)
    assert process.exitcode in ({0, REFUSED} if only_children else {0, -signal.SIGKILL}), process.exitcode
    assert wait_until(lambda: not any(map(is_running, children)), PATIENCE), "its children outlive it"
    return killed


def survives(prepared: Prepared, root: Path, number: int, after: float) -> bool:
    """Kill the work on a copy, and do it again; it must end as the undisturbed did. Whether something was killed."""
    shutil.copytree(prepared.before, root, symlinks=True)
    work = WORK[prepared.name]
    killed = kill_at(prepared, root, number, after)
    work.require_intact(root)
    process, _ = begin(prepared.name, root, again=True)
    process.join(PATIENCE)
    assert process.exitcode == 0, f"the clean run ended with {process.exitcode}"
    assert work.content(root) == prepared.undisturbed
    shutil.rmtree(root)
    return killed


@pytest.mark.parametrize("name", PER_CENT)
def test_killed_at_any_moment_the_clean_run_after_it_ends_as_undisturbed(name: str, tmp_path: Path, seed: int) -> None:
    prepared = Prepared.of(name, tmp_path)
    dice, points, killed = random.Random(f"{seed} {name}"), max(1, KILLS * PER_CENT[name] // 100), 0
    wrong = []
    for point in range(points):
        number, after = dice.randint(1, prepared.calls), dice.uniform(0, LONGEST_WHILE)
        print(f"{name}: point {point + 1} of {points}", flush=True)
        try:
            killed += survives(prepared, tmp_path / "point", number, after if point % 2 else 0)
        except Exception as error:
            wrong.append(f"call {number} of {prepared.calls}: {type(error).__name__}: {error}")
            print(wrong[-1], flush=True)
            shutil.rmtree(tmp_path / "point", ignore_errors=True)
    print(
        f"{name}, seed {seed}: {points - len(wrong)} of {points} ended as undisturbed, {killed} were killed before their end"
    )
    assert wrong == []
    assert killed >= points // 2

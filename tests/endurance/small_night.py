"""A whole night of the parts of tests/faults/small_nights.py in one folder, and what of it can be killed.

One publisher's file, two returns, a dbt project of three models, Great Expectations in its own process, one release: every
stage of a night in eight seconds of processor time. Publishing and rolling back are also there by themselves. The work runs in
a process of its own, forked from one that has everything imported. Not here: the loop (test_kills.py).
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dagster_project.lake.files import LakeError
from dagster_project.quality.judge import start_judge
from dagster_project.release.releases import rollback
from dagster_project.transform.dbt import drop_damaged_warehouse
from tests.faults.failing_disk import FailingDisk, failing
from tests.faults.small_nights import MEMORY, PARTS
from tests.integration.release.release_estate import Estate, fingerprint_of, generation_of, project_at, run_dbt

FOLDERS = {"fetch and parse": "sources", "intake": "returns", "candidate": "release", "publish": "release"}
REFUSED = 3
"""Exit code of work that ended with a sentence for the operator."""


@dataclass
class Telling(FailingDisk):
    """Fails nothing: it tells when the `number`-th call that changes the disk is met."""

    told: Connection | None = None

    def meet(self, what: str, place: str) -> None:
        self.calls.append(what)
        if self.told is not None and len(self.calls) == self.number:
            self.told.send_bytes(b"met")


@dataclass(frozen=True)
class Work:
    """What is killed, and the clean work after it."""

    prepare: Callable[[Path], object]
    run: Callable[[Path], object]
    again: Callable[[Path], object]
    content: Callable[[Path], Any]
    require_intact: Callable[[Path], object]
    only_children: bool = False


def _of_parts(do: str, *names: str) -> Callable[[Path], dict[str, Any]]:
    def each(root: Path) -> dict[str, Any]:
        return {name: getattr(PARTS[name], do)(root / FOLDERS[name]) for name in names}

    return each


def _build_models(estate: Estate) -> None:
    drop_damaged_warehouse(estate.project.run)
    try:
        run_dbt(estate.root)
    except AssertionError as error:
        raise LakeError("dbt", f"it did not come to its end: {error}", "start the night again") from error
    estate.make_generation(2)


def _night(root: Path) -> None:
    run = project_at(root / "release").run
    with run.lock():
        start_judge()
        for name, folder in FOLDERS.items():
            if name == "candidate":
                _build_models(Estate(root / folder))
            said = PARTS[name].run(root / folder, MEMORY)
            assert said == [], said


def _roll_back(root: Path) -> None:
    rollback(project_at(root / "release").lake)


def _roll_back_if_it_has_not(root: Path) -> None:
    if generation_of(project_at(root / "release").lake.marts) == 2:
        _roll_back(root)


def _publish_twice(root: Path) -> None:
    PARTS["publish"].prepare(root / "release")
    PARTS["publish"].run(root / "release", MEMORY)


def _content_of_release_and_withdrawn(root: Path) -> Any:
    withdrawn = project_at(root / "release").lake.releases / "withdrawn.json"
    assert fingerprint_of(2)[:12] in withdrawn.read_text()
    return PARTS["publish"].content(root / "release")


_PREPARED = ("fetch and parse", "intake", "candidate")
_ENDED = ("fetch and parse", "intake", "publish")
_NIGHT = (
    _of_parts("prepare", *_PREPARED),
    _night,
    _night,
    _of_parts("content", *_ENDED),
    _of_parts("require_intact", *_ENDED),
)
_PUBLISH = _of_parts("run", "publish")
_INTACT = _of_parts("require_intact", "publish")


def _publish(root: Path) -> None:
    PARTS["publish"].run(root / "release", MEMORY)


WORK = {
    "night": Work(*_NIGHT),
    "children": Work(*_NIGHT, only_children=True),
    "publish": Work(_of_parts("prepare", "publish"), _publish, _publish, _of_parts("content", "publish"), _INTACT),
    "rollback": Work(_publish_twice, _roll_back, _roll_back_if_it_has_not, _content_of_release_and_withdrawn, _INTACT),
}


def do_work(name: str, root: Path, again: bool, number: int, told: Connection) -> None:
    """Do the work, and tell of its `number`-th call and at its end how many there were; exits with 0, REFUSED or 1."""
    disk = Telling(root, number, told=told)
    try:
        with failing(disk):
            (WORK[name].again if again else WORK[name].run)(root)
    except LakeError as error:
        print(error, flush=True)
        os._exit(REFUSED)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    told.send_bytes(str(len(disk.calls)).encode())
    os._exit(0)

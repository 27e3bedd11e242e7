"""The n-th call that changes the disk fails, once and from then on, and memory is short: the next clean run ends as if nothing had been.

Here a seeded few of the points; all of them: `make endurance`.
"""

from __future__ import annotations

import errno
import random
import shutil
from pathlib import Path

import pytest

from tests.faults.failing_disk import FailingDisk
from tests.faults.small_nights import PARTS, Prepared

POINTS = {"intake": 4, "fetch and parse": 8, "candidate": 1, "publish": 4}
MEMORY_LIMITS = ("2MB", "8MB", "24MB", "64MB", "256MB")
WHOLE = pytest.mark.endurance


@pytest.fixture(params=PARTS, scope="module")
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared.of(PARTS[request.param], tmp_path_factory.mktemp("prepared"))


def points_of(prepared: Prepared, folder: Path) -> list[FailingDisk]:
    """Every call, once and from then on, in turn on a full and on a broken disk."""
    errors = (errno.ENOSPC, errno.EIO)
    return [
        FailingDisk(folder, number, errors[(number + lasting) % 2], lasting)
        for number in range(1, prepared.calls + 1)
        for lasting in (False, True)
    ]


def ended_otherwise(prepared: Prepared, disk: FailingDisk, told: list[str]) -> str:
    """What was wrong after that point, "" where all was well; what the run said is added to `told`. A loop of hours goes on."""
    try:
        told += prepared.survives(disk.root, disk)[:1]
    except Exception as error:
        shutil.rmtree(disk.root, ignore_errors=True)
        wrong = f"call {disk.number}, errno {disk.error}, {disk.lasting=}: {disk.failed[:1]} {type(error).__name__}: {error}"
        print(wrong, flush=True)
        return wrong
    return "" if disk.failed else f"call {disk.number} was never made"


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=WHOLE)], ids=["some", "every"])
def test_a_call_that_changes_the_disk_fails(prepared: Prepared, every: bool, tmp_path: Path, seed: int) -> None:
    points = points_of(prepared, tmp_path / "point")
    chosen = points if every else random.Random(seed).sample(points, POINTS[prepared.part.name])
    told: list[str] = []
    wrong = [found for disk in chosen if (found := ended_otherwise(prepared, disk, told))]
    print(
        f"{prepared.part.name}: {len(chosen) - len(wrong)} of {len(chosen)} points ended as undisturbed"
        f" (there are {len(points)}), {len(told)} were told"
    )
    assert wrong == []
    assert told, "no fault was told"


@pytest.mark.parametrize("prepared", sorted(set(PARTS) - {"publish"}), indirect=True)  # publishing takes no limit
@pytest.mark.parametrize("limits", [MEMORY_LIMITS[:1], pytest.param(MEMORY_LIMITS, marks=WHOLE)], ids=["least", "five"])
def test_memory_is_short(prepared: Prepared, limits: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "point"
    told = [limit for limit in limits if prepared.survives(folder, FailingDisk(folder), limit)]
    print(f"{prepared.part.name}: {len(limits)} of {len(limits)} limits of memory, told at {told}")
    assert limits[0] in told, "the least memory was enough"

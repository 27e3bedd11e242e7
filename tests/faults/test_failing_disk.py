"""The n-th call that changes the disk fails, once and from then on, and memory is short: the next clean run ends as if nothing had been.

Here a seeded few of the points; all of them: `make endurance`.
"""

from __future__ import annotations

import errno
import random
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
    """Every call, on a full and on a broken disk, once and from then on."""
    return [
        FailingDisk(folder, number, error, lasting)
        for number in range(1, prepared.calls + 1)
        for error in (errno.ENOSPC, errno.EIO)
        for lasting in (False, True)
    ]


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=WHOLE)], ids=["some", "every"])
def test_a_call_that_changes_the_disk_fails(prepared: Prepared, every: bool, tmp_path: Path, seed: int) -> None:
    points = points_of(prepared, tmp_path / "point")
    chosen = points if every else random.Random(seed).sample(points, POINTS[prepared.part.name])
    told = [prepared.survives(disk.root, disk) for disk in chosen]
    assert all(disk.failed for disk in chosen)
    print(
        f"{prepared.part.name}: {len(chosen)} of {len(points)} points ended as undisturbed, {sum(map(bool, told))} were told"
    )
    assert any(told), "no fault was told"


@pytest.mark.parametrize("prepared", sorted(set(PARTS) - {"publish"}), indirect=True)  # publishing takes no limit
@pytest.mark.parametrize("limits", [MEMORY_LIMITS[:1], pytest.param(MEMORY_LIMITS, marks=WHOLE)], ids=["least", "five"])
def test_memory_is_short(prepared: Prepared, limits: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "point"
    told = [limit for limit in limits if prepared.survives(folder, FailingDisk(folder), limit)]
    print(f"{prepared.part.name}: {len(limits)} of {len(limits)} limits of memory, told at {told}")
    assert limits[0] in told, "the least memory was enough"

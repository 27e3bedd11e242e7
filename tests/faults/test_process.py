"""Faults P1 to P3, P5 to P7 and P12 of publishing (tests/README.md), and a publish started by hand, each made real.

After every one of them the published file is wholly the old release or wholly the new one, and the next publish heals what
is left: no folder of a dead publisher remains, and the newest candidate is current.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.duck import connection
from dagster_project.lake.files import hash_file
from dagster_project.publish.evidence import candidate_path
from dagster_project.publish.publish import publish
from dagster_project.release.errors import Refused, ReleaseError
from dagster_project.release.releases import (
    current_name,
    find_problems,
    list_releases,
    read_release,
    release_names,
    repair_current,
    rollback,
    verify_current,
    withdrawn_ids,
)
from dagster_project.settings import PROJECT_ROOT
from tests.integration.release.release_estate import Estate, fingerprint_of, generation_of, project_at, sealed

REASON = 3
RANDOM_KILLS = 8
EVERY, AROUND_THE_SWAP = 40, 12
GENERATIONS = (1, 2, 3, 4, 5, 6)


class Publisher:
    """The killable process of publishing.py."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.publishing"],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("a"),
            text=True,
        )

    def start(self, do: str, estate: Estate, **more: Any) -> int:
        """Begin a command; the pid of the process that runs it."""
        assert self._process.stdin is not None
        self._log.write_text("")
        self._process.stdin.write(json.dumps({"do": do, "root": str(estate.root), **more}) + "\n")
        self._process.stdin.flush()
        return int(self._answer())

    def wait(self) -> int:
        """The exit code of the command that was begun last."""
        return int(self._answer())

    def do(self, do: str, estate: Estate, **more: Any) -> int:
        """Run a command to its end."""
        self.start(do, estate, **more)
        return self.wait()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.said
        return line

    @property
    def said(self) -> str:
        """What the last command wrote to standard error."""
        return self._log.read_text()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    process = Publisher(tmp_path_factory.mktemp("publisher") / "stderr.txt")
    yield process
    process.close()


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate.fresh(tmp_path / "estate")


@pytest.fixture
def waiting(estate: Estate) -> Estate:
    """Generation 1 is published, generation 2 is sealed and waits."""
    estate.take(1)
    publish(estate.project)
    estate.take(2)
    return estate


def leftovers(estate: Estate) -> list[str]:
    hidden = [*estate.lake.releases.glob(".*"), *estate.lake.published.glob(".*")]
    return sorted(path.name for path in hidden if path.name != ".lock")


def assert_whole(estate: Estate) -> int:
    """I1 and I2: what is published is one release, and every file of it is the one its manifest names."""
    assert verify_current(estate.lake) == []
    # A folder that has a release's name is a whole release, whenever its publisher died.
    assert [
        find_problems(estate.lake, name) for name in release_names(estate.lake) if find_problems(estate.lake, name)
    ] == []
    generation = generation_of(estate.lake.marts)
    assert hash_file(estate.lake.marts) == sealed(generation)[1]
    return generation


def assert_heals(estate: Estate, generation: int) -> None:
    """I6: the next publish ends as one that never saw the fault, and nothing is left of the dead one."""
    assert publish(estate.project, sealed(generation)[1], keep_releases=2).outcome in {"published", "unchanged"}
    assert assert_whole(estate) == generation
    assert leftovers(estate) == []


def forget(estate: Estate, generation: int) -> None:
    """Back to before that generation was published."""
    if generation_of(estate.lake.marts) == generation:
        rollback(estate.lake)
    for release in list_releases(estate.lake):
        if release.release_id == fingerprint_of(generation)[:12]:
            shutil.rmtree(release.folder)
    (estate.lake.releases / "withdrawn.json").unlink(missing_ok=True)


# -- P1: killed -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[EVERY, pytest.param(1, marks=pytest.mark.endurance)], ids=["some", "every"])
def moments(
    request: pytest.FixtureRequest, waiting: Estate, publisher: Publisher, tmp_path: Path, seed: int
) -> list[int]:
    """Which of the calls that change the disk are interrupted: the last ones, around the swap, all; of the others one in EVERY."""
    assert publisher.do("count_calls", waiting, told=str(tmp_path / "calls")) == 0, publisher.said
    forget(waiting, 2)
    calls = int((tmp_path / "calls").read_text())
    assert calls > 50
    first = random.Random(seed).randrange(1, request.param + 1)
    return sorted({*range(first, calls, request.param), *range(calls - AROUND_THE_SWAP + 1, calls + 1)})


def test_p1_killed_before_a_call_that_changes_the_disk(
    waiting: Estate, publisher: Publisher, moments: list[int]
) -> None:
    ends = []
    for call in moments:
        assert publisher.do("publish_killed", waiting, call=call) == -signal.SIGKILL, publisher.said
        ends.append(assert_whole(waiting))
        # Healing after each would double the time; a swept folder is the same whichever call left it.
        if call % 4 == 0:
            assert_heals(waiting, 2)
        forget(waiting, 2)
    # Old until the one swap, new from then on: never a way back and forth.
    assert ends == sorted(ends)
    assert set(ends) == {1, 2}
    assert_heals(waiting, 2)


def test_p1_killed_at_random_moments(waiting: Estate, publisher: Publisher, seed: int) -> None:
    moments = random.Random(seed)
    candidates = [waiting.take(generation) for generation in GENERATIONS]
    seen, start = set(), time.monotonic()
    assert publisher.do("publish", waiting) == 0, publisher.said
    takes = time.monotonic() - start
    for _ in range(RANDOM_KILLS):
        child = publisher.start("publish_for_ever", waiting, candidates=candidates)
        time.sleep(moments.uniform(0.01, 3 * takes))
        os.kill(child, signal.SIGKILL)
        assert publisher.wait() == -signal.SIGKILL, publisher.said
        seen.add(assert_whole(waiting))
    assert len(seen) > 1, "no publish got through: the test proves nothing"
    assert_heals(waiting, 6)


def test_p1_killed_while_going_back(waiting: Estate, publisher: Publisher, tmp_path: Path) -> None:
    second, told = publish(waiting.project).release_id, tmp_path / "calls"
    assert publisher.do("rollback_killed", waiting, call=0, told=str(told)) == 0, publisher.said
    ends = []
    for call in range(1, int(told.read_text()) + 1):
        publish(waiting.project, sealed(2)[1], withdrawn_release=second)
        assert assert_whole(waiting) == 2
        assert publisher.do("rollback_killed", waiting, call=call, told=str(told)) == -signal.SIGKILL, publisher.said
        ends.append(assert_whole(waiting))
        assert ends[-1] == 2 or second in withdrawn_ids(waiting.lake), "the next nightly run would publish it again"
    assert ends == sorted(ends, reverse=True)
    assert set(ends) == {1, 2}
    publish(waiting.project, sealed(2)[1], withdrawn_release=second)
    rollback(waiting.lake)
    assert assert_whole(waiting) == 1
    assert leftovers(waiting) == []


# -- P2: power loss ---------------------------------------------------------------------------------------------------


def test_p2_everything_is_synced_before_the_name_that_leads_to_it(
    waiting: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, str]] = []
    fsync, rename, replace = os.fsync, os.rename, os.replace

    def recording(kind: str, real: Any) -> Any:
        def call(*arguments: Any) -> Any:
            what = arguments[0] if kind == "rename" else f"/proc/self/fd/{arguments[0]}"
            events.append((kind, str(Path(what)) if kind == "rename" else str(Path(what).readlink())))
            return real(*arguments)

        return call

    monkeypatch.setattr(os, "fsync", recording("fsync", fsync))
    monkeypatch.setattr(os, "rename", recording("rename", rename))
    monkeypatch.setattr(os, "replace", recording("rename", replace))
    release = publish(waiting.project)
    hidden = str(waiting.lake.releases / f".{release.name}.tmp")
    named, swapped = (
        events.index(("rename", hidden)),
        events.index(("rename", str(waiting.lake.published / ".current.new"))),
    )
    synced = {path for kind, path in events[:named] if kind == "fsync"}
    paths = [hidden, *(str(path).replace(str(release.folder), hidden) for path in release.folder.rglob("*"))]
    assert set(paths) <= synced
    assert ("fsync", str(waiting.lake.releases)) in events[named:swapped]
    assert ("fsync", str(waiting.lake.published)) in events[swapped:]


# -- P3: disk full ----------------------------------------------------------------------------------------------------


def test_p3_disk_full_at_a_call_that_changes_the_disk(
    waiting: Estate, publisher: Publisher, moments: list[int]
) -> None:
    refused = 0
    for call in moments:
        code = publisher.do("publish_on_full_disk", waiting, call=call)
        assert code in {0, REASON}, publisher.said
        # A publish that reports a failure has not published. From the swap on a full disk is told, not raised: tidying up
        # is done again by the next publish.
        assert assert_whole(waiting) == (1 if code == REASON else 2), f"call {call}"
        refused += code == REASON
        assert code == 0 or "No space left on device" in publisher.said
        forget(waiting, 2)
    assert refused >= len(moments) - AROUND_THE_SWAP
    assert_heals(waiting, 2)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_p3_a_file_that_cannot_grow_stops_the_publish(waiting: Estate, publisher: Publisher, share: float) -> None:
    size = candidate_path(waiting.lake, sealed(2)[1]).stat().st_size
    assert publisher.do("publish_limited", waiting, bytes=int(size * share)) == REASON
    assert "File too large" in publisher.said
    assert assert_whole(waiting) == 1
    assert_heals(waiting, 2)


@pytest.mark.parametrize("limit", [20_000, 300_000])
def test_p3_a_file_that_cannot_grow_stops_the_build(waiting: Estate, publisher: Publisher, limit: int) -> None:
    assert publisher.do("build_limited", waiting, bytes=limit) == REASON
    assert "the candidate could not be built" in publisher.said
    assert list(waiting.lake.candidates.glob("draft-*")) == []
    assert assert_whole(waiting) == 1
    assert waiting.build().path.exists()


def test_p3_no_room_is_said_before_anything_is_written(waiting: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk:
        f_files, f_favail, f_bavail, f_frsize = 1000, 500, 1, 4096

    monkeypatch.setattr(os, "statvfs", lambda _: FullDisk())
    with pytest.raises(Exception, match="bytes are needed and 4,096 are free"):
        publish(waiting.project)
    monkeypatch.undo()
    assert leftovers(waiting) == []
    assert assert_whole(waiting) == 1


# -- P5: two at once --------------------------------------------------------------------------------------------------


def test_p5_a_second_publisher_leaves_with_a_message_and_waits_for_no_dead_one(
    waiting: Estate, publisher: Publisher, tmp_path: Path
) -> None:
    child = publisher.start("hold_lock", waiting, told=str(tmp_path / "told"))
    while not (tmp_path / "told").exists():
        time.sleep(0.01)
    impatient = project_at(waiting.root, lock_wait_seconds=0)
    with pytest.raises(ReleaseError, match="another process is publishing"):
        publish(impatient)
    with pytest.raises(ReleaseError, match="another process is publishing"):
        rollback(waiting.lake, wait_seconds=0)
    assert assert_whole(waiting) == 1
    os.kill(child, signal.SIGKILL)
    publisher.wait()
    assert publish(impatient).outcome == "published"


def test_p5_two_publishers_of_one_candidate_publish_it_once(waiting: Estate, publisher: Publisher) -> None:
    publisher.start("publish", waiting)
    mine = publish(waiting.project)
    assert publisher.wait() == 0, publisher.said
    assert mine.outcome in {"published", "unchanged"}
    assert assert_whole(waiting) == 2
    assert [generation_of(release.marts) for release in list_releases(waiting.lake)] == [1, 2]


# -- P6: readers ------------------------------------------------------------------------------------------------------


def test_p6_hundred_releases_under_eight_readers(waiting: Estate, publisher: Publisher, tmp_path: Path) -> None:
    """Every table that a reader sees carries one release (generation_of fails otherwise), whatever is published meanwhile.

    Each generation is made once; from then on its folder is found, verified and pointed to, which is what readers meet.
    """
    candidates = [waiting.take(generation) for generation in GENERATIONS]
    publisher.start("read_for_ever", waiting, readers=8, stop=str(tmp_path / "stop"), told=str(tmp_path / "reads"))
    seen = set()
    with connection(waiting.lake.marts, read_only=True) as opened_before:
        for number in range(100):
            seen.add(publish(waiting.project, candidates[number % len(candidates)]).release_id)
        kept = opened_before.execute("select distinct generation_number from fct_indicator_value").fetchall()
    (tmp_path / "stop").touch()
    assert publisher.wait() == 0, publisher.said
    reads = [int(told.read_text()) for told in tmp_path.glob("reads-*")]
    assert len(reads) == 8 and len(seen) == len(candidates)
    assert sum(reads) > 80, reads
    # Whoever had the file open all the time still has the release that he opened.
    assert kept == [(1,)]


# -- P7: an old write-ahead log ---------------------------------------------------------------------------------------


@pytest.fixture
def potent_log(waiting: Estate, tmp_path: Path) -> Path:
    """A log that turns generation 1 into wrong rows without an error, as a writer that was killed leaves it."""
    shutil.copyfile(candidate_path(waiting.lake, sealed(1)[1]), tmp_path / "copy.duckdb")
    statement = "update fct_indicator_value set generation_number = 666"
    script = f"import duckdb, os, signal; con = duckdb.connect({str(tmp_path / 'copy.duckdb')!r}); con.execute({statement!r}); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    shutil.copyfile(candidate_path(waiting.lake, sealed(1)[1]), tmp_path / "victim.duckdb")
    shutil.copyfile(tmp_path / "copy.duckdb.wal", tmp_path / "victim.duckdb.wal")
    with duckdb.connect(str(tmp_path / "victim.duckdb"), read_only=True) as con:
        assert con.execute("select distinct generation_number from fct_indicator_value").fetchall() == [(666,)]
    return tmp_path / "copy.duckdb.wal"


@pytest.mark.parametrize("place", ["published/marts.duckdb.wal", "published/current/marts.duckdb.wal"])
def test_p7_an_old_log_is_not_replayed_into_a_new_release(waiting: Estate, potent_log: Path, place: str) -> None:
    shutil.copyfile(potent_log, waiting.lake.root / place)
    assert "marts.duckdb.wal lies beside a published file" in verify_current(waiting.lake)
    publish(waiting.project)
    assert assert_whole(waiting) == 2


def test_p7_an_old_log_beside_the_release_to_go_back_to_is_removed(waiting: Estate, potent_log: Path) -> None:
    first = current_name(waiting.lake)
    publish(waiting.project)
    shutil.copyfile(potent_log, waiting.lake.releases / str(first) / "marts.duckdb.wal")
    rollback(waiting.lake)
    assert assert_whole(waiting) == 1


def test_p7_a_log_beside_the_current_release_is_removed_by_publishing_it_again_and_by_repair(
    waiting: Estate, potent_log: Path
) -> None:
    for mend in (lambda: publish(waiting.project, sealed(1)[1]), lambda: repair_current(waiting.lake)):
        shutil.copyfile(potent_log, waiting.lake.published / "current" / "marts.duckdb.wal")
        mend()
        assert assert_whole(waiting) == 1


# -- P12: a damaged file ----------------------------------------------------------------------------------------------


def damage(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        stream.write(b"damaged by a failing disk")


def test_p12_a_damaged_release_is_found_left_and_built_again(waiting: Estate) -> None:
    damaged = publish(waiting.project)
    damage(damaged.marts)
    assert verify_current(waiting.lake) == ["marts.duckdb is not the file that was published (sha256 differs)"]
    mended = repair_current(waiting.lake)
    assert mended is not None
    assert mended.outcome == "rolled_back"
    assert assert_whole(waiting) == 1
    assert damaged.name not in [release.name for release in list_releases(waiting.lake)]
    assert repair_current(waiting.lake) is None
    assert_heals(waiting, 2)


def test_p12_repair_passes_over_releases_that_are_damaged_too(waiting: Estate) -> None:
    publish(waiting.project)
    waiting.take(3)
    publish(waiting.project)
    for release in list_releases(waiting.lake)[1:]:
        damage(release.marts)
    repair_current(waiting.lake)
    assert generation_of(waiting.lake.marts) == 1
    assert verify_current(waiting.lake) == []


def test_p12_when_no_release_is_whole_repair_says_so(waiting: Estate) -> None:
    damage(waiting.lake.marts)
    with pytest.raises(Refused, match="no earlier release is whole"):
        repair_current(waiting.lake)


def test_p12_a_swap_that_cannot_be_opened_is_taken_back(waiting: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.release import releases

    real = releases.point_to

    def point_and_damage(lake: Any, name: str) -> None:
        real(lake, name)
        if read_release(lake, name).release_id == fingerprint_of(2)[:12]:
            path = lake.releases / name / "marts.duckdb"
            path.chmod(0o644)
            path.write_bytes(b"the disk lost it between the swap and the look")

    monkeypatch.setattr(releases, "point_to", point_and_damage)
    with pytest.raises(ReleaseError, match="the pointer is where it was"):
        publish(waiting.project)
    monkeypatch.undo()
    assert generation_of(waiting.lake.marts) == 1
    assert_heals(waiting, 2)


def test_p12_a_copy_that_is_not_the_candidate_is_not_published(
    waiting: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.copyfile

    def copy_and_damage(source: Path, target: Path) -> None:
        real(source, target)
        if target.name == "marts.duckdb":
            with connection(target) as con:
                con.execute("update fct_indicator_value set value = 0.1 where value is not null")

    monkeypatch.setattr(shutil, "copyfile", copy_and_damage)
    with pytest.raises(Refused, match="the copy is not the candidate that was audited"):
        publish(waiting.project)
    monkeypatch.undo()
    assert assert_whole(waiting) == 1
    assert_heals(waiting, 2)


# -- a publish started by hand ----------------------------------------------------------------------------------------


def test_a_publish_started_by_hand_cannot_jump_the_gate(waiting: Estate, publisher: Publisher) -> None:
    before = {path: path.lstat().st_mtime_ns for path in waiting.lake.published.rglob("*")}
    waiting.change("update fct_indicator_value set value = 7 where value is not null")
    evidence = waiting.judge(fingerprint_of(7))
    assert not evidence.passed
    assert publisher.do("publish", waiting) == REASON
    assert "Shares lie between 0 and 1" in publisher.said
    evidence.path.unlink()
    assert publisher.do("publish", waiting) == REASON
    assert "there is no usable evidence for it" in publisher.said
    shutil.copyfile(waiting.lake.evidence / f"{sealed(2)[1]}.json", evidence.path)
    assert publisher.do("publish", waiting, sha256=evidence.sha256) == REASON
    assert "does not hold the bytes that were audited" in publisher.said
    assert {path: path.lstat().st_mtime_ns for path in waiting.lake.published.rglob("*")} == before
    assert assert_whole(waiting) == 1

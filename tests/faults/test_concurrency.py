"""Faults P1 and P5 (tests/README.md): killed in the middle, two nights at once, and what a killed run leaves behind.

Real processes are killed with SIGKILL. Afterwards: no table in use is half written, the ledger can be read, and the next
run gives what an uninterrupted run gives.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.ledger import Ledger
from dagster_project.lake.night import hold_night_lock, release_night_lock
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from tests.fixtures.killed_lake import content_of, half_written, links_of, start, take_in
from tests.fixtures.processes import HOLDER, first_line, is_running, run_python, wait_until

KILLS_OF_A_LAKE = 6

# -- P1: kill -9 in fetch and parse -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uninterrupted(sample_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A lake that nobody disturbed, and the seconds that it took."""
    root = tmp_path_factory.mktemp("uninterrupted")
    process = start(root, sample_estate)  # the first one also starts the forkserver
    process.join()
    assert process.exitcode == 0
    again = root.with_name("timed")
    began = time.monotonic()
    process = start(again, sample_estate)
    process.join()
    return root, time.monotonic() - began


def kill_once(root: Path, mirror: Path, after_seconds: float) -> bool:
    """Start the work, kill it after a while; False when it had ended by itself."""
    process = start(root, mirror)
    process.join(after_seconds)
    alive = process.is_alive()
    if alive:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return alive


@pytest.mark.parametrize("lakes", [2, pytest.param(20, marks=pytest.mark.endurance)])
def test_lake_killed_at_any_moment_holds_no_half_table_and_the_next_run_ends_as_if_never_killed(
    lakes: int, uninterrupted: tuple[Path, float], sample_estate: Path, tmp_path: Path, seed: int
) -> None:
    whole, seconds = uninterrupted
    expected_links, expected_content = links_of(whole), content_of(whole)
    assert len(expected_links) > 20
    stream = random.Random(seed)
    killed, kills = 0, lakes * KILLS_OF_A_LAKE
    for number in range(kills):
        root = tmp_path / f"lake_{number % lakes}"
        killed += kill_once(root, sample_estate, stream.uniform(0.02, 0.7) * seconds / (KILLS_OF_A_LAKE / 2))
        so_far = content_of(root)
        assert so_far.items() <= expected_content.items(), f"kill {number} of seed {seed} left a wrong table in use"
        assert all(entry.source for entry in Ledger(Lake(root).ledger).entries())
    print(f"seed {seed}: {killed} of {kills} killed, an uninterrupted run takes {seconds:.2f} s")
    assert killed >= kills * 5 / 6
    for number in range(lakes):
        root = tmp_path / f"lake_{number}"
        take_in(root, sample_estate)
        assert links_of(root) == expected_links
        assert content_of(root) == expected_content
        assert half_written(root) == []


def test_torn_last_line_of_the_ledger_is_passed_over_and_its_event_happens_again(
    uninterrupted: tuple[Path, float], sample_estate: Path, tmp_path: Path
) -> None:
    whole, _ = uninterrupted
    root = tmp_path / "torn"
    shutil.copytree(whole, root, symlinks=True)
    ledger = Lake(root).ledger
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:-1]) + lines[-1][:25])
    assert len(list(Ledger(ledger).entries())) == len(lines) - 1
    take_in(root, sample_estate)
    entries = list(Ledger(ledger).entries())
    assert entries[-1].sameness == list(Ledger(Lake(whole).ledger).entries())[-1].sameness
    assert content_of(root) == content_of(whole)


# -- P5: one night at a time --------------------------------------------------------------------------------------------


@pytest.fixture
def holder(lake: Lake) -> Iterator[subprocess.Popen[str]]:
    process = run_python(HOLDER, str(lake.root))
    assert first_line(process) == "held"
    yield process
    process.kill()
    process.wait()


def test_second_night_waits_for_the_first_and_then_says_who_holds_the_folder(
    lake: Lake, holder: subprocess.Popen[str]
) -> None:
    from dagster_project.lake.files import LakeError

    began = time.monotonic()
    with pytest.raises(LakeError) as refused:
        hold_night_lock(lake, 1.0)
    assert 1.0 <= time.monotonic() - began < 5
    assert f"process {holder.pid}" in str(refused.value)
    assert str(lake.root) in str(refused.value) and "Next: wait for that run" in str(refused.value)


def test_folder_is_free_at_once_when_its_holder_is_killed(lake: Lake, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    began = time.monotonic()
    hold_night_lock(lake, 0)
    release_night_lock(lake)
    assert time.monotonic() - began < 0.5


def test_waiting_night_begins_when_the_first_ends(lake: Lake, holder: subprocess.Popen[str]) -> None:
    waiting = run_python(HOLDER.replace(", 0)", ", 60)"), str(lake.root))
    time.sleep(1)
    assert waiting.poll() is None
    holder.kill()
    assert first_line(waiting) == "held"
    waiting.kill()
    waiting.wait()


def test_process_that_holds_the_folder_may_ask_again_and_a_released_folder_is_free(lake: Lake) -> None:
    hold_night_lock(lake, 0)
    hold_night_lock(lake, 0)
    release_night_lock(lake)
    process = run_python(HOLDER, str(lake.root))
    assert first_line(process) == "held"
    process.kill()
    process.wait()


def test_program_that_the_holder_started_does_not_keep_the_folder(lake: Lake) -> None:
    """dbt outlives a killed night for a moment; the lock must not live in it."""
    code = HOLDER.replace(
        'print("held", flush=True)',
        'import subprocess; print(subprocess.Popen("exec sleep 120", shell=True, '
        "close_fds=False, stdout=subprocess.DEVNULL).pid, flush=True)",
    )
    process = run_python(code, str(lake.root))
    child = int(first_line(process))
    process.kill()
    process.wait()
    try:
        hold_night_lock(lake, 0)
        release_night_lock(lake)
    finally:
        os.kill(child, signal.SIGKILL)


# -- what a killed run leaves ---------------------------------------------------------------------------------------

RUN = """
    import socket, sys, time
    import dagster as dg
    from dagster_project.runtime.instance import open_instance
    from dagster_project.lake.run import Run
    from dagster_project.runtime.orphans import process_tags
    from dagster_project.settings import load_settings

    if len(sys.argv) > 1:
        socket.gethostname = lambda: sys.argv[1]

    @dg.op(pool="duckdb_warehouse")
    def hold_the_slot() -> None:
        print("running", flush=True)
        time.sleep(120)

    @dg.job(executor_def=dg.in_process_executor)
    def night() -> None:
        hold_the_slot()

    run = Run.of(load_settings())
    run.hold()
    with open_instance(run) as instance:
        night.execute_in_process(instance=instance, tags=process_tags())
"""


def slots_taken(instance: Any) -> int:
    return len(instance.event_log_storage.get_concurrency_info("duckdb_warehouse").claimed_slots)


@pytest.mark.parametrize("machine", [(), ("a-container-that-is-gone",)])
def test_killed_run_is_marked_failed_and_its_slot_is_free_again_whatever_its_machine_was_called(
    lake: Lake, run_for: Callable[..., Run], machine: tuple[str, ...]
) -> None:
    import dagster as dg

    from dagster_project.runtime.instance import open_instance
    from dagster_project.runtime.orphans import process_tags, reap_dead_runs

    mine = run_for(lake)
    process = run_python(RUN, *machine, HIW_DATA_LAKE=str(lake.root))
    assert first_line(process) == "running"
    with open_instance(mine) as instance:
        (run,) = instance.get_runs()
        assert (run.status, slots_taken(instance)) == (dg.DagsterRunStatus.STARTED, 1)
        assert reap_dead_runs(instance, mine) == [], "a run whose process lives is left alone"

        process.send_signal(signal.SIGKILL)
        process.wait()
        assert instance.get_runs()[0].status == dg.DagsterRunStatus.STARTED, "Dagster does not see it by itself"
        own = instance.create_run_for_job(_job(), status=dg.DagsterRunStatus.STARTED, tags=process_tags())
        assert reap_dead_runs(instance, mine) == [run.run_id]
        reaped, alive = instance.get_run_by_id(run.run_id), instance.get_run_by_id(own.run_id)
        assert reaped is not None and reaped.status == dg.DagsterRunStatus.FAILURE
        assert alive is not None and alive.status == dg.DagsterRunStatus.STARTED
        assert slots_taken(instance) == 0
        assert reap_dead_runs(instance, mine) == []


def _job() -> Any:
    import dagster as dg

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def other() -> None:
        nothing()

    return other


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    """Start a program called dbt whose parent ends at once; its pid."""
    program = tmp_path / "bin" / "dbt"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(120)\n")
    program.chmod(0o755)
    started: list[int] = []

    def start_orphan(data_lake: str) -> int:
        code = "import subprocess, sys; print(subprocess.Popen([sys.argv[1], 'build'], stdout=subprocess.DEVNULL).pid)"
        parent = run_python(code, str(program), HIW_DATA_LAKE=data_lake)
        started.append(int(first_line(parent)))
        parent.wait()
        return started[-1]

    yield start_orphan
    for pid in started:
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)


def test_dbt_that_outlived_its_run_is_ended_and_the_dbt_of_another_lake_is_not(
    lake: Lake, run_for: Callable[..., Run], orphan: Callable[[str], int], tmp_path: Path
) -> None:
    from dagster_project.runtime.instance import open_instance
    from dagster_project.runtime.orphans import reap_dead_runs

    mine, other = orphan(str(lake.root)), orphan(str(tmp_path / "other"))
    assert wait_until(lambda: b"/dbt" in Path(f"/proc/{mine}/cmdline").read_bytes())
    mine = run_for(lake)
    with open_instance(mine) as instance:
        reap_dead_runs(instance, mine)
    assert wait_until(lambda: not is_running(mine)), "the dbt that holds the warehouse's lock is still there"
    assert is_running(other)

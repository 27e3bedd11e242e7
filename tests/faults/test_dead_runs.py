"""What the dead leave, and who must die with whom: runs of Dagster's daemon, dbt, the judge, half a file under the right name.

Processes are real and killed with SIGKILL. Who takes in the children of a dead process is process 1, or a supervisor that has asked
the kernel for them (PR_SET_CHILD_SUBREAPER: systemd for a user, tini, a container's shim).
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.assets.sensors import build_reaping_sensor
from dagster_project.lake.files import LakeError
from dagster_project.lake.night import release_night_lock
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.runtime import orphans
from dagster_project.runtime.instance import open_instance
from dagster_project.runtime.orphans import reap_dead_runs
from dagster_project.runtime.started import STARTER
from dagster_project.transform.dbt import drop_damaged_warehouse, ended_in_time, prepare_manifest
from tests.fixtures.processes import HOLDER, first_line, is_running, run_python, wait_until
from tests.fixtures.runs import run_at

PR_SET_CHILD_SUBREAPER = 36


# -- runs that Dagster's daemon started -------------------------------------------------------------------------------


@dg.op
def nothing() -> None: ...


@dg.job
def other() -> None:
    nothing()


@pytest.fixture
def of_the_daemon(lake: Lake, run_for: Callable[..., Run]) -> Iterator[tuple[Any, Run, str]]:
    """A run without the tag of a shell's process, begun and not ended; it holds the slot of the warehouse."""
    run = run_for(lake, lock_wait_seconds=0)
    with open_instance(run) as instance:
        asked = instance.create_run_for_job(other, status=dg.DagsterRunStatus.STARTED)
        instance.event_log_storage.claim_concurrency_slot("duckdb_warehouse", asked.run_id, "nothing")
        yield instance, run, asked.run_id


def _status(instance: Any, run_id: str) -> Any:
    return instance.get_run_by_id(run_id).status


def test_a_run_of_the_daemon_is_reaped_once_it_cannot_be_waiting_for_the_lock_any_more(
    of_the_daemon: tuple[Any, Run, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, run, run_id = of_the_daemon
    assert reap_dead_runs(instance, run) == [], "it may wait for the lock"
    monkeypatch.setattr(orphans, "SECONDS_TO_START", 0)
    assert reap_dead_runs(instance, run, alive=run_id) == [], "nobody reaps himself"
    holder = run_python(HOLDER, str(run.lake.root))
    assert first_line(holder) == "held"
    assert reap_dead_runs(instance, run) == [], "somebody works on the folder: it may be this run"
    holder.kill()
    holder.wait()
    run.hold()
    assert reap_dead_runs(instance, run) == [run_id], "whoever holds the lock reaps"
    release_night_lock(run.lake)
    assert _status(instance, run_id) == dg.DagsterRunStatus.FAILURE
    assert not instance.event_log_storage.get_concurrency_info("duckdb_warehouse").claimed_slots


def test_a_clock_that_was_put_back_keeps_no_dead_run_alive(
    of_the_daemon: tuple[Any, Run, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, run, run_id = of_the_daemon
    yesterday = time.time() - 86_400
    monkeypatch.setattr(orphans.time, "time", lambda: yesterday)
    assert reap_dead_runs(instance, run) == [run_id]


def test_where_no_night_begins_the_sensor_reaps(
    of_the_daemon: tuple[Any, Run, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, run, run_id = of_the_daemon
    monkeypatch.setattr(orphans, "SECONDS_TO_START", 0)
    said = build_reaping_sensor(run)(dg.build_sensor_context(instance=instance))
    assert isinstance(said, dg.SkipReason) and run_id in str(said.skip_message)
    assert _status(instance, run_id) == dg.DagsterRunStatus.FAILURE


# -- children of a killed process -------------------------------------------------------------------------------------

NIGHT = """
    import os, subprocess, time
    from dagster_project.lake.run import Run
    from dagster_project.quality import judge
    from dagster_project.settings import load_settings
    from dagster_project.transform.dbt import dbt_environment, dbt_executable

    run = Run.of(load_settings())
    run.lake.build.mkdir(parents=True)
    os.environ.update(dbt_environment(run))
    judge.start_judge()
    dbt = subprocess.Popen([dbt_executable(), "parse", "--no-partial-parse"], stdout=subprocess.DEVNULL)
    print(os.getpid(), dbt.pid, *judge._process()._processes, flush=True)
    time.sleep(60)
"""
SUPERVISOR = f"""
    import ctypes, os, subprocess, sys, time
    ctypes.CDLL(None).prctl({PR_SET_CHILD_SUBREAPER}, 1, 0, 0, 0)
    subprocess.Popen([sys.executable, "-c", sys.argv[1]])
    time.sleep(60)
"""


def test_dbt_and_the_judge_end_with_a_killed_night_whoever_takes_them_in(lake: Lake) -> None:
    supervisor = run_python(SUPERVISOR, textwrap.dedent(NIGHT), HIW_DATA_LAKE=str(lake.root))
    night, *children = map(int, first_line(supervisor).split())
    try:
        assert len(children) == 2
        time.sleep(0.5)
        assert all(map(is_running, children))
        os.kill(night, signal.SIGKILL)
        # By itself the one would parse for ten seconds and the other wait for ever.
        assert wait_until(lambda: not any(map(is_running, children)), 4), "they outlive the night"
    finally:
        supervisor.kill()
        supervisor.wait()


@pytest.fixture
def supervising() -> Iterator[None]:
    """This process takes in the children of its dead children."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.mark.usefixtures("supervising")
def test_a_dbt_that_a_supervisor_took_in_is_ended_and_one_whose_starter_lives_is_not(
    lake: Lake, run_for: Callable[..., Run], tmp_path: Path
) -> None:
    program = tmp_path / "dbt"
    program.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(120)\n")
    program.chmod(0o755)
    marks = {"HIW_DATA_LAKE": str(lake.root)}
    code = f"""
        import os, subprocess, sys
        told = os.environ | {{{STARTER!r}: str(os.getpid())}}
        print(subprocess.Popen([sys.argv[1], "build"], stdout=subprocess.DEVNULL, env=told).pid)
    """
    dying = run_python(code, str(program), **marks)
    orphan = int(first_line(dying))
    dying.wait()
    living = subprocess.Popen([program, "build"], env=os.environ | marks | {STARTER: str(os.getpid())})
    try:
        assert wait_until(lambda: b"/dbt" in Path(f"/proc/{living.pid}/cmdline").read_bytes())
        run = run_for(lake)
        with open_instance(run) as instance:
            reap_dead_runs(instance, run)
        assert wait_until(lambda: not is_running(orphan)), "it holds the lock of the warehouse"
        assert is_running(living.pid)
    finally:
        os.waitpid(orphan, 0)
        living.kill()
        living.wait()


def test_a_dbt_that_hangs_is_stopped_and_the_night_says_for_what_it_waited() -> None:
    hanging = subprocess.Popen(["sleep", "60"])
    said = r"dbt: it had not ended after .* minutes and was stopped"
    with pytest.raises(LakeError, match=said), ended_in_time(hanging, 0.2):
        hanging.wait(timeout=30)
        raise RuntimeError("dbt failed")
    with pytest.raises(RuntimeError, match="dbt failed"), ended_in_time(hanging, 60):
        raise RuntimeError("dbt failed")


# -- half a file under the right name ---------------------------------------------------------------------------------


def test_a_manifest_cut_short_at_any_place_is_made_again(lake: Lake, run_for: Callable[..., Run], seed: int) -> None:
    run = run_for(lake)
    manifest = prepare_manifest(run)
    whole = manifest.read_bytes()
    for size in (0, 1, *random.Random(seed).sample(range(2, len(whole) - 1), 4), len(whole) - 1):
        manifest.write_bytes(whole[:size])
        assert prepare_manifest(run).read_bytes() == whole, f"cut after {size} of {len(whole)} bytes"
    manifest.write_text(json.dumps({"half": "a project"}))
    assert prepare_manifest(run).read_bytes() == whole


@pytest.fixture
def warehouse(lake: Lake) -> Path:
    lake.build.mkdir(parents=True)
    with duckdb.connect(str(lake.warehouse)) as con:
        con.execute("create table t as select range as i from range(1000)")
    return lake.warehouse


@pytest.mark.parametrize("share", [0, 0.001, 0.5])
def test_a_warehouse_that_cannot_be_opened_is_made_anew(lake: Lake, warehouse: Path, share: float) -> None:
    whole = warehouse.read_bytes()
    warehouse.write_bytes(b"a disk lost it" + whole[: int(len(whole) * share)])
    warehouse.with_name(warehouse.name + ".wal").write_bytes(b"and its log")
    assert drop_damaged_warehouse(run_at(lake, lock_wait_seconds=0))
    assert list(lake.build.iterdir()) == []


def test_a_warehouse_that_is_whole_or_in_use_is_left(lake: Lake, warehouse: Path) -> None:
    assert drop_damaged_warehouse(run_at(lake, lock_wait_seconds=0)) == ""
    code = "import duckdb, sys, time; con = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    user = run_python(code, str(warehouse))
    assert first_line(user) == "open"
    with pytest.raises(duckdb.IOException, match="lock"):
        drop_damaged_warehouse(run_at(lake, lock_wait_seconds=0))
    user.kill()
    user.wait()
    assert warehouse.exists()

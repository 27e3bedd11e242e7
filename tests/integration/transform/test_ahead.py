"""A dbt that is started ahead writes nothing, opens nothing, and does not outlive its night; told to go on, it is a run like any other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.paths import Lake
from dagster_project.lake.transport import origin_of
from dagster_project.release.state import project_fingerprint
from dagster_project.settings import PROJECT_ROOT, Settings
from dagster_project.transform import ahead
from dagster_project.transform.ahead import dbt_ahead, tell_to_go_on
from dagster_project.transform.dbt import prepare_manifest, target_folder
from dagster_project.transform.standing import Standing
from tests.warehouses import files_of

LONG_ENOUGH = 30
READ = 0.5
"""Seconds of processor time after which dbt has at least begun to read the project."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What dbt is told through the environment is gone after each test."""
    for name, value in os.environ.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_lake=tmp_path, sources="sample")
    prepare_manifest(made)
    return made


def standing_of(settings: Settings, project: str = "") -> Standing:
    return Standing(
        Lake(settings.data_lake), project or project_fingerprint(load_sources().values(), origin_of(settings))
    )


def has_waited(process: int) -> bool:
    """Whether the process has worked, and now sleeps between two looks for the word."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK") > READ and fields[0] == "S"


def has_ended(process: int) -> bool:
    """Whether it is gone, or dead and not buried yet: where nobody is the first process, nobody asks for its end."""
    try:
        return not Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True


def wait_for(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LONG_ENOUGH
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_a_night_that_does_not_need_it_ends_it_and_no_file_is_written(settings: Settings) -> None:
    before = files_of(settings.data_lake)
    with dbt_ahead(settings):
        (waiting,) = ahead._waiting
        wait_for(lambda: has_waited(waiting.invocation.process.pid), "dbt did not come to its waiting place")
        assert files_of(settings.data_lake) == before
    assert waiting.invocation.process.returncode == -signal.SIGKILL
    assert files_of(settings.data_lake) == before


def test_for_another_project_it_is_ended_and_a_new_one_must_be_started(settings: Settings) -> None:
    with dbt_ahead(settings):
        (waiting,) = ahead._waiting
        assert tell_to_go_on(standing_of(settings, "another"), waiting.arguments) is None
        assert waiting.invocation.process.returncode == -signal.SIGKILL


def test_told_to_go_on_it_runs_and_takes_the_word_away(settings: Settings) -> None:
    standing = standing_of(settings)
    with dbt_ahead(settings):
        invocation = tell_to_go_on(standing, standing.arguments())
        assert invocation is not None
        # Without the clean tables of the sources its models fail: it is enough that they were begun.
        invocation.raise_on_error = False
        begun = [event.raw_event["info"]["name"] for event in invocation.stream_raw_events()]
    assert "LogStartLine" in begun
    assert not (target_folder(settings) / "go_on").exists()
    assert (target_folder(settings) / "run_results.json").exists()


def test_it_does_not_outlive_a_night_that_was_killed(settings: Settings) -> None:
    code = """
        import os, signal, sys
        from dagster_project.settings import load_settings
        from dagster_project.transform import ahead

        with ahead.dbt_ahead(load_settings()):
            print(ahead._waiting[0].invocation.process.pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    told = {"HIW_DATA_LAKE": str(settings.data_lake), "HIW_SOURCES": "sample", "PYTHONPATH": str(PROJECT_ROOT)}
    night = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], env=os.environ | told, stdout=subprocess.PIPE, text=True
    )
    assert night.stdout is not None
    left_behind = int(night.stdout.readline())
    assert night.wait() == -signal.SIGKILL
    wait_for(lambda: has_ended(left_behind), "dbt waits for a night that is gone")
    night.stdout.close()

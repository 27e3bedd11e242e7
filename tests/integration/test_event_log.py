"""The event log that is kept open: the same files as Dagster's own, whole after a kill, few of them open at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from dagster_project.event_log import KEPT_OPEN, EventLog
from dagster_project.lake.run import Run
from dagster_project.runtime.instance import open_instance
from dagster_project.settings import PROJECT_ROOT, load_settings


@dg.asset
def figures() -> None:
    """An asset with nothing in it."""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setenv("HIW_DATA_LAKE", str(tmp_path))
    return open_instance(Run.of(load_settings()))


def test_dagsters_own_class_reads_what_was_written(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert isinstance(instance.event_log_storage, EventLog)
    result = dg.materialize([figures], instance=instance)
    plain = SqliteEventLogStorage(str(tmp_path / "dagster" / "history" / "runs"))
    plain.register_instance(instance)
    written = [entry.dagster_event_type for entry in plain.get_logs_for_run(result.run_id)]
    assert written == [entry.dagster_event_type for entry in instance.all_logs(result.run_id)]
    assert dg.DagsterEventType.ASSET_MATERIALIZATION in written
    assert plain.get_latest_materialization_events([figures.key])[figures.key].run_id == result.run_id


def test_what_is_replaced_is_still_there_to_be_replaced() -> None:
    """A method that Dagster has renamed would be answered by nobody: the night would be slow again and no test would say so."""
    replaced = {"store_event_batch", "has_table", "run_connection", "index_connection"}
    assert replaced <= set(vars(EventLog))
    assert [name for name in sorted(replaced) if not hasattr(SqliteEventLogStorage, name)] == []


def test_a_batch_is_stored_whole_or_not_at_all(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    entries = list(instance.all_logs(dg.materialize([figures], instance=instance).run_id))
    log = EventLog(str(tmp_path / "another"))
    log.register_instance(instance)
    with pytest.raises(AttributeError):
        log.store_event_batch([*entries, "no event"])  # type: ignore[list-item]
    assert log.get_logs_for_run(entries[0].run_id) == []
    assert not log.has_asset_key(figures.key)
    log.store_event_batch(entries)
    assert list(log.get_logs_for_run(entries[0].run_id)) == entries
    assert log.has_asset_key(figures.key)


def test_few_files_are_open_and_a_wiped_one_is_made_again(instance: dg.DagsterInstance) -> None:
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    for number in range(KEPT_OPEN + 3):
        log.get_logs_for_run(f"run-{number}")
    assert len(log._kept) == KEPT_OPEN
    result = dg.materialize([figures], instance=instance)
    log.wipe()
    assert instance.all_logs(result.run_id) == []
    again = dg.materialize([figures], instance=instance)
    assert instance.all_logs(again.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)


def test_a_killed_process_loses_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
        import os, signal
        import dagster as dg
        from dagster_project.lake.run import Run
        from dagster_project.runtime.instance import open_instance
        from dagster_project.settings import load_settings

        @dg.op
        def last_words(context) -> None:
            context.log.info("written before the kill")
            os.kill(os.getpid(), signal.SIGKILL)

        @dg.job
        def night() -> None:
            last_words()

        night.execute_in_process(instance=open_instance(Run.of(load_settings())))
    """
    environment = os.environ | {"HIW_DATA_LAKE": str(tmp_path), "PYTHONPATH": str(PROJECT_ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    monkeypatch.setenv("HIW_DATA_LAKE", str(tmp_path))
    with open_instance(Run.of(load_settings())) as instance:
        (run,) = instance.get_runs()
        assert [e for e in instance.all_logs(run.run_id) if e.user_message == "written before the kill"]

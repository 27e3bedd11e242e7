"""What is said of a failure: one sentence with what, why and what to do next, from real errors of the disk, DuckDB, SQLite and Dagster."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.assets.release import _check_result
from dagster_project.assets.run_failures import problems_of
from dagster_project.contracts.check import CheckResult
from dagster_project.duck import EngineLimits, connection
from dagster_project.lake.files import LakeError, write_atomically
from dagster_project.lake.paths import Lake
from dagster_project.operate.doctor import examine
from dagster_project.runtime.failures import Problem, explain
from dagster_project.runtime.nights import begin_night, end_night, read_record, write_alert
from tests.fixtures.runs import run_at

CLASSES = ("Error:", "Exception", "Traceback", "duckdb.", "dagster.", "_core", "lake.files", "sqlite3.", "[Errno")


@contextmanager
def no_more_than(size: int) -> Iterator[None]:
    """A disk that takes no more than so many bytes for a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def full_disk(folder: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as device:
        device.write(b"x")


def file_too_large(folder: Path) -> None:
    with no_more_than(10):
        (folder / "large").write_bytes(b"x" * 100)


def full_database(folder: Path) -> None:
    with no_more_than(300_000), connection(folder / "w.duckdb") as con:
        con.execute("create table t as select random() as x from range(1000000)")


def not_allowed(folder: Path) -> None:
    Path("/proc/version").unlink()


def absent(folder: Path) -> None:
    (folder / "absent").read_bytes()


def too_little_memory(folder: Path) -> None:
    with connection(None, limits=EngineLimits("20MB", 1)) as con:
        con.execute("set temp_directory = ''")
        con.execute("create table t as select random() as x from range(9000000)")


def damaged_database(folder: Path) -> None:
    (folder / "d.duckdb").write_bytes(b"this is no database" * 1000)
    duckdb.connect(str(folder / "d.duckdb"))


def damaged_records(folder: Path) -> None:
    (folder / "runs.db").write_bytes(b"this is no database" * 1000)
    with sqlite3.connect(folder / "runs.db") as records:
        records.execute("select * from runs")


def full_disk_below_a_new_folder(folder: Path) -> None:
    """As mkdir with parents: the parent is absent, and making it finds the disk full."""
    try:
        (folder / "parent" / "child").mkdir()
    except FileNotFoundError:
        full_disk(folder)


def refused(folder: Path) -> None:
    try:
        raise LakeError("sheet 'Data', row 7, column C", "the count is not a number", "ask the publisher")
    except LakeError as error:
        raise RuntimeError("something around it") from error


def unknown(folder: Path) -> None:
    {}["absent"]


CASES: list[tuple[Callable[[Path], None], str, str]] = [
    (full_disk, "the disk is full", "free some space"),
    (full_disk_below_a_new_folder, "the disk is full", "free some space"),
    (file_too_large, "the disk is full", "free some space"),
    (full_database, "the disk is full", "free some space"),
    (not_allowed, "/proc/version", "as the user who owns the data folder"),
    (absent, "No such file or directory", "look at the disk"),
    (too_little_memory, "memory", "HIW_MEMORY_LIMIT"),
    (damaged_database, "cannot be read", "hiw doctor"),
    (damaged_records, "Dagster's records are damaged", "history only"),
    (refused, "sheet 'Data', row 7, column C: the count is not a number", "ask the publisher"),
    (unknown, "a fault that it does not know (test_failures.py, line", "last_night.log"),
]


@pytest.mark.parametrize(("fail", "words", "next_step"), CASES, ids=[case[0].__name__ for case in CASES])
def test_a_real_error_is_explained_without_its_class(
    fail: Callable[[Path], None], words: str, next_step: str, tmp_path: Path
) -> None:
    with pytest.raises(Exception) as caught:
        fail(tmp_path)
    explained = explain(caught.value)
    assert words in str(explained) and next_step in explained.next_step
    assert not [never for never in CLASSES if never in str(explained)], str(explained)


@pytest.mark.parametrize(("fail", "words", "next_step"), CASES, ids=[case[0].__name__ for case in CASES])
def test_the_same_error_in_a_step_of_a_run_is_told_in_one_sentence(
    fail: Callable[[Path], None], words: str, next_step: str, tmp_path: Path
) -> None:
    @dg.asset(name="fct_of_a_step")
    def step() -> None:
        fail(tmp_path)

    with dg.instance_for_test() as instance:
        result = dg.materialize([step], instance=instance, raise_on_error=False)
    (problem,) = problems_of(result.all_events)
    words = "absent" if fail is unknown else words
    assert problem.sentence.startswith("step fct_of_a_step: ") and "\n" not in problem.sentence
    assert words in problem.sentence and next_step in problem.sentence
    assert not [never for never in CLASSES if never in problem.sentence], problem.sentence


def test_a_run_that_was_told_to_end_says_so() -> None:
    """As `systemctl stop` and a machine that shuts down end it."""

    @dg.asset(name="fct_of_a_step")
    def step() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    with dg.instance_for_test() as instance:
        result = dg.materialize([step], instance=instance, raise_on_error=False)
    (problem,) = problems_of(result.all_events)
    assert problem.sentence.startswith("step fct_of_a_step: the run was stopped: its process was told to end")
    assert "hiw refresh" in problem.sentence


def test_gate_2_is_told_by_its_checks_and_not_by_the_step_that_sums_them_up(tmp_path: Path) -> None:
    failed = CheckResult(
        "disclosure.mart_hi_rate",
        "disclosure",
        "mart_hi_rate",
        False,
        "critical",
        "a count can be worked out",
        {},
        ("R9A / G1",),
    )

    @dg.asset(name="release_candidate")
    def candidate() -> None:
        pass

    @dg.asset_check(asset="release_candidate", blocking=True, name="disclosure")
    def gate() -> dg.AssetCheckResult:
        return _check_result(
            dg.AssetCheckKey(dg.AssetKey("release_candidate"), "disclosure"), [failed], tmp_path / "evidence.json"
        )

    @dg.asset(deps=["release_candidate"])
    def published_marts() -> None:
        pass

    with dg.instance_for_test() as instance:
        defs = dg.Definitions(
            assets=[candidate, published_marts], asset_checks=[gate], jobs=[dg.define_asset_job("night")]
        )
        result = defs.resolve_job_def("night").execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    assert [problem.sentence for problem in problems_of(result.all_events)] == [
        "release_candidate, check disclosure: disclosure.mart_hi_rate (critical): a count can be worked out: R9A / G1. "
        "Next: see 'A bad night' in dagster_project/deployment/README.md."
    ]


# -- the alert ---------------------------------------------------------------------------------------------------------

PROBLEM = Problem("the file is refused", "clean_nhse_ae, check parsed_whole", "no TOTAL row", "ask the publisher")


@contextmanager
def webhook(status: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address on this machine that answers with `status`, and what it was sent."""
    sent: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alert", sent
    finally:
        server.shutdown()
        server.server_close()


def test_file_and_webhook_say_the_same_sentences_once_for_a_run(lake: Lake) -> None:
    with webhook(204) as (address, sent):
        run = run_at(lake, alert_webhook=address)
        for _ in range(2):
            assert write_alert(run, "nightly_refresh", "run-1", [PROBLEM]) == []
    (alert,) = sent
    assert alert == json.loads((lake.alerts / "run-1.json").read_text(encoding="utf-8"))
    assert alert["problems"][0]["sentence"] == alert["message"] == PROBLEM.sentence
    assert PROBLEM.sentence == (
        "clean_nhse_ae, check parsed_whole: the file is refused: no TOTAL row. Next: ask the publisher."
    )


@pytest.mark.parametrize("address", ["answers 500", "http://127.0.0.1:9/nobody"])
def test_a_webhook_that_does_not_answer_ends_no_night(
    address: str, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    with webhook(500) as (broken, _):
        run = run_at(lake, alert_webhook=broken if address == "answers 500" else address)
        assert len(end_night(run, "run-1", [PROBLEM], succeeded=False, job="nightly_refresh")) == 1
    assert "The webhook of HIW_ALERT_WEBHOOK did not take the alert" in capsys.readouterr().err
    assert (lake.alerts / "run-1.json").is_file()


def test_a_green_night_with_a_failed_check_is_alerted_and_counts_as_good(lake: Lake) -> None:
    assert end_night(run_at(lake), "run-1", [PROBLEM], succeeded=True, job="nightly_refresh") == []
    alert = json.loads((lake.alerts / "run-1.json").read_text(encoding="utf-8"))
    record = read_record(lake)
    assert alert["succeeded"] is True and "stays at its last good state" in alert["published"]
    assert record is not None and record.last_good and record.problems == [PROBLEM.sentence]


def test_a_full_disk_takes_no_alert_and_raises_nothing(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    write_atomically(lake.root / "there", b"")
    with webhook(200) as (address, sent), no_more_than(5):
        undone = end_night(run_at(lake, alert_webhook=address), "", [PROBLEM], succeeded=False, job="nightly_refresh")
    assert len(undone) == 2 and all("the disk" in sentence for sentence in undone)
    assert capsys.readouterr().err.splitlines() == undone, "who reads the terminal is told both"
    assert len(sent) == 1, "the webhook is the way that is left"


@pytest.mark.parametrize(("limit", "good"), [("100MB", True), ("1000TB", False)])
def test_a_memory_limit_that_no_machine_has_is_found(limit: str, good: bool, lake: Lake) -> None:
    found = {one.what: one for one in examine(run_at(lake, memory_limit=limit))}
    assert found["memory limit"].good is good


def test_a_night_that_was_killed_is_alerted_by_the_next_one(lake: Lake) -> None:
    run = run_at(lake)
    begin_night(run)
    assert not list(lake.alerts.glob("*"))
    begin_night(run)
    (alert,) = (json.loads(path.read_text(encoding="utf-8")) for path in lake.alerts.glob("night-*.json"))
    assert "did not come to its end" in alert["message"]

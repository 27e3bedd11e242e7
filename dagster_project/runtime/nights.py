"""How the nightly runs ended: the record that `hiw status` reads, and the alert of every night that did not end well.

The record is a small file, so that whoever may only read can ask it, and so that it outlives Dagster's own records. Every way in which
a nightly run can end comes here: from a shell (refresh.py) and from the daemon (sensors.py). A nightly run that began and never came to its
end was killed; the record says so as well, because its beginning is written first.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import requests

from dagster_project.lake.files import LakeError, write_atomically
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.runtime.failures import Problem, explain, told

WEBHOOK_SECONDS = 10
RECORD = "nights.json"
FAILED_NEXT = "`hiw status` shows what is published; `hiw refresh` starts the nightly run again."


@dataclass(frozen=True)
class NightRecord:
    """The nights of a data folder; times are ISO 8601 in UTC, "" where there was none."""

    last_good: str = ""
    began: str = ""
    ended: str = ""
    run_id: str = ""
    succeeded: bool = True
    problems: list[str] = field(default_factory=list)
    """Sentences of the last nightly run."""

    @property
    def last_good_at(self) -> dt.datetime | None:
        """Return when the last nightly run that succeeded ended."""
        return dt.datetime.fromisoformat(self.last_good) if self.last_good else None

    @property
    def was_killed(self) -> bool:
        """Return whether a nightly run began that never came to its end; it may also be running now."""
        return self.began > self.ended


def read_record(lake: Lake) -> NightRecord | None:
    """Return the record; None before the first nightly run. Raises LakeError where it is damaged."""
    path = lake.dagster_home / RECORD
    try:
        record = NightRecord(**json.loads(path.read_text(encoding="utf-8")))
        for text in filter(None, (record.last_good, record.began, record.ended)):
            if dt.datetime.fromisoformat(text).tzinfo is None:
                raise ValueError("a time without its zone")
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise LakeError(
            f"the record of the nightly runs ({RECORD})",
            "it is damaged",
            "remove it; the next nightly run writes it again",
        ) from error
    return record


def _write(lake: Lake, record: NightRecord) -> None:
    write_atomically(lake.dagster_home / RECORD, json.dumps(asdict(record), indent=1).encode())


def _stamp(run: Run) -> str:
    return run.clock().isoformat(timespec="seconds")


def begin_night(run: Run) -> None:
    """Write that a nightly run began, and alert where the one before never ended. Raises NoSpace or OSError where nothing can be written: such a nightly run need not begin."""
    lake = run.lake
    try:
        before = read_record(lake) or NightRecord()
    except LakeError:
        before = NightRecord()
    if before.was_killed:
        what = Problem(
            f"the nightly run that began at {before.began} did not come to its end: it was killed", "the nightly run"
        )
        write_alert(run, "nightly_refresh", f"night-{before.began.replace(':', '')}", [what])
    _write(lake, replace(before, began=_stamp(run)))


def end_night(run: Run, run_id: str, problems: Sequence[Problem], *, succeeded: bool, job: str) -> list[str]:
    """Record how a nightly run ended; alert where there is anything to say. Gives what of that could not be done, as sentences.

    Never raises: a full disk is one of the ways in which a nightly run ends.
    """
    undone: list[str] = []
    lake = run.lake
    try:
        before = read_record(lake) or NightRecord()
        if run_id and before.run_id == run_id:
            return []  # the daemon's sensor sees the nightly runs that a shell started as well
        now, sentences = _stamp(run), [problem.sentence for problem in problems]
        good = now if succeeded else before.last_good
        _write(lake, NightRecord(good, before.began, now, run_id, succeeded, sentences))
    except (OSError, LakeError) as error:
        undone += _undone(f"How this run ended could not be written down: {explain(error)}")
    if problems:
        undone += write_alert(
            run, job, run_id or f"night-{_stamp(run).replace(':', '')}", problems, failed=not succeeded
        )
    return undone


def write_alert(run: Run, job: str, run_id: str, problems: Sequence[Problem], *, failed: bool = True) -> list[str]:
    """Return the alert file of one run (at most one for each run), and the call of the webhook; gives what could not be done."""
    path = run.lake.alerts / f"{run_id}.json"
    if path.exists():
        return []
    alert = _alert(_stamp(run), job, run_id, problems, failed=failed)
    undone: list[str] = []
    try:
        write_atomically(path, json.dumps(alert, indent=1, ensure_ascii=False).encode())
    except (OSError, LakeError) as error:
        undone += _undone(f"The alert could not be written: {explain(error)}")
    if run.settings.alert_webhook:
        try:
            requests.post(run.settings.alert_webhook, json=alert, timeout=WEBHOOK_SECONDS).raise_for_status()
        except requests.RequestException as error:
            answer = error.response.status_code if error.response is not None else "no answer"
            undone += _undone(f"The webhook of HIW_ALERT_WEBHOOK did not take the alert: {answer}.")
    return undone


def _undone(sentence: str) -> list[str]:
    """Say on standard error what could not be done: no alert says it."""
    sys.stderr.write(sentence + "\n")
    return [sentence]


def _alert(at: str, job: str, run_id: str, problems: Sequence[Problem], *, failed: bool) -> dict[str, Any]:
    kept = "The release that was published before this run is untouched."
    held = "The nightly run published what it could; what is named stays at its last good state."
    return {
        "at": at,
        "job": job,
        "run_id": run_id,
        "succeeded": not failed,
        "message": " ".join(problem.sentence for problem in problems),
        "problems": told(problems),
        "published": kept if failed else held,
        "next": FAILED_NEXT,
    }


def is_night_running(lake: Lake) -> bool:
    """Say whether a process holds the data folder now; asks without holding it, and without a right to write."""
    try:
        with lake.night_lock.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

"""What is published and whether it may be relied on: the answer of `hiw status`.

Reads files only, and writes nothing: whoever may read the data folder can ask. What it looks at: the pointer and the file behind it, the
record of the nightly runs (nights.py), the clock, withdrawn releases, and how each source stands (release/inputs.py, the same
that meta.source_status held when the release was built).
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.runtime.failures import explain
from dagster_project.runtime.nights import NightRecord, is_night_running, read_record
from dagster_project.settings import Settings

CLOCKS_DIFFER_BY = dt.timedelta(minutes=5)
RECORDS = {
    "history/runs.db": "select 1 from runs limit 1",
    "history/runs/index.db": "select 1 from event_logs limit 1",
    "schedules/schedules.db": "select 1 from jobs limit 1",
}
"""Dagster's files of SQLite and what shows that each can be read; nothing is asked where PostgreSQL holds them."""
LISTED = 20


@dataclass
class Status:
    """One look at the data folder."""

    release: str
    origin: str
    built_at: str
    last_good_night: str
    hours_since: float | None
    problems: list[str] = field(default_factory=list)
    """Why the marts are not fresh or not sound."""
    notes: list[str] = field(default_factory=list)
    """What is as it was set, or was said by a nightly run that succeeded."""

    @property
    def fresh(self) -> bool:
        """Say whether the marts are sound, the last good nightly run is recent enough, and no source is held or quiet."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self) | {"fresh": self.fresh}

    def lines(self) -> list[str]:
        """For people."""
        age = "never" if self.hours_since is None else f"{self.last_good_night} ({self.hours_since:.1f} hours ago)"
        return [
            f"release:         {self.release or 'none'} ({self.origin})",
            f"built:           {self.built_at}",
            f"last good nightly run: {age}",
            *(f"note:            {note}" for note in self.notes),
            *(f"problem:         {problem}" for problem in self.problems),
            "fresh" if self.fresh else "NOT fresh",
        ]


def read_status(run: Run) -> Status:
    """Look at everything; a part that cannot be read is a problem itself and hides no other."""
    from dagster_project.release.releases import current_release

    lake, found, now = run.lake, Status("", "nothing", "", "", None), run.clock()
    record = NightRecord()

    def released() -> Iterator[str]:
        nonlocal record
        current = current_release(lake)
        if current is not None:
            found.release, found.origin, found.built_at = current.name, current.origin, str(current.built_at)
            # A data folder of before there was a record: the nightly run that published succeeded.
            record = NightRecord(last_good=current.published_at.isoformat(timespec="seconds"))
        yield from _of_the_release(lake)

    def nights() -> Iterator[str]:
        nonlocal record
        record = read_record(lake) or record
        good = record.last_good_at
        if good is not None:
            found.last_good_night, found.hours_since = record.last_good, (now - good).total_seconds() / 3600
        yield from _of_the_nights(run, record, now)

    looks: tuple[Callable[[], Iterable[str]], ...] = (
        released,
        nights,
        lambda: _of_the_clock(lake, record, now),
        lambda: map(str, problems_of_records(lake.dagster_home)),
        lambda: _of_the_sources(run, now.date(), found),
    )
    for look in looks:
        try:
            found.problems += look()
        except Exception as error:
            found.problems.append(str(explain(error)))
    return found


def _of_the_release(lake: Lake) -> Iterator[str]:
    from dagster_project.release.releases import (
        current_name,
        release_id_of,
        release_names,
        verify_current,
        withdrawn_ids,
    )

    current = current_name(lake)
    if current is None:
        yield "nothing is published: run `make refresh`"
        return
    yield from verify_current(lake)
    withdrawn = withdrawn_ids(lake)
    if (release_id := release_id_of(current)) in withdrawn:
        yield (
            f"release {current} is withdrawn and still published: a rollback was stopped half-way. "
            f"Next: `hiw rollback` to leave it, or `hiw publish --withdrawn {release_id}` to keep it."
        )
    left = [name for name in release_names(lake) if name > current and release_id_of(name) in withdrawn]
    if left:
        yield (
            f"release {left[-1]} was withdrawn by `hiw rollback`, and an older one is published until something new comes. "
            f"Next: fix what was wrong with it, or `hiw publish --withdrawn {release_id_of(left[-1])}`."
        )


def _of_the_nights(run: Run, record: NightRecord, now: dt.datetime) -> Iterator[str]:
    lake, stale_after = run.lake, run.settings.stale_after_hours
    if record.was_killed and not is_night_running(lake):
        yield f"the nightly run that began at {record.began} did not come to its end: it was killed. Next: `hiw refresh`."
    if not record.succeeded:
        yield f"the nightly run that ended at {record.ended} failed"
        yield from record.problems
    if record.last_good_at is None:
        yield "no nightly run has succeeded yet"
    elif now - record.last_good_at > dt.timedelta(hours=stale_after):
        yield f"the last good nightly run is older than {stale_after:g} hours: look at the daemon and at {lake.alerts.name}/"


def _of_the_clock(lake: Lake, record: NightRecord, now: dt.datetime) -> Iterator[str]:
    """Ages are worked out with the clock: one that is behind makes everything look fresh."""
    from dagster_project.release.releases import built_at_of, release_names

    stamps = [built_at_of(name) for name in release_names(lake)]
    stamps += [dt.datetime.fromisoformat(text) for text in (record.began, record.ended) if text]
    newest = max(stamps, default=now)
    if newest > now + CLOCKS_DIFFER_BY:
        yield (
            f"the clock of this machine ({now:%Y-%m-%d %H:%M} UTC) is behind what was done last ({newest:%Y-%m-%d %H:%M} UTC), "
            "so that no age can be told. Next: set the clock."
        )


def problems_of_records(home: Path) -> Iterator[LakeError]:
    """Say whether SQLite can read Dagster's records: without them no nightly run can begin."""
    for name, question in RECORDS.items():
        if (home / name).exists() and (wrong := _why_unreadable(home / name, question)):
            yield LakeError(f"{wrong.what} ({name})", wrong.why, wrong.next_step)


def _why_unreadable(path: Path, question: str) -> LakeError | None:
    said: sqlite3.DatabaseError | None = None
    for how in ("mode=ro", "mode=ro&immutable=1"):  # a reader who may not write cannot open a write-ahead log
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=5)) as records:
                records.execute(question).fetchone()
            return None
        except sqlite3.DatabaseError as error:
            said = said or error
    return None if said is None else explain(said)


def _of_the_sources(run: Run, today: dt.date, found: Status) -> Iterator[str]:
    from dagster_project.contracts.source import load_sources
    from dagster_project.release.inputs import source_statuses

    settings, lake, sources = run.settings, run.lake, load_sources()
    if settings.selected_slugs:
        yield from map(str, _unknown_slugs(settings))
        chosen = ", ".join(sorted(settings.selected_slugs & set(sources)))
        found.notes.append(f"HIW_ONLY is set: nothing but {chosen or 'what is kept'} is fetched")
    if settings.offline:
        found.notes.append("HIW_OFFLINE is set: nothing is fetched")
    if not lake.ledger.exists():
        if found.release:
            yield (
                f"{lake.ledger.name} is missing, so that nobody can tell how the sources stand. "
                "Next: put it back from a backup, or `hiw refresh`, which reads every source again."
            )
        return
    for one in source_statuses(lake, sources.values(), run.origin, today):
        place = f"{one.slug} {one.entity}"
        if one.held:
            yield f"{place} is held since {one.held_since}: {one.held_reason}"
        elif one.quiet:
            yield f"{place} is quiet since {one.quiet_since}: {one.quiet_reason}"


def _unknown_slugs(settings: Settings) -> Iterator[LakeError]:
    """Where HIW_ONLY names what is no source: such a nightly run would fetch less than was meant, or nothing."""
    from dagster_project.contracts.source import load_sources

    unknown = sorted(settings.selected_slugs - set(load_sources()))
    if unknown:
        yield LakeError(
            "HIW_ONLY names no source of this project", ", ".join(unknown), f"use names of {', '.join(load_sources())}"
        )


def require_known_slugs(settings: Settings) -> None:
    """Raises LakeError where HIW_ONLY names what is no source."""
    for wrong in _unknown_slugs(settings):
        raise wrong


def require_readable_records(lake: Lake) -> None:
    """Raises LakeError where Dagster's records are damaged: a nightly run would build everything and then not be able to say so."""
    for wrong in problems_of_records(lake.dagster_home):
        raise wrong

"""What is published and whether it may be relied on: the answer of `hiw status`."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any

import dagster as dg

from dagster_project.instance import open_instance
from dagster_project.lake.paths import Lake
from dagster_project.settings import Settings


@dataclass
class Status:
    """One look at the data folder."""

    release: str
    origin: str
    built_at: str
    last_good_night: str
    hours_since: float | None
    problems: list[str] = field(default_factory=list)

    @property
    def fresh(self) -> bool:
        """Whether the marts are sound and the last good night is recent enough."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self) | {"fresh": self.fresh}

    def lines(self) -> list[str]:
        """For people."""
        age = "never" if self.hours_since is None else f"{self.last_good_night} ({self.hours_since:.1f} hours ago)"
        lines = [
            f"release:         {self.release or 'none'} ({self.origin})",
            f"built:           {self.built_at}",
            f"last good night: {age}",
        ]
        return (
            lines
            + [f"problem:         {problem}" for problem in self.problems]
            + ["fresh" if self.fresh else "NOT fresh"]
        )


def read_status(settings: Settings) -> Status:
    """Read the pointer, verify the file behind it, and ask the event log for the last night that succeeded."""
    from dagster_project.release.releases import current_release, verify_current

    lake = Lake(settings.data_lake)
    current = current_release(lake)
    night = _last_good_night(settings)
    hours = None if night is None else (dt.datetime.now(dt.UTC) - night).total_seconds() / 3600
    problems = verify_current(lake) if current else ["nothing is published: run `make refresh`"]
    if hours is None:
        problems.append("no night has succeeded yet")
    elif hours > settings.stale_after_hours:
        problems.append(
            f"the last good night is older than {settings.stale_after_hours:g} hours: look at the daemon and at data_lake/alerts"
        )
    return Status(
        release=current.name if current else "",
        origin=current.origin if current else "nothing",
        built_at=str(current.built_at) if current else "",
        last_good_night="" if night is None else night.isoformat(timespec="seconds"),
        hours_since=hours,
        problems=problems,
    )


def _last_good_night(settings: Settings) -> dt.datetime | None:
    with open_instance(settings) as instance:
        succeeded = dg.RunsFilter(job_name="nightly_refresh", statuses=[dg.DagsterRunStatus.SUCCESS])
        for record in instance.get_run_records(filters=succeeded, limit=1):
            if record.end_time is not None:
                return dt.datetime.fromtimestamp(record.end_time, dt.UTC)
    return None

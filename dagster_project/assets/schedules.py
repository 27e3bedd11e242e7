"""When the nightly run starts."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from dagster_project.assets.run_tags import TRIGGER
from dagster_project.jobs import nightly_refresh
from dagster_project.lake.run import Run
from dagster_project.runtime.orphans import reap_dead_runs


def build_nightly_schedule(run: Run) -> dg.ScheduleDefinition:
    """Return the schedule of 02:00 Europe/London: it exists exactly once on both days on which the clocks change (01:30 does not)."""
    return dg.ScheduleDefinition(
        name="nightly_refresh_at_two",
        job=nightly_refresh,
        cron_schedule="0 2 * * *",
        execution_timezone="Europe/London",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 02:00. Before it asks for a run it frees what dead runs still hold.",
        execution_fn=_night(run),
    )


def _night(run: Run) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest]:
    def request(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        reap_dead_runs(context.instance, run)
        return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat(), tags={TRIGGER: "schedule"})

    return request

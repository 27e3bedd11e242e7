"""Alarms and tidying up: what happens when a run fails, and what dead runs leave."""

from __future__ import annotations

import datetime as dt
import json

import dagster as dg
import requests

from dagster_project.lake.files import write_atomically
from dagster_project.lake.paths import Lake
from dagster_project.orphans import reap_dead_runs
from dagster_project.settings import Settings

WEBHOOK_SECONDS = 10
REAP_EVERY_SECONDS = 60


def build_failure_sensor(settings: Settings) -> dg.SensorDefinition:
    """Writes an alert file for every failed run and, if HIW_ALERT_WEBHOOK is set, posts the same JSON there."""

    @dg.run_failure_sensor(
        name="alert_on_failure",
        description="Writes data_lake/alerts/<run>.json and calls the webhook of HIW_ALERT_WEBHOOK, if there is one.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        steps = [str(event.step_key) for event in context.get_step_failure_events()]
        write_alert(
            settings,
            context.dagster_run.job_name,
            context.dagster_run.run_id,
            context.failure_event.message or "",
            steps,
        )

    return alert_on_failure


def build_reaping_sensor(settings: Settings) -> dg.SensorDefinition:
    """Ends dead runs also where nothing else does: a run that waits for a slot has no step yet that could."""

    @dg.sensor(
        name="dead_runs",
        description="Marks runs whose process is gone as failed and frees their slots, every minute.",
        minimum_interval_seconds=REAP_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        reaped = reap_dead_runs(context.instance, settings)
        return dg.SkipReason(f"reaped: {', '.join(reaped)}" if reaped else "no run is dead")

    return dead_runs


def write_alert(settings: Settings, job: str, run_id: str, message: str, failed_steps: list[str]) -> None:
    """The alert file of one failed run (at most one for each run), and the call of the webhook."""
    path = Lake(settings.data_lake).alerts / f"{run_id}.json"
    if path.exists():
        return
    alert = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "job": job,
        "run_id": run_id,
        "message": message,
        "failed_steps": failed_steps,
        "published": "The release that was published before this run is untouched.",
        "next": "Open the run in the Dagster UI; the failed checks name files and rows. `hiw status` shows what is published.",
    }
    write_atomically(path, json.dumps(alert, indent=1).encode())
    if settings.alert_webhook:
        requests.post(settings.alert_webhook, json=alert, timeout=WEBHOOK_SECONDS).raise_for_status()

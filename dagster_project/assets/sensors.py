"""Alarms and tidying up: a run that fails, a nightly run that ends well but had to leave something out, and what dead runs leave."""

from __future__ import annotations

import dagster as dg

from dagster_project.assets.run_failures import run_problems
from dagster_project.jobs import nightly_refresh
from dagster_project.lake.run import Run
from dagster_project.runtime.failures import Problem, plain
from dagster_project.runtime.nights import end_night, write_alert
from dagster_project.runtime.orphans import reap_dead_runs

REAP_EVERY_SECONDS = 60


def build_failure_sensor(run: Run) -> dg.SensorDefinition:
    """Writes an alert file for every failed run and, if HIW_ALERT_WEBHOOK is set, posts the same JSON there."""

    @dg.run_failure_sensor(
        name="alert_on_failure",
        description="Writes data_lake/alerts/<run>.json and calls the webhook of HIW_ALERT_WEBHOOK, if there is one.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        dagster_run = context.dagster_run
        problems = run_problems(run, context.instance, dagster_run.run_id)
        problems = problems or [
            Problem(plain(context.failure_event.message or "the run failed"), f"job {dagster_run.job_name}")
        ]
        if dagster_run.job_name == nightly_refresh.name:
            end_night(run, dagster_run.run_id, problems, succeeded=False, job=dagster_run.job_name)
        else:
            write_alert(run, dagster_run.job_name, dagster_run.run_id, problems)

    return alert_on_failure


def build_reaping_sensor(run: Run) -> dg.SensorDefinition:
    """Ends dead runs also where nothing else does: a run that waits for a slot has no step yet that could."""

    @dg.sensor(
        name="dead_runs",
        description="Marks runs whose process is gone as failed and frees their slots, every minute.",
        minimum_interval_seconds=REAP_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        reaped = reap_dead_runs(context.instance, run)
        return dg.SkipReason(f"reaped: {', '.join(reaped)}" if reaped else "no run is dead")

    return dead_runs


def build_night_sensor(run: Run) -> dg.SensorDefinition:
    """Records every night of the daemon that succeeded; what its checks found wrong is alerted like a failure."""

    @dg.run_status_sensor(
        name="record_of_nights",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[nightly_refresh],
        description="Writes how a nightly run ended for `hiw status`, and data_lake/alerts/<run>.json where a check failed.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def record_of_nights(context: dg.RunStatusSensorContext) -> None:
        dagster_run = context.dagster_run
        problems = run_problems(run, context.instance, dagster_run.run_id)
        end_night(run, dagster_run.run_id, problems, succeeded=True, job=dagster_run.job_name)

    return record_of_nights

"""The nightly run, started from a shell: one process, the same job that the schedule starts."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field
from typing import Any

import dagster as dg
from rich.markup import escape

from dagster_project.assets.run_failures import night_problems
from dagster_project.assets.run_tags import FULL, TRIGGER
from dagster_project.assets.stages import NAME as STAGES
from dagster_project.jobs import NIGHT
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.operate.status import require_known_slugs, require_readable_records
from dagster_project.quality.judge import start_judge
from dagster_project.runtime.failures import Problem, explain, told
from dagster_project.runtime.instance import open_instance
from dagster_project.runtime.nights import begin_night, end_night
from dagster_project.runtime.orphans import process_tags, reap_dead_runs

FIRST_QUERIES = (
    "select group_code as decile, round(100 * value, 2) as per_cent, round(100 * ci_lower_95, 2) as lower, "
    "round(100 * ci_upper_95, 2) as upper from mart_waiting_list where indicator_id = 'wlmds_over_52_weeks' and "
    "organisation_code = 'ENG' and treatment_function_code = 'all' and dimension = 'imd_decile' "
    "order by cast(group_code as integer)",
    "select slug, max(newest_period_in_use) as newest, bool_or(held) as held from meta.source_status group by slug order by slug",
    "select name, question from meta.example_queries",
)


@dataclass
class NightResult:
    """How a nightly run ended; `problems` say what, where, why and what to do next."""

    succeeded: bool
    run_id: str
    release: str
    outcome: str
    failed_steps: list[str] = field(default_factory=list)
    """Names of the steps that stopped; why is in `problems`."""
    failed_checks: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reaped_runs: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self) | {"problems": told(self.problems)}


def run_night(run: Run, *, full: bool = False, verbose: bool = False) -> NightResult:
    """Run the main job in this process, with `full` every table built whole; raises LakeError when another run holds the data folder, or the nightly run cannot begin.

    However it ends, its end is recorded and what went wrong is alerted.
    """
    try:
        with run.lock():
            begin_night(run)
            require_known_slugs(run.settings)
            require_readable_records(run.lake)
            if not run.lake.marts.exists():  # all is new; later, the first new file starts it (assets/sources.py)
                start_judge()
            night = _execute(run, full=full, verbose=verbose)
    except (Exception, KeyboardInterrupt) as error:
        explained = explain(error)
        what = Problem(explained.what, "the nightly run", explained.why, explained.next_step)
        end_night(run, "", [what], succeeded=False, job=NIGHT)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise explained from error
    end_night(run, night.run_id, night.problems, succeeded=night.succeeded, job=NIGHT)
    return night


def _execute(run: Run, *, full: bool, verbose: bool) -> NightResult:
    from dagster_project.definitions import build_definitions
    from dagster_project.release.releases import current_release

    with open_instance(run) as instance:
        reaped = reap_dead_runs(instance, run)
        job = build_definitions(run).resolve_job_def(NIGHT)
        with _log_of(run.lake, verbose=verbose):
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                tags=process_tags() | {TRIGGER: "shell"} | ({FULL: "yes"} if full else {}),
                run_config={"loggers": _loggers(run.lake, verbose=verbose)},
            )
        current = current_release(run.lake)
        night = NightResult(
            succeeded=result.success,
            run_id=result.run_id,
            release=current.name if current else "",
            outcome=_outcome(result),
            failed_steps=[str(event.step_key) for event in result.all_events if event.is_step_failure],
            failed_checks=_failed_checks(result),
            problems=night_problems(run, list(result.all_events)),
            reaped_runs=reaped,
        )
    return night


@contextmanager
def _log_of(lake: Lake, *, verbose: bool) -> Iterator[None]:
    """Keep dbt's lines, which dagster-dbt prints, and what Dagster and Python warn of in a log beside the event log; on the screen only when asked for.

    In a nightly run with nothing new Dagster warns of every check that was not asked: 60 lines about checks that nothing needs.
    """
    if verbose:
        yield
        return
    log = lake.dagster_home / "last_night.log"
    with log.open("w", encoding="utf-8") as lines, redirect_stdout(lines):
        handler = logging.StreamHandler(lines)
        loggers = [logging.getLogger(name) for name in ("dagster", "py.warnings")]
        logging.captureWarnings(True)
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield
        finally:
            logging.captureWarnings(False)
            for logger in loggers:
                logger.removeHandler(handler)


def _loggers(lake: Lake, *, verbose: bool) -> dict[str, Any]:
    console = {"console": {"config": {"log_level": "INFO" if verbose else "CRITICAL"}}}
    return console if verbose else console | {STAGES: {"config": {"folder": str(lake.dagster_home)}}}


def _outcome(result: dg.ExecuteInProcessResult) -> str:
    for event in result.get_asset_materialization_events():
        if event.asset_key == dg.AssetKey("published_marts"):
            return str(event.step_materialization_data.materialization.metadata["outcome"].value)
    return "nothing new" if result.success else "not published"


def _failed_checks(result: dg.ExecuteInProcessResult) -> list[str]:
    failed = []
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            what = evaluation.metadata.get("what")
            text = f": {what.value}" if what is not None and evaluation.severity == dg.AssetCheckSeverity.ERROR else ""
            failed.append(
                f"{evaluation.severity.value} {evaluation.asset_key.to_user_string()}.{evaluation.check_name}{text}"
            )
    return sorted(failed)


def _notes(failed_checks: list[str]) -> list[str]:
    """Checks that only warn, one sentence for each kind."""
    where: dict[str, list[str]] = {}
    for check in failed_checks:
        severity, _, name = check.partition(" ")
        asset, _, kind = name.partition(".")
        if severity == "WARN":
            where.setdefault(kind, []).append(asset)
    return [f"{', '.join(assets)}: warning of {kind}" for kind, assets in where.items()]


def summary_lines(result: NightResult, lake: Lake) -> list[str]:
    """Return what the operator reads at the end."""
    lines = [f"Reaped a dead run: {run_id}" for run_id in result.reaped_runs]
    lines += [f"Note: {escape(note)}" for note in _notes(result.failed_checks)]
    lines += [f"[bold]Problem:[/bold] {escape(problem.sentence)}" for problem in result.problems]
    if not result.succeeded:
        kept = f"The published release is still {result.release}." if result.release else "Nothing is published."
        return [
            *lines,
            f"The nightly run failed (run {result.run_id}). {kept}",
            "Next: do what is named above, then `hiw refresh`; `make ui` shows the run.",
        ]
    marts = os.path.relpath(lake.marts)
    report = os.path.relpath(lake.published / "report" / "index.html")
    held = sum(check.startswith("ERROR ") for check in result.failed_checks)
    lines.append(f"{result.outcome}: release {result.release}" + (f"; held back by a check: {held}" if held else ""))
    lines += [f"The report is {report}; `make ui` shows this run; `hiw status` what is held or overdue."]
    lines += [f"The marts are in {marts}. Three queries to try:"]
    return lines + [f'  .venv/bin/hiw sql "{query}"' for query in FIRST_QUERIES]

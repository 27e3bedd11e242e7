"""What went wrong in a run, as problems: from Dagster's events and, where its step of dbt failed, from dbt's results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from dagster_project.lake.run import Run
from dagster_project.runtime.failures import LOG, NEXT, Problem, explain_by_name, likeliest_first, plain
from dagster_project.transform.dbt_failures import dbt_problems

DBT_STEP = "dbt_models"
TELLING = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
CHECKS_SAY_IT = "DagsterAssetCheckFailedError"
"""A step that only sums up that a check failed; the check says which."""


def run_problems(run: Run, instance: dg.DagsterInstance, run_id: str) -> list[Problem]:
    """Return what a finished run says went wrong, what dbt says in place of its step."""
    events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=TELLING) if entry.dagster_event]
    return night_problems(run, events)


def night_problems(run: Run, events: list[dg.DagsterEvent]) -> list[Problem]:
    """Return what failed, from a run's events and, where its step of dbt failed, from dbt's results."""
    problems = problems_of(events)
    if not any(event.is_step_failure and event.step_key == DBT_STEP for event in events):
        return problems
    of_dbt = dbt_problems(run)
    others = [problem for problem in problems if problem.where != f"step {DBT_STEP}"]
    return [*of_dbt, *others] if of_dbt else problems


def problems_of(events: Iterable[dg.DagsterEvent]) -> list[Problem]:
    """Return what a run's failed steps and failed checks say; checks that only warn are no failure."""
    found: list[Problem] = []
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found += _of_check(event.asset_check_evaluation_data)
        elif event.is_step_failure:
            found += _of_step(str(event.step_key), event.step_failure_data.error)
    return list(dict.fromkeys(found))


def _of_check(check: dg.AssetCheckEvaluation) -> Iterator[Problem]:
    if check.passed or check.severity != dg.AssetCheckSeverity.ERROR or _is_of_dbt(check):
        return
    where = f"{check.asset_key.to_user_string()}, check {check.check_name}"
    lines = [line for line in (check.description or "").splitlines() if line.strip()]
    for line in lines or ["it did not pass"]:
        what, _, next_step = line.strip().rstrip(".").partition(NEXT)
        yield Problem(
            plain(what), where, next_step=next_step or "see 'A bad night' in dagster_project/deployment/README.md"
        )


def _is_of_dbt(check: dg.AssetCheckEvaluation) -> bool:
    """What dbt's own results say better (dbt_failures.py)."""
    return any(name.startswith("dagster_dbt/") or name == "unique_id" for name in check.metadata)


def _of_step(step: str, error: Any) -> Iterator[Problem]:
    """`error` is what Dagster kept of the exception: class name, message, cause and context."""
    chain = []
    while error is not None:
        chain.append(error)
        error = error.cause or error.context
    if any(one.cls_name == CHECKS_SAY_IT for one in chain):
        return
    told = next((one for one in chain[::-1] if NEXT in one.message), chain[-1] if chain else None)
    what, _, next_step = plain(told.message if told else "it stopped").rstrip(".").partition(NEXT)
    if told is not None and not next_step:
        causes = likeliest_first(chain, lambda one: one.cls_name or "")
        known = next(filter(None, (explain_by_name(one.cls_name or "", one.message) for one in causes)), None)
        what, next_step = (f"{known.what}: {known.why}", known.next_step) if known else (what, f"look at {LOG}")
    yield Problem(what, f"step {step}", next_step=next_step)

"""Gate 1: a source's suite, code lists and full sets on each of its newly parsed clean tables. A failure holds that vintage back."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.contracts.check import SEVERITIES
from dagster_project.contracts.source import Entity, Source
from dagster_project.contracts.suite import load_landing
from dagster_project.duck import MACHINE_ERRORS, EngineLimits, quote_literal, scratch_connection
from dagster_project.lake.acceptance import Gate, Verdict
from dagster_project.lake.completeness import find_holes
from dagster_project.quality.judge import Question, answers, ask
from dagster_project.quality.labels import find_unknown_labels


def landing_gate(limits: EngineLimits) -> Gate:
    """Return the gate that Acceptance asks about every clean table."""

    def judge(source: Source, entity: Entity, clean: Path) -> Verdict:
        suite = load_landing(source.slug).suites[entity.name]
        relation = f"from read_parquet({quote_literal(str(clean))})"
        asked = ask([Question(suite, relation, made_of_returns=False)], limits)
        unknown, left_out = _compare_lists(entity, clean, limits)
        (outcomes,) = answers(asked)
        if isinstance(outcomes, MACHINE_ERRORS):
            raise outcomes
        if isinstance(outcomes, Exception):  # fail closed: if the suite cannot run, hold the file
            return Verdict(False, (f"the suite {suite.name} could not be run: {outcomes}",))
        failed = [outcome for outcome in outcomes if not outcome.passed]
        critical = unknown + tuple(outcome.sentence for outcome in failed if outcome.severity == "critical")
        others = left_out + tuple(outcome.sentence for outcome in failed if outcome.severity != "critical")
        return Verdict(not critical, critical, others)

    return judge


def _compare_lists(entity: Entity, clean: Path, limits: EngineLimits) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What holds the file and what is only said of its labels and full sets; a list that cannot be compared holds it."""
    with scratch_connection(limits) as con:
        try:
            critical, warning = (
                (*find_unknown_labels(con, entity, clean, severity), *find_holes(con, entity, clean, severity))
                for severity in SEVERITIES
            )
            return critical, warning
        except MACHINE_ERRORS:
            raise
        except duckdb.Error as error:
            return (f"the labels and full set of {entity.name} could not be compared: {error}",), ()

"""Gate 1: a source's suite on each of its newly parsed clean tables. A failure holds that vintage back."""

from __future__ import annotations

from pathlib import Path

from dagster_project.duck import quote_literal
from dagster_project.lake.acceptance import Gate, Verdict
from dagster_project.quality.judge import MACHINE_ERRORS, Question, answers, ask
from dagster_project.quality.suites import landing_fingerprint, load_landing
from dagster_project.sources.contract import Entity, Source


def landing_gate(memory_limit: str, threads: int) -> Gate:
    """The gate that Acceptance asks about every clean table."""

    def judge(source: Source, entity: Entity, clean: Path) -> Verdict:
        suite = load_landing(source.slug).suites[entity.name]
        relation = f"from read_parquet({quote_literal(str(clean))})"
        (outcomes,) = answers(
            ask([Question(suite, relation, made_of_returns=False)], memory_limit=memory_limit, threads=threads)
        )
        if isinstance(outcomes, MACHINE_ERRORS):
            raise outcomes  # the machine's fault, not the file's: it is judged again the next night
        if isinstance(outcomes, Exception):  # a gate that cannot look must hold
            return Verdict(False, (f"the suite {suite.name} could not be run: {outcomes}",))
        failed = [outcome for outcome in outcomes if not outcome.passed]
        critical = tuple(outcome.sentence for outcome in failed if outcome.severity == "critical")
        others = tuple(outcome.sentence for outcome in failed if outcome.severity != "critical")
        return Verdict(not critical, critical, others, landing_fingerprint(source.slug))

    return judge

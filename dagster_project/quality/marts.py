"""Gate 2: everything that is asked of a draft before it may become a release.

Suites of Great Expectations, dbt's own results, reconciliation with the warehouse, keys, disclosure, the difference from the
current release, and the example queries. `expected_checks` says beforehand which results there must be.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import duckdb

from dagster_project.contracts.check import CheckResult, Severity, explain, shown_keys
from dagster_project.contracts.suite import Expectation, Suite, Threshold, load_thresholds
from dagster_project.lake.warehouse import attach_warehouse
from dagster_project.quality.disclosure import EXPECTED as EXPECTED_OF_DISCLOSURE
from dagster_project.quality.disclosure import audit_disclosure
from dagster_project.quality.judge import Answer, Question, answers, ask
from dagster_project.release.candidate import Draft, current_marts
from dagster_project.release.contents import MAIN, attach, content_hash, count_rows, qualified, tables_of
from dagster_project.release.dbt_artifacts import DbtTest, ExposedModel, read_artefact, read_statuses, read_tests
from dagster_project.release.dbt_messages import tell
from dagster_project.release.errors import ReleaseError
from dagster_project.release.inputs import inputs_in_use, last_judgements
from dagster_project.release.project import ExampleQuery, ReleaseProject

DBT_PASSED = frozenset({"pass", "success"})
THRESHOLDS = "suite.thresholds"
"""Whether a person has read the numbers of expectations/thresholds.yml again by the day that was agreed."""


def expected_checks(project: ReleaseProject) -> frozenset[str]:
    """Return the names of all results that complete evidence has: from exposures, suites, dbt tests, sources and example queries."""
    marts = {model.name for model in project.models}
    names = {f"suite.{name}" for name in marts | set(project.suites)}
    names |= {
        _expectation_name(mart, number, expectation)
        for mart in marts & set(project.suites)
        for number, expectation in enumerate(project.suites[mart].expectations, start=1)
    }
    for kind in ("reconciliation", "key", "disclosure", "difference", "dbt_model"):
        names |= {f"{kind}.{mart}" for mart in marts}
    names |= {f"dbt.{test.name}" for test in read_tests(project.manifest)}
    names |= {f"difference.source.{slug}" for slug in project.sources}
    names |= {f"example_query.{query.name}" for query in project.example_queries}
    return frozenset(names | EXPECTED_OF_DISCLOSURE | {THRESHOLDS})


def audit(project: ReleaseProject, draft: Draft) -> list[CheckResult]:
    """Judge the draft; one result for each expected check. Bad data never raises: it is a result."""
    results = [*audit_landing(project, draft), *audit_dbt(project)]
    results.append(audit_thresholds(load_thresholds(), draft.built_at.date()))
    asked = ask_suites(project, draft)
    with project.engine() as con:
        attach(con, draft.path, "draft")
        attach_warehouse(con, project.run)
        for model in project.models:
            results.append(_guarded("reconciliation", model, con, _reconcile))
            results.append(_guarded("key", model, con, _check_key))
        results += audit_disclosure(con, project, draft)
        results += audit_difference(con, project, draft)
        results += [_run_example(con, query) for query in project.example_queries]
    return results + audit_suites(project, asked)


def _guarded(
    kind: str,
    model: ExposedModel,
    con: duckdb.DuckDBPyConnection,
    check: Callable[[duckdb.DuckDBPyConnection, ExposedModel], CheckResult],
) -> CheckResult:
    """A check that cannot look has failed."""
    try:
        return check(con, model)
    except duckdb.Error as error:
        return _failure(
            f"{kind}.{model.name}",
            model.name,
            f"could not be checked: {explain(error, made_of_returns=model.made_of_returns)}",
        )


def _failure(name: str, mart: str, summary: str) -> CheckResult:
    kind: Any = name.split(".", maxsplit=1)[0].replace("dbt_model", "dbt")
    return CheckResult(name, kind, mart, False, "critical", " ".join(summary.split()))


# -- thresholds -------------------------------------------------------------------------------------------------------


def audit_thresholds(thresholds: Mapping[str, Threshold], today: dt.date) -> CheckResult:
    """Return a warning that names each number whose review is overdue: what a person decided holds until they read it again."""
    overdue = {name: row for name, row in sorted(thresholds.items()) if row.review_date < today}
    named = ", ".join(f"{name} ({row.owner}, {row.review_date})" for name, row in overdue.items())
    words = f"read these numbers again and set the next review_date in expectations/thresholds.yml: {named}"
    summary = words if overdue else f"no review of {len(thresholds)} numbers is overdue"
    return CheckResult(THRESHOLDS, "suite", "", not overdue, "warning", summary, {"overdue": len(overdue)})


# -- suites -----------------------------------------------------------------------------------------------------------


def ask_suites(project: ReleaseProject, draft: Draft) -> Future[list[Answer]]:
    """Return the suite of every mart that has one, asked of Great Expectations' process."""
    questions = [
        Question(project.suites[name], f"select * from {qualified('draft', MAIN, name)}", model.made_of_returns)
        for name, model in _asked(project).items()
    ]
    return ask(questions, project.run.limits, database=draft.path)


def _asked(project: ReleaseProject) -> dict[str, ExposedModel]:
    return {model.name: model for model in project.models if model.name in project.suites}


def audit_suites(project: ReleaseProject, asked: Future[list[Answer]]) -> list[CheckResult]:
    """Return every mart's suite on the draft: one result that sums it up, and one for each expectation.

    A mart without a suite fails, and so does a suite without a mart: a renamed mart must not lose its checks.
    """
    models = {model.name: model for model in project.models}
    found = dict(zip(_asked(project), answers(asked), strict=True))
    results = []
    for name in sorted(set(models) | set(project.suites)):
        if name not in project.suites:
            results.append(_failure(f"suite.{name}", name, f"there is no expectations/marts/{name}.yml"))
        elif name not in models:
            results.append(_failure(f"suite.{name}", name, "the suite's mart is in no exposure"))
        else:
            results += _read_suite(name, project.suites[name], found[name])
    return results


def _read_suite(mart: str, suite: Suite, outcomes: Answer) -> list[CheckResult]:
    if isinstance(outcomes, Exception):
        numbered = enumerate(suite.expectations, start=1)
        names = [f"suite.{mart}", *(_expectation_name(mart, number, expectation) for number, expectation in numbered)]
        return [_failure(name, mart, f"the suite could not be run: {outcomes}") for name in names]
    singles = [
        CheckResult(
            name=_expectation_name(mart, number, expectation),
            kind="suite",
            mart=mart,
            passed=outcome.passed,
            severity=_severity(outcome.severity),
            summary=outcome.sentence,
            counts={"unexpected": outcome.unexpected_count},
            failing_keys=outcome.failing_keys,
        )
        for number, (expectation, outcome) in enumerate(zip(suite.expectations, outcomes, strict=True), start=1)
    ]
    return [_sum_up(mart, singles), *singles]


def _severity(severity: str) -> Severity:
    return "critical" if severity == "critical" else "warning"


def _expectation_name(mart: str, number: int, expectation: Expectation) -> str:
    column = expectation.kwargs.get("column")
    return ".".join(["suite", mart, f"{number:02}", expectation.type, *([str(column)] if column else [])])


def _sum_up(mart: str, singles: list[CheckResult]) -> CheckResult:
    failed = [single for single in singles if not single.passed]
    critical = [single for single in failed if single.blocks]
    said = "; ".join(single.summary for single in (critical or failed))
    return CheckResult(
        name=f"suite.{mart}",
        kind="suite",
        mart=mart,
        passed=not critical,
        severity="critical",
        summary=f"{len(singles) - len(failed)} of {len(singles)} expectations hold{': ' + said if said else ''}",
        counts={"expectations": len(singles), "critical": len(critical), "warning": len(failed) - len(critical)},
        failing_keys=tuple(key for single in critical for key in single.failing_keys)[:20],
    )


# -- landing ----------------------------------------------------------------------------------------------------------


def audit_landing(project: ReleaseProject, draft: Draft) -> Iterator[CheckResult]:
    """Yield what gate 1 said of each file in use, and which newer files it held back; a held file does not hold the release."""
    sources = list(project.sources.values())
    in_use = {(i.slug, i.entity, i.period): i.sha256 for i in inputs_in_use(project.lake, sources, draft.origin)}
    for place, entry in sorted(last_judgements(project.lake, draft.origin).items()):
        accepted = entry.sha256 == in_use.get(place)
        warned = [str(warning) for warning in entry.detail.get("warnings", [])]
        said = (
            "; ".join(warned) if accepted else f"{entry.event}, the period stays at its last good file: {entry.reason}"
        )
        yield CheckResult(
            name=f"landing.{'.'.join(place)}",
            kind="landing",
            mart="",
            passed=accepted and not warned,
            severity="warning",
            summary=said or "passed its suite when it came in",
            counts={"warnings": len(warned)},
        )


# -- dbt --------------------------------------------------------------------------------------------------------------


def audit_dbt(project: ReleaseProject) -> list[CheckResult]:
    """Return every data test of the manifest and every exposed model, by the last run's results; what did not run has failed."""
    nodes = read_artefact(project.manifest)["nodes"]
    try:
        statuses, missing = read_statuses(project.run_results), ""
    except ReleaseError as error:
        statuses, missing = {}, str(error)
    said = {name: _said(found, name, nodes) for name, found in statuses.items()}
    tests = read_tests(project.manifest)
    results = [_test_result(test, statuses.get(test.unique_id), said.get(test.unique_id, missing)) for test in tests]
    results += [_model_result(model, statuses.get(model.unique_id), missing) for model in project.models]
    named = {test.unique_id for test in tests} | {model.unique_id for model in project.models}
    return [*results, *_other_results(statuses, said, named)]


def _said(found: Mapping[str, Any], unique_id: str, nodes: Mapping[str, Any]) -> str:
    """dbt's status of a node that did not pass, with its message as far as it may be read outside build/."""
    return f"{found['status']}: {tell(found.get('message') or 'no message', unique_id, nodes)}"


def _test_result(test: DbtTest, found: Mapping[str, Any] | None, said: str) -> CheckResult:
    name = f"dbt.{test.name}"
    if found is None:
        return _failure(name, test.mart, said or "the test was not run in the last dbt build")
    status, failures = str(found["status"]), int(found.get("failures") or 0)
    passed = status in DBT_PASSED
    # An error of the test itself, or a test that was skipped, holds the release whatever severity the test has.
    severity: Severity = "warning" if status == "warn" or (passed and test.severity == "WARN") else "critical"
    summary = status if passed else said
    return CheckResult(name, "dbt", test.mart, passed, severity, " ".join(summary.split()), {"failures": failures})


def _model_result(model: ExposedModel, found: Mapping[str, Any] | None, missing: str) -> CheckResult:
    name = f"dbt_model.{model.name}"
    if found is None:
        return _failure(name, model.name, missing or "the model was not built in the last dbt build")
    status = str(found["status"])
    return CheckResult(name, "dbt", model.name, status in DBT_PASSED, "critical", f"the last dbt build says {status}")


def _other_results(
    statuses: Mapping[str, Mapping[str, Any]], said: Mapping[str, str], named: set[str]
) -> Iterator[CheckResult]:
    """Nodes that are not expected by name (unit tests, private models, seeds), where they ran and did not pass."""
    for unique_id, found in sorted(statuses.items()):
        status = str(found["status"])
        if unique_id not in named and status not in DBT_PASSED | {"no-op"}:
            yield _failure(f"dbt.node.{unique_id}", "", said[unique_id])


# -- reconciliation and keys ------------------------------------------------------------------------------------------


def _reconcile(con: duckdb.DuckDBPyConnection, model: ExposedModel) -> CheckResult:
    columns = ", ".join(map(qualified, model.built_names))
    sides = [model.built, qualified("draft", MAIN, model.name)]
    (was, rows), (now, copied) = (content_hash(con, f"(select {columns} from {side})") for side in sides)
    return CheckResult(
        name=f"reconciliation.{model.name}",
        kind="reconciliation",
        mart=model.name,
        passed=was == now,
        severity="critical",
        summary=f"{rows:,} rows in the warehouse, {copied:,} in the candidate"
        + ("" if was == now else ", and they are not the same rows"),
        counts={"warehouse_rows": rows, "candidate_rows": copied},
    )


def _check_key(con: duckdb.DuckDBPyConnection, model: ExposedModel) -> CheckResult:
    key = ", ".join(qualified(name) for name in model.key)
    relation = qualified("draft", MAIN, model.name)
    hole = " or ".join(f"{qualified(name)} is null" for name in model.key)
    bad = f"select {key} from {relation} group by all having count(*) > 1 or {hole}"
    query = f"select {key}, count(*) over () from ({bad}) order by all limit 20"
    rows = con.execute(query).fetchall()
    repeated = int(rows[0][-1]) if rows else 0
    return CheckResult(
        name=f"key.{model.name}",
        kind="key",
        mart=model.name,
        passed=not rows,
        severity="critical",
        summary=f"{repeated:,} keys ({', '.join(model.key)}) stand more than once or have an empty part"
        if rows
        else "every row has its own key",
        counts={"repeated_keys": repeated},
        failing_keys=shown_keys([row[:-1] for row in rows]),
    )


# -- difference from the current release ------------------------------------------------------------------------------


def audit_difference(con: duckdb.DuckDBPyConnection, project: ReleaseProject, draft: Draft) -> list[CheckResult]:
    """Say whether a mart lost rows, or a source all its data, against the current release of the same origin."""
    current = current_marts(project)
    rows_before: dict[str, int] = {}
    sources_before: set[str] = set()
    if current is not None:
        attach(con, current, "previous")
        origin = con.execute("select data_origin from previous.meta.releases where this_release").fetchall()
        if origin == [(draft.origin,)]:
            names = [name for schema, name in tables_of(con, "previous") if schema == MAIN]
            rows_before = {name: count_rows(con, qualified("previous", MAIN, name)) for name in names}
            sources_before = _slugs(con, "previous")
        con.execute("detach previous")
    limit = project.rows_fall_maximum_share
    results = [_compare_rows(m.name, rows_before.get(m.name), draft.rows.get(m.name, 0), limit) for m in project.models]
    slugs_now = _slugs(con, "draft")
    return results + [_compare_source(slug, slug in sources_before, slug in slugs_now) for slug in project.sources]


def _slugs(con: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    return {
        row[0] for row in con.execute(f"select distinct slug from {qualified(database, 'meta', 'inputs')}").fetchall()
    }


def _compare_rows(mart: str, before: int | None, now: int, limit: float) -> CheckResult:
    fall = 0.0 if not before else (before - now) / before
    said = "nothing to compare with" if before is None else f"{before:,} rows before, {now:,} now"
    return CheckResult(
        name=f"difference.{mart}",
        kind="difference",
        mart=mart,
        passed=fall <= limit,
        severity="critical",
        summary=said
        if fall <= limit
        else f"{said}: a fall of {fall:.1%}, more than the {limit:.1%} that is let through",
        counts={"rows_before": before or 0, "rows_now": now},
    )


def _compare_source(slug: str, before: bool, now: bool) -> CheckResult:
    said = {(True, False): "had data in the current release and has none now", (False, False): "has no data yet"}
    return CheckResult(
        name=f"difference.source.{slug}",
        kind="difference",
        mart="",
        passed=now or not before,
        severity="critical",
        summary=said.get((before, now), "has data"),
        counts={"before": int(before), "now": int(now)},
    )


# -- example queries --------------------------------------------------------------------------------------------------


def _run_example(con: duckdb.DuckDBPyConnection, query: ExampleQuery) -> CheckResult:
    """The query as an analyst runs it: in the file's own schema. None of them may fail. One over sources that gives no row is
    only said: its source may have nothing yet, and a mart that had data before and has none is held by its own check.
    """
    name = f"example_query.{query.name}"
    try:
        con.execute("use draft")
        rows = len(con.execute(query.sql).fetchall())
    except duckdb.Error as error:
        return _failure(name, "", f"the query fails: {explain(error, made_of_returns=query.needs == 'returns')}")
    finally:
        con.execute("use memory")
    summary = f"{rows:,} rows" if rows else "the query gives no row"
    passed = rows > 0 or query.needs == "returns"
    return CheckResult(name, "example_query", "", passed, "warning", summary, {"rows": rows})

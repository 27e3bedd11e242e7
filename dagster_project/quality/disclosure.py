"""The disclosure audit: what a candidate may hold. Deny by default: a mart without a known policy does not leave.

Policies are named in config.meta.disclosure_policy of the dbt model. Not here: suppression itself, which is the models'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from typing import Any

import duckdb

from dagster_project.contracts.check import CheckResult, explain, shown_keys
from dagster_project.lake.files import hash_file
from dagster_project.lake.paths import Origin
from dagster_project.quality import attack, restricted
from dagster_project.quality.proven import Proven
from dagster_project.quality.safe_counts import Rule, audit_safe_counts
from dagster_project.quality.violations import ORIGINS, Violation, Violations, types_of, violations
from dagster_project.release.candidate import Draft, current_marts
from dagster_project.release.contents import MAIN, META, attach, qualified, tables_of
from dagster_project.release.dbt_artifacts import ExposedModel
from dagster_project.release.meta import META_BY_NAME
from dagster_project.release.project import ReleaseProject

STATUS = "_status"
PEOPLE = re.compile(
    r"patient|people|person|pathway|appointment|attendance|admission|headcount|bed_days|(^|_)wte(_|$)|(^|_)staff_count"
)
"""Names of columns that count people or what happened to them: none in a mart that says that it counts none."""


EXPECTED = frozenset({"disclosure.release", attack.NAME, restricted.NAME})
"""The results that are about the candidate as a whole."""


def audit_disclosure(con: duckdb.DuckDBPyConnection, project: ReleaseProject, draft: Draft) -> list[CheckResult]:
    """Return one result for each mart, and those of EXPECTED. The candidate is attached as `draft`, dbt's file as `warehouse`."""
    models = project.models
    present = set(tables_of(con, "draft"))
    results = [_audit_mart(con, model, draft.origin, present) for model in models]
    results.append(_audit_release(models, present))
    results.append(restricted.audit_restricted(con, models, str(project.lake.root)))
    return [*results, attack_draft(con, project, draft).result]


PROVEN = "attack_proven.txt"
_LAST_ATTACK: list[Any] = []
"""What was asked, and the answer."""


def attack_draft(con: duckdb.DuckDBPyConnection, project: ReleaseProject, draft: Draft) -> attack.Attacked:
    """Return the attack on the draft, which is attached as `draft`, and the current release.

    The candidate step asks for its sets and gate 2 for its result: of the same bytes, marts and rule a process asks once.
    """
    current = current_marts(project)
    asked = (hash_file(draft.path), str(current.resolve()) if current else "", project.models, Rule.load())
    if _LAST_ATTACK[:1] != [asked]:
        proven = Proven.read(path := project.lake.build / PROVEN)
        with _previous_release(con, project, draft):
            _LAST_ATTACK[:] = [asked, attack.audit_attack(con, project.models, proven)]
        proven.write(path)
    attacked: attack.Attacked = _LAST_ATTACK[1]
    return attacked


@contextmanager
def _previous_release(con: duckdb.DuckDBPyConnection, project: ReleaseProject, draft: Draft) -> Iterator[None]:
    """The current release attached as `previous`, if there is one of the same origin."""
    current = current_marts(project)
    if current is None:
        yield
        return
    attach(con, current, attack.PREVIOUS)
    try:
        origins = con.execute("select data_origin from previous.meta.releases where this_release").fetchall()
        if origins != [(draft.origin,)]:
            con.execute("detach previous")
        yield
    finally:
        con.execute("detach database if exists previous")


def _audit_mart(
    con: duckdb.DuckDBPyConnection, model: ExposedModel, origin: Origin, present: Set[tuple[str, str]]
) -> CheckResult:
    policy = POLICIES.get(model.disclosure_policy)
    if policy is None:
        named = f"the unknown policy {model.disclosure_policy!r}" if model.disclosure_policy else "no disclosure policy"
        return _result(model.name, [(f"the model names {named}", 1, [])])
    if (MAIN, model.name) not in present:
        return _result(model.name, [("the table is not in the candidate", 1, [])])
    try:
        return _result(model.name, [*_undescribed(con, model), *policy(con, model, origin)])
    except duckdb.Error as error:
        why = explain(error, made_of_returns=model.made_of_returns)
        return _result(model.name, [(f"could not be audited: {why}", 1, [])])


def _result(mart: str, found: list[Violation]) -> CheckResult:
    return CheckResult(
        name=f"disclosure.{mart or 'release'}",
        kind="disclosure",
        mart=mart,
        passed=not found,
        severity="critical",
        summary="; ".join(text for text, _, _ in found) or "holds only what its policy allows",
        counts={"violations": sum(rows for _, rows, _ in found)},
        failing_keys=shown_keys([key for _, _, keys in found for key in keys]),
    )


def _audit_release(models: tuple[ExposedModel, ...], present: Set[tuple[str, str]]) -> CheckResult:
    allowed = {(MAIN, model.name) for model in models} | {(META, name) for name in META_BY_NAME}
    unlisted = [f"{schema}.{name} is in no exposure" for schema, name in sorted(present - allowed)]
    missing = [f"{schema}.{name} is missing" for schema, name in sorted(allowed - present)]
    return _result("", [(text, 1, []) for text in unlisted + missing])


def _undescribed(con: duckdb.DuckDBPyConnection, model: ExposedModel) -> Violations:
    found = set(types_of(con, model))
    for name in sorted(found - set(model.column_names)):
        yield f"column {name} is not described in the manifest", 1, []
    for name in sorted(set(model.column_names) - found):
        yield f"column {name} is described but not in the table", 1, []


def _published_statistics(con: duckdb.DuckDBPyConnection, model: ExposedModel, origin: Origin) -> Violations:
    """Figures that a publisher has published already, or synthetic ones: the publisher's suppression must still stand.

    Rows made from returns (source_id `return_...`) may be next to them if they hold shares and no count.
    """
    columns = set(types_of(con, model))
    if "data_origin" in columns:
        text = f"rows whose data_origin is not {origin}"
        of_returns = "coalesce(starts_with(source_id, 'return_'), false)" if "source_id" in columns else "false"
        condition = f"data_origin is distinct from ? and not ({of_returns} and list_contains(?, data_origin))"
        yield from violations(con, model, condition, text, [origin, list(ORIGINS.get(origin, ()))])
        for name in sorted(columns & {"numerator", "denominator"}):
            counts = f"{of_returns} and {qualified(name)} is not null"
            yield from violations(con, model, counts, f"rows of a return that hold a {name}")
    yield from _guarded(con, model, origin, columns)


def _guarded(con: duckdb.DuckDBPyConnection, model: ExposedModel, origin: Origin, columns: set[str]) -> Violations:
    if origin not in ORIGINS:
        yield f"the origin {origin!r} is not one that this policy publishes", 1, []
    for status in sorted(name for name in columns if name.endswith(STATUS)):
        for value in guarded_columns(status, columns):
            condition = f"{qualified(status)} is distinct from 'published' and {qualified(value)} is not null"
            yield from violations(con, model, condition, f"rows with a {value} whose {status} is not published")


def guarded_columns(status: str, columns: set[str]) -> list[str]:
    """Return the columns that must be NULL where `status` is not published: the value and its limits.

    `value_status` guards value and ci_*; `share_pct_status` guards share_pct and share_pct_ci_*.
    """
    stem = status.removesuffix(STATUS)
    limits = "ci_" if stem == "value" else f"{stem}_ci_"
    return sorted(name for name in columns if name == stem or name.startswith((limits, f"{stem}_ci_")))


def _no_people(con: duckdb.DuckDBPyConnection, model: ExposedModel, origin: Origin) -> Violations:
    """Names, codes, answers and counts of organisations: they need no control, as long as nobody is counted in them."""
    types = types_of(con, model)
    for name in sorted(name for name in types if PEOPLE.search(name) and name not in model.key):
        if types[name] not in ("VARCHAR", "BOOLEAN", "DATE"):
            yield f"{name} counts people, so the mart needs the policy safe_counts", 1, []
    if "data_origin" in types:
        condition = "data_origin is null or not list_contains(?, data_origin)"
        text = f"rows that do not belong in a release of {origin} figures"
        yield from violations(con, model, condition, text, [list(ORIGINS.get(origin, ()))])
    yield from _guarded(con, model, origin, set(types))


POLICIES: dict[str, Callable[[duckdb.DuckDBPyConnection, ExposedModel, Origin], Violations]] = {
    "published_statistics": _published_statistics,
    "safe_counts": audit_safe_counts,
    "counts_of_organisations": _no_people,
    "reference": _no_people,
}

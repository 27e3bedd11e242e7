"""Evidence: what the checks said, bound to the bytes they were said of.

A sealed candidate is named by its sha256, and so is its evidence. Publishing looks only at these two, so a publish that is
started by hand cannot jump the gate.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts.check import CheckResult
from dagster_project.contracts.suite import Suite, load_thresholds
from dagster_project.duck import connection
from dagster_project.lake.files import hash_file, sync_folder, write_atomically
from dagster_project.lake.paths import Lake, Origin
from dagster_project.quality.marts import expected_checks
from dagster_project.quality.runner import THRESHOLD
from dagster_project.release.candidate import DRAFT_PREFIX, UNTOUCHED, Draft, example_rows
from dagster_project.release.contents import MAIN, TableContent, attach, discard, read_contents, sync_file
from dagster_project.release.errors import Refused, ReleaseError, failed
from dagster_project.release.meta import insert
from dagster_project.release.project import ReleaseProject
from dagster_project.release.publication import PUBLICATION, fill_publication

KEEP_FAILED = 3


@dataclass(frozen=True)
class Evidence:
    """The recorded results of every check on one sealed candidate."""

    sha256: str
    release_id: str
    fingerprint: str
    built_at: dt.datetime
    sealed_at: dt.datetime
    origin: Origin
    run_id: str
    tables: tuple[TableContent, ...]
    suites: Mapping[str, str]
    """Fingerprint of each suite that judged."""
    results: tuple[CheckResult, ...]
    passed: bool
    path: Path

    @property
    def blocking(self) -> list[CheckResult]:
        """Return the results that hold the candidate back."""
        return [result for result in self.results if result.blocks]


def candidate_path(lake: Lake, sha256: str) -> Path:
    """Return where a sealed candidate lies."""
    return lake.candidates / f"{sha256}.duckdb"


def evidence_path(lake: Lake, sha256: str) -> Path:
    """Return where its evidence lies."""
    return lake.evidence / f"{sha256}.json"


def suite_fingerprints(suites: Mapping[str, Suite]) -> dict[str, str]:
    """Return a fingerprint of each suite with the thresholds that it names."""
    thresholds = {name: threshold.value for name, threshold in load_thresholds().items()}
    return {name: _suite_fingerprint(suite.model_dump_json(), thresholds) for name, suite in suites.items()}


def _suite_fingerprint(rules: str, thresholds: Mapping[str, float | int]) -> str:
    named = {name: value for name, value in thresholds.items() if json.dumps(THRESHOLD + name) in rules}
    return hashlib.sha256((rules + json.dumps(named, sort_keys=True)).encode()).hexdigest()[:16]


def seal(project: ReleaseProject, draft: Draft, results: Iterable[CheckResult], *, run_id: str) -> Evidence:
    """Write the results into the draft's meta.checks, name it by its sha256, and write the evidence for these bytes.

    A draft that failed is sealed too, so that an engineer can look at it. Raises ReleaseError when a mart is no longer what
    it was before the audit.
    """
    lake, judged = project.lake, tuple(results)
    try:
        _write_checks(project, draft, judged)
        tables = _contents_after(project, draft)
        draft.path.chmod(0o444)
        sync_file(draft.path)
        sha256 = hash_file(draft.path)
        draft.path.replace(candidate_path(lake, sha256))
        sync_folder(lake.candidates)
        evidence = _evidence(project, draft, judged, run_id, sha256, tables)
        write_atomically(evidence.path, json.dumps(_as_json(evidence), indent=1).encode())
    except (OSError, duckdb.Error) as error:
        raise failed("the candidate could not be sealed", error, UNTOUCHED) from error
    _prune(lake, keep=sha256)
    return evidence


def _write_checks(project: ReleaseProject, draft: Draft, results: tuple[CheckResult, ...]) -> None:
    rows = [
        {
            **{name: getattr(result, name) for name in ("name", "kind", "passed", "severity", "summary")},
            "mart": result.mart or None,
            "counts": json.dumps(dict(result.counts), sort_keys=True),
            "failing_keys": json.dumps(list(result.failing_keys)),
        }
        for result in sorted(results, key=lambda result: result.name)
    ]
    with connection(draft.path, limits=project.run.limits) as con:
        row = con.execute("select current_database()").fetchone()
        assert row is not None  # noqa: S101 - a function without a table gives one row
        con.execute("delete from meta.checks")
        insert(con, str(row[0]), "checks", rows)
        con.execute("delete from meta.example_queries")
        insert(con, str(row[0]), "example_queries", example_rows(project, _rows_of_examples(results)))
        fill_publication(con, results, fingerprint=draft.fingerprint, sealed_at=project.run.clock())
        con.execute("checkpoint")


def _rows_of_examples(results: Iterable[CheckResult]) -> dict[str, int]:
    """Name of an example query -> the rows that it gave when the gate ran it; one that failed is not in it."""
    return {
        result.name.partition(".")[2]: int(result.counts["rows"])
        for result in results
        if result.kind == "example_query" and "rows" in result.counts
    }


def _contents_after(project: ReleaseProject, draft: Draft) -> tuple[TableContent, ...]:
    """All tables as they are sealed; the marts must be what they were before the audit."""
    if draft.path.with_name(draft.path.name + ".wal").exists():
        raise ReleaseError("the candidate could not be sealed", "a write-ahead log lies beside it", "build it again")
    with project.engine() as con:
        attach(con, draft.path, "draft")
        tables = read_contents(con, "draft")
    if _judged(tables) != _judged(draft.contents):
        raise ReleaseError(
            "the candidate could not be sealed", "a mart changed while it was judged", "build and judge it again"
        )
    return tables


def _judged(tables: Iterable[TableContent]) -> tuple[TableContent, ...]:
    """The marts that were judged: all but the record of the judgement itself."""
    return tuple(table for table in tables if table.schema == MAIN and table.name != PUBLICATION)


def _evidence(
    project: ReleaseProject,
    draft: Draft,
    results: tuple[CheckResult, ...],
    run_id: str,
    sha256: str,
    tables: tuple[TableContent, ...],
) -> Evidence:
    path = evidence_path(project.lake, sha256)
    shown = str(path.relative_to(project.lake.root))
    reasons = incomplete_or_failed(results, expected_checks(project))
    return Evidence(
        sha256=sha256,
        release_id=draft.release_id,
        fingerprint=draft.fingerprint,
        built_at=draft.built_at,
        sealed_at=project.run.clock(),
        origin=draft.origin,
        run_id=run_id,
        tables=tables,
        suites=suite_fingerprints(project.suites),
        results=tuple(replace(result, evidence=shown) for result in results),
        passed=not reasons,
        path=path,
    )


def incomplete_or_failed(results: Iterable[CheckResult], expected: frozenset[str]) -> list[str]:
    """Why results do not let a candidate through; empty when they do."""
    judged = list(results)
    missing = sorted(expected - {result.name for result in judged})
    reasons = [f"{result.name}: {result.sentence}" for result in judged if result.blocks]
    return reasons + [f"{name}: there is no result" for name in missing]


def _as_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "sha256": evidence.sha256,
        "release_id": evidence.release_id,
        "fingerprint": evidence.fingerprint,
        "built_at": evidence.built_at.isoformat(),
        "sealed_at": evidence.sealed_at.isoformat(),
        "data_origin": evidence.origin,
        "run_id": evidence.run_id,
        "passed": evidence.passed,
        "tables": [vars(table) for table in evidence.tables],
        "suites": dict(evidence.suites),
        "results": [result.as_dict() for result in evidence.results],
    }


def read_evidence(lake: Lake, sha256: str) -> Evidence:
    """Return the evidence for a candidate; raises Refused when there is none or when it cannot be read."""
    path = evidence_path(lake, sha256)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Evidence(
            sha256=content["sha256"],
            release_id=content["release_id"],
            fingerprint=content["fingerprint"],
            built_at=dt.datetime.fromisoformat(content["built_at"]),
            sealed_at=dt.datetime.fromisoformat(content["sealed_at"]),
            origin=content["data_origin"],
            run_id=content["run_id"],
            tables=tuple(TableContent(**table) for table in content["tables"]),
            suites=content["suites"],
            results=tuple(CheckResult.from_dict(result) for result in content["results"]),
            passed=content["passed"],
            path=path,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refused(sha256, f"there is no usable evidence for it ({error})") from error


def newest_sealed(lake: Lake) -> str:
    """Return the sha256 in the name of the candidate that was sealed last; raises Refused when there is none."""
    sealed = [path for path in lake.candidates.glob("*.duckdb") if not path.name.startswith(DRAFT_PREFIX)]
    if not sealed:
        raise Refused("nothing was published", "there is no sealed candidate", "start the nightly run: `hiw refresh`")
    return max(sealed, key=lambda path: path.stat().st_mtime_ns).stem


def require_passing_evidence(project: ReleaseProject, sha256: str) -> Evidence:
    """Return the evidence, if it is complete, passing and of exactly these bytes; otherwise Refused with every reason.

    What complete means comes from the exposures, the suites and dbt's manifest of now, never from the evidence itself.
    """
    path = candidate_path(project.lake, sha256)
    if not path.is_file():
        raise _refused(sha256, "there is no such candidate")
    evidence = read_evidence(project.lake, sha256)
    if hash_file(path) != sha256 or evidence.sha256 != sha256:
        raise _refused(sha256, "the file does not hold the bytes that were audited")
    if evidence.suites != suite_fingerprints(project.suites):
        raise _refused(sha256, "suites or thresholds have changed since it was judged")
    reasons = incomplete_or_failed(evidence.results, expected_checks(project))
    if reasons or not evidence.passed:
        raise _refused(sha256, "; ".join(reasons) or "its evidence does not say that it passed")
    return evidence


def _refused(sha256: str, why: str) -> Refused:
    return Refused(
        f"candidate {sha256[:12]} was not published",
        why,
        "fix the reason, then start the nightly run again: `hiw refresh`",
    )


def _prune(lake: Lake, keep: str) -> None:
    """Keep the candidate just sealed, the newest that passed, and the last KEEP_FAILED that failed."""
    by_age = sorted(lake.evidence.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    passed = [path.stem for path in by_age if _says_passed(path)]
    failed = [path.stem for path in by_age if path.stem not in passed]
    kept = {keep, *passed[:1], *failed[:KEEP_FAILED]}
    for path in by_age:
        if path.stem not in kept:
            path.unlink(missing_ok=True)
    for path in lake.candidates.glob("*.duckdb"):
        if path.stem not in kept and not path.name.startswith(DRAFT_PREFIX):
            discard(path)


def _says_passed(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["passed"])
    except (ValueError, KeyError):
        return False

"""Publishing: a sealed candidate with passing evidence becomes the current release, wholly or not at all.

Copy, Parquet, manifest and checks happen in a folder that nobody reads; it gets its name when it is whole, and the pointer
moves last. A kill at any moment leaves the old release or the new one; the next publish clears away what is left.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import quote_literal
from dagster_project.lake.files import LakeError, hash_file, require_free_space, sync_folder
from dagster_project.lake.paths import Lake
from dagster_project.publish.beside.cml import write_cml
from dagster_project.publish.evidence import (
    Evidence,
    candidate_path,
    newest_sealed,
    require_passing_evidence,
)
from dagster_project.release.contents import (
    MAIN,
    META,
    TableContent,
    attach,
    content_hash,
    qualified,
    read_contents,
    sync_file,
)
from dagster_project.release.errors import Refused, ReleaseError, failed
from dagster_project.release.project import ReleaseProject
from dagster_project.release.releases import (
    EVIDENCE,
    MANIFEST,
    MARTS,
    PARQUET,
    REPORT,
    Release,
    current_name,
    find_problems,
    list_releases,
    move_pointer,
    read_release,
    release_lock,
    release_name,
    release_names,
    remove_write_ahead_logs,
    set_aside,
    withdrawn_ids,
    write_withdrawn,
)
from dagster_project.release.versions import code_version, library_versions

READ_ONLY = 0o444
AGAIN = "what is published is as it was, publish again"


def publish(
    project: ReleaseProject,
    candidate_sha256: str | None = None,
    *,
    keep_releases: int = 10,
    withdrawn_release: str = "",
) -> Release:
    """Make a sealed candidate (the newest, unless one is named) the current release.

    A release that was rolled back from comes back only where `withdrawn_release` is its id.

    Gives the release with outcome `published`, or `unchanged` when it is current already. Raises Refused when a gate says no
    and ReleaseError (or NoSpace) when it cannot be done; what is published is then as it was.
    """
    lake = project.lake
    with _plain_errors(), release_lock(lake, project.run.wait_seconds):
        before = current_name(lake)
        _sweep(lake)
        evidence = require_passing_evidence(project, candidate_sha256 or newest_sealed(lake))
        _require_named(evidence, withdrawn_release)
        unchanged = _already_current(lake, evidence)
        if unchanged is not None:
            if withdrawn_release:
                write_withdrawn(lake, withdrawn_ids(lake) - {evidence.release_id})
            return unchanged
        _require_publishable(lake, evidence, withdrawn_release)
        name = _free_name(lake, evidence)
        if not (lake.releases / name).exists():
            _assemble(project, evidence, name)
        move_pointer(lake, name)
        untidy = _tidy(lake, evidence, keep_releases)
        note = f"before: {before or 'no release'}{untidy}"
        return replace(read_release(lake, name), outcome="published", note=note)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        raise failed("nothing was published", error, AGAIN) from error


def _sweep(lake: Lake) -> None:
    """Clear away what a killed publisher left; the lock says that no other is at work."""
    for leftover in lake.releases.glob(".*.tmp"):
        shutil.rmtree(leftover)
    for leftover in lake.published.glob(".*.new"):
        leftover.unlink()


def _already_current(lake: Lake, evidence: Evidence) -> Release | None:
    """The current release, if it is this candidate's and whole."""
    name = current_name(lake)
    if name is None or find_problems(lake, name):
        return None
    current = read_release(lake, name)
    if current.release_id != evidence.release_id:
        return None
    remove_write_ahead_logs(lake, name)
    return replace(
        current, outcome="unchanged", note=f"release {current.release_id} is current already; nothing was written"
    )


def _require_named(evidence: Evidence, withdrawn_release: str) -> None:
    if withdrawn_release not in ("", evidence.release_id):
        raise Refused(
            "nothing was published",
            f"the candidate is release {evidence.release_id}, not {withdrawn_release}",
            "name the release that is to come back, or none",
        )


def _require_publishable(lake: Lake, evidence: Evidence, withdrawn_release: str) -> None:
    kept = list_releases(lake)
    current = [release for release in kept if release.is_current] or kept[-1:]
    if evidence.origin == "synthetic" and current and current[0].origin == "published":
        raise Refused(
            "nothing was published",
            "the candidate is synthetic and the current release holds published figures",
            "set HIW_DATA_LAKE to another folder for the sample estate",
        )
    if evidence.release_id in withdrawn_ids(lake) and not withdrawn_release:
        raise Refused(
            "nothing was published",
            f"release {evidence.release_id} was rolled back from and nothing is new since",
            f"`hiw publish --withdrawn {evidence.release_id}` if it is to come back",
        )


def _free_name(lake: Lake, evidence: Evidence) -> str:
    """The folder name for the candidate. A whole folder of that name is used (a publisher died before the swap)."""
    name = release_name(evidence.built_at, evidence.release_id)
    if not (lake.releases / name).exists() or _holds(lake, name, evidence):
        return name
    if current_name(lake) != name:
        set_aside(lake, name)
        return name
    # What analysts have open may be damaged, but it must not vanish before the pointer has moved.
    taken = [taken for taken in release_names(lake) if taken.startswith(name)]
    return f"{name}-{len(taken) + 1}"


def _holds(lake: Lake, name: str, evidence: Evidence) -> bool:
    return not find_problems(lake, name) and read_release(lake, name).sha256 == evidence.sha256


# -- the folder of a release ------------------------------------------------------------------------------------------


def _assemble(project: ReleaseProject, evidence: Evidence, name: str) -> None:
    """Make the whole folder under a hidden name, verify it, and give it its name."""
    lake = project.lake
    candidate = candidate_path(lake, evidence.sha256)
    # The file, its Parquet twin, and the report, which is about as large as the file again (38 MB beside 25 MB in January 2026).
    require_free_space(lake.releases, 5 * candidate.stat().st_size)
    folder = lake.releases / f".{name}.tmp"
    (folder / PARQUET / META).mkdir(parents=True)
    shutil.copyfile(candidate, folder / MARTS)
    shutil.copyfile(evidence.path, folder / EVIDENCE)
    with project.engine() as con:
        attach(con, folder / MARTS, "copy")
        manifest = _manifest(con, evidence, project.run.clock())
        _verify_copy(con, evidence, folder)
        with ThreadPoolExecutor(
            1
        ) as pool:  # the report is Python, the rest is DuckDB: side by side they take half as long
            report = pool.submit(_build_report, project, folder)
            for table in evidence.tables:
                _write_parquet(con, folder, table, manifest)
            beside = [*_write_beside(con, project, folder, manifest), *write_cml(con, "copy", folder)]
    _complete_manifest(folder, evidence, manifest, [*beside, *report.result()])
    _make_durable(folder)
    folder.rename(lake.releases / name)
    sync_folder(lake.releases)


def _verify_copy(con: duckdb.DuckDBPyConnection, evidence: Evidence, folder: Path) -> None:
    """The copy, not the candidate, is what will be read: so it is the copy that must be what was audited."""
    if read_contents(con, "copy") != evidence.tables or hash_file(folder / MARTS) != evidence.sha256:
        raise Refused(
            "nothing was published", "the copy is not the candidate that was audited", "start the nightly run again"
        )


def _parquet_path(schema: str, table: str) -> str:
    return f"{PARQUET}/{table}.parquet" if schema == MAIN else f"{PARQUET}/{schema}/{table}.parquet"


def _write_parquet(
    con: duckdb.DuckDBPyConnection, folder: Path, table: TableContent, manifest: Mapping[str, Any]
) -> None:
    """The same rows in the same order, with the release, licence and origin in the file's own metadata."""
    path = folder / _parquet_path(table.schema, table.name)
    relation = qualified("copy", table.schema, table.name)
    stated = {name: str(manifest[name]) for name in ("release_id", "licence", "data_origin", "built_at")}
    metadata = ", ".join(f"{name}: {quote_literal(value)}" for name, value in stated.items())
    con.execute(
        f"copy (from {relation}) to {quote_literal(str(path))} (format parquet, compression zstd, kv_metadata {{{metadata}}})"
    )
    if content_hash(con, f"read_parquet({quote_literal(str(path))})") != (table.content_hash, table.rows):
        raise ReleaseError(
            "nothing was published",
            f"the Parquet of {table.label} does not hold what the table holds",
            "cast columns of types that Parquet lacks (HUGEINT, ENUM) in the model",
        )


def _write_beside(
    con: duckdb.DuckDBPyConnection, project: ReleaseProject, folder: Path, manifest: Mapping[str, Any]
) -> list[str]:
    """CSV, workbook, data package and bill of materials; whatever goes wrong, nothing is published."""
    from dagster_project.publish.beside import write_beside

    try:
        return write_beside(con, folder, manifest, project.lake.build)
    except Exception as error:
        raise _not_made(
            "what lies beside the file could not be made", error, "dagster_project/publish/beside"
        ) from error


def _build_report(project: ReleaseProject, folder: Path) -> list[str]:
    """The static site from the copied file; gives its files, relative to the release. Whatever goes wrong, nothing is published."""
    from dagster_project.report import build_report
    from dagster_project.report.lineage import Lineage

    try:
        lineage = Lineage.read(project.manifest, project.read_columns()) if project.manifest.exists() else None
        return [f"{REPORT}/{name}" for name in build_report(folder / MARTS, folder / REPORT, lineage)]
    except Exception as error:
        raise _not_made("the report could not be built", error, "dagster_project/report") from error


def _not_made(what: str, error: Exception, place: str) -> ReleaseError:
    """The machine's reason and its remedy in plain words; a fault of the code with its class, and where to mend it."""
    what = f"nothing was published: {what}"
    if isinstance(error, (LakeError, OSError, duckdb.Error, MemoryError)):
        return failed(what, error, AGAIN)
    return ReleaseError(what, repr(error), f"{AGAIN} when the reason is fixed in {place}")


def _manifest(con: duckdb.DuckDBPyConnection, evidence: Evidence, published_at: dt.datetime) -> dict[str, Any]:
    """What the release says about itself; the files and their sha256 are added once they are written."""
    inputs = con.execute("select slug, entity, period, sha256, url from copy.meta.inputs order by all").fetchall()
    licences = con.execute("select distinct licence from copy.meta.source_status order by all").fetchall()
    failed = [result for result in evidence.results if not result.passed]
    return {
        "release_id": evidence.release_id,
        "fingerprint": evidence.fingerprint,
        "data_origin": evidence.origin,
        "licence": ", ".join(row[0] for row in licences),
        "built_at": evidence.built_at.isoformat(),
        "published_at": published_at.isoformat(),
        "run_id": evidence.run_id,
        "code_version": code_version(),
        "versions": library_versions(),
        "checks": {
            "results": len(evidence.results),
            "passed": len(evidence.results) - len(failed),
            "warnings": [f"{result.name}: {result.summary}" for result in failed],
        },
        "inputs": [dict(zip(("slug", "entity", "period", "sha256", "url"), row, strict=True)) for row in inputs],
        "tables": [{**vars(table), "parquet": _parquet_path(table.schema, table.name)} for table in evidence.tables],
    }


def _complete_manifest(folder: Path, evidence: Evidence, manifest: dict[str, Any], others: Iterable[str]) -> None:
    files = [MARTS, EVIDENCE, *(_parquet_path(table.schema, table.name) for table in evidence.tables), *others]
    listed = {name: {"sha256": hash_file(folder / name), "bytes": (folder / name).stat().st_size} for name in files}
    (folder / MANIFEST).write_text(json.dumps(manifest | {"files": listed}, indent=1), encoding="utf-8")


def _make_durable(folder: Path) -> None:
    """Read-only files, everything synced, folders last (a rename must not outlive the bytes it names)."""
    paths = sorted(folder.rglob("*"))
    for path in paths:
        if path.is_file():
            path.chmod(READ_ONLY)
            sync_file(path)
    for path in (*(path for path in paths if path.is_dir()), folder):
        sync_folder(path)


def _tidy(lake: Lake, evidence: Evidence, keep_releases: int) -> str:
    """What follows the swap. The release is out: a failure here is reported, not raised, and the next publish does it again."""
    try:
        write_withdrawn(lake, withdrawn_ids(lake) - {evidence.release_id})
        _prune(lake, keep_releases)
        _sweep(lake)
    except (OSError, LakeError) as error:
        return f"; the folder of releases could not be tidied: {error}"
    return ""


def _prune(lake: Lake, keep_releases: int) -> None:
    """Keep the newest releases, and always the one in use and the one before it."""
    names = release_names(lake)
    current = current_name(lake)
    before = [name for name in names if current is not None and name < current]
    kept = {*names[-keep_releases:], *before[-1:], current}
    for name in names:
        if name not in kept:
            # Renamed first: a folder that is half removed must not look like a release.
            doomed = lake.releases / f".{name}.tmp"
            (lake.releases / name).rename(doomed)
            shutil.rmtree(doomed)

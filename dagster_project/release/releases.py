"""The releases that are kept, and the one pointer that says which of them analysts see.

    releases/<UTC stamp>-<release_id>/   marts.duckdb  parquet/  cml/  csv/  marts.xlsx  report/  manifest.json  evidence.json
    published/current -> ../releases/<...>          the pointer: the only thing that moves
    published/marts.duckdb -> current/marts.duckdb  and so on: constant, so that one swap moves everything at once

Not here: how a release comes about (publish.py).
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import duckdb

from dagster_project.duck import connection
from dagster_project.lake.files import hash_file, sync_folder, write_atomically
from dagster_project.lake.paths import Lake, Origin
from dagster_project.release.contents import MAIN
from dagster_project.release.errors import Refused, ReleaseError, failed

MARTS = "marts.duckdb"
PARQUET = "parquet"
REPORT = "report"
MANIFEST = "manifest.json"
EVIDENCE = "evidence.json"
CURRENT = "current"
BESIDE = ("csv", "marts.xlsx", "datapackage.json", "sbom.cdx.json", "index.html")
CONSTANT_LINKS = (MARTS, PARQUET, *BESIDE, REPORT, MANIFEST, EVIDENCE)
STAMP = "%Y%m%dT%H%M%S%fZ"
Outcome = Literal["published", "unchanged", "rolled_back", "listed"]


@dataclass(frozen=True)
class Release:
    """One kept release; `outcome` and `note` say what the call that returned it did."""

    name: str
    release_id: str
    fingerprint: str
    folder: Path
    origin: Origin
    built_at: dt.datetime
    published_at: dt.datetime
    sha256: str
    rows: Mapping[str, int]
    """Rows of each published table."""
    code_version: str
    is_current: bool
    outcome: Outcome = "listed"
    note: str = ""

    @property
    def row_count(self) -> int:
        """Return the rows of all published tables together."""
        return sum(self.rows.values())

    @property
    def marts(self) -> Path:
        """Return the DuckDB file of the release."""
        return self.folder / MARTS


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a release's folder; raises ReleaseError when it is not whole."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest["files"][MARTS]["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            f"release {folder.name} has no usable {MANIFEST}", repr(error), "roll back to a release that has one"
        ) from error
    return manifest


def read_release(lake: Lake, name: str) -> Release:
    """Return the release of that folder name."""
    folder = lake.releases / name
    manifest = read_manifest(folder)
    return Release(
        name=name,
        release_id=manifest["release_id"],
        fingerprint=manifest["fingerprint"],
        folder=folder,
        origin=manifest["data_origin"],
        built_at=dt.datetime.fromisoformat(manifest["built_at"]),
        published_at=dt.datetime.fromisoformat(manifest["published_at"]),
        sha256=manifest["files"][MARTS]["sha256"],
        rows={table["name"]: table["rows"] for table in manifest["tables"] if table["schema"] == MAIN},
        code_version=manifest["code_version"],
        is_current=current_name(lake) == name,
    )


def list_releases(lake: Lake) -> list[Release]:
    """Return the kept releases, oldest first; a folder without a usable manifest is no release."""
    releases = []
    for name in release_names(lake):
        try:
            releases.append(read_release(lake, name))
        except ReleaseError:
            continue
    return releases


def release_names(lake: Lake) -> list[str]:
    """Return names of the releases' folders, oldest first (names begin with the stamp of the build)."""
    if not lake.releases.is_dir():
        return []
    return sorted(
        folder.name for folder in lake.releases.iterdir() if folder.is_dir() and not folder.name.startswith(".")
    )


def current_name(lake: Lake) -> str | None:
    """Return the name that the pointer holds, whether or not that release is there; None before the first release."""
    pointer = lake.published / CURRENT
    return pointer.readlink().name if pointer.is_symlink() else None


def current_release(lake: Lake) -> Release | None:
    """Return what analysts see now; None before the first release. Raises ReleaseError when the pointer leads to no release."""
    name = current_name(lake)
    return None if name is None else read_release(lake, name)


# -- the lock ---------------------------------------------------------------------------------------------------------


@contextmanager
def release_lock(lake: Lake, wait_seconds: float) -> Iterator[None]:
    """Let one publisher work at a time. The kernel frees the lock when its holder dies, however it dies.

    Raises ReleaseError when another process still holds it after `wait_seconds`.
    """
    lake.releases.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lake.releases / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait_for(descriptor, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise ReleaseError(
                    "the releases were not touched",
                    "another process is publishing or rolling back at this moment",
                    "wait until it is done, then try again",
                ) from error
            time.sleep(0.05)


# -- the pointer ------------------------------------------------------------------------------------------------------


def point_to(lake: Lake, name: str) -> None:
    """Make `name` the current release in one atomic step, or raise with the pointer where it was.

    An old write-ahead log under the published name is removed first: DuckDB 1.5 replays it into whatever file it finds
    there, without an error.
    """
    lake.published.mkdir(parents=True, exist_ok=True)
    _lay_constant_links(lake)
    remove_write_ahead_logs(lake, name)
    _replace_link(lake.published / CURRENT, os.path.relpath(lake.releases / name, lake.published))
    sync_folder(lake.published)


def remove_write_ahead_logs(lake: Lake, name: str) -> None:
    """Remove what somebody who opened a published file for writing wrote: the file is as it was published."""
    for log in _write_ahead_logs(lake, name):
        log.unlink(missing_ok=True)


def _write_ahead_logs(lake: Lake, name: str) -> tuple[Path, ...]:
    return (lake.published / f"{MARTS}.wal", lake.releases / name / f"{MARTS}.wal")


def _lay_constant_links(lake: Lake) -> None:
    for entry in CONSTANT_LINKS:
        link, target = lake.published / entry, f"{CURRENT}/{entry}"
        if not (link.is_symlink() and link.readlink() == Path(target)):
            _replace_link(link, target)


def _replace_link(link: Path, target: str) -> None:
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def move_pointer(lake: Lake, name: str) -> None:
    """Point to `name`, open what analysts now see, and go back if it is not that release.

    Raises ReleaseError after going back.
    """
    before = current_name(lake)
    try:
        point_to(lake, name)
        _reopen(lake, name)
    except (ReleaseError, OSError, duckdb.Error) as error:
        if before is None:
            (lake.published / CURRENT).unlink(missing_ok=True)
        elif before != current_name(lake):
            point_to(lake, before)
        raise failed(
            f"release {name} was not made current, the pointer is where it was", error, "then publish again"
        ) from error


def _reopen(lake: Lake, name: str) -> None:
    expected = read_release(lake, name)
    with connection(lake.marts, read_only=True) as con:
        found = con.execute("select release_id from meta.releases where this_release").fetchall()
    if found != [(expected.release_id,)]:
        raise ReleaseError(
            "published/marts.duckdb", f"holds release {found}, not {expected.release_id}", "publish again"
        )


# -- verifying and going back -----------------------------------------------------------------------------------------


def find_problems(lake: Lake, name: str) -> list[str]:
    """Return what is wrong with a kept release: every file against the sha256 in its manifest."""
    try:
        files = read_manifest(lake.releases / name)["files"]
    except ReleaseError as error:
        return [str(error)]
    problems = []
    for relative, expected in files.items():
        path = lake.releases / name / relative
        if not path.is_file():
            problems.append(f"{relative} is missing")
        elif hash_file(path) != expected["sha256"]:
            problems.append(f"{relative} is not the file that was published (sha256 differs)")
    return problems


def verify_current(lake: Lake) -> list[str]:
    """Return what is wrong with what analysts see; empty when nothing is. Before the first release, that there is none."""
    name = current_name(lake)
    if name is None:
        return ["there is no release yet"]
    wrong = [
        f"published/{entry} does not lead to {CURRENT}/{entry}"
        for entry in CONSTANT_LINKS
        if not (lake.published / entry).is_symlink() or (lake.published / entry).readlink() != Path(CURRENT, entry)
    ]
    wrong += [f"{log.name} lies beside a published file" for log in _write_ahead_logs(lake, name) if log.exists()]
    return wrong + find_problems(lake, name)


def rollback(lake: Lake, release: str | None = None, *, wait_seconds: float = 30) -> Release:
    """Move the pointer to the release before the current one, or to the one named (by name or release_id).

    The release that is left is withdrawn: the nightly run does not publish the same inputs again until something is new.
    Raises Refused when there is nothing to go back to, or when its files are not those that were published.
    """
    with release_lock(lake, wait_seconds):
        target = _choose(lake, release)
        problems = find_problems(lake, target.name)
        if problems:
            raise Refused(f"release {target.name} cannot be used", "; ".join(problems), "name another release")
        left = current_name(lake)
        # Withdrawn first: killed in between, the next nightly run would publish again what the operator has left.
        if left is not None and left > target.name:
            write_withdrawn(lake, withdrawn_ids(lake) | {release_id_of(left)})
        move_pointer(lake, target.name)
        write_withdrawn(lake, withdrawn_ids(lake) - {target.release_id})
    return replace(target, is_current=True, outcome="rolled_back", note=f"before: {left or 'no release'}")


def _choose(lake: Lake, wanted: str | None) -> Release:
    current = current_name(lake)
    releases = list_releases(lake)
    if wanted is None:
        chosen = [r for r in releases if current is not None and r.name < current and _same_origin(lake, r)]
    else:
        chosen = [r for r in releases if wanted in {r.name, r.release_id}]
    if not chosen:
        kept = ", ".join(r.name for r in releases) or "none"
        raise Refused(
            "no release was moved", f"there is no {wanted or 'earlier'} release; kept: {kept}", "name one of those"
        )
    return chosen[-1]


def _same_origin(lake: Lake, release: Release) -> bool:
    """Whether a step back would stay with published, or with synthetic, figures; a broken current release allows both."""
    try:
        current = current_release(lake)
    except ReleaseError:
        return True
    return current is None or current.origin == release.origin


def repair_current(lake: Lake, *, wait_seconds: float = 30) -> Release | None:
    """Go back to the newest earlier release that is whole, if a published file is damaged.

    None when nothing is wrong or nothing is published. The damaged release is renamed out of the list and not withdrawn,
    so the next nightly run builds it again. Raises Refused when no kept release is whole.
    """
    with release_lock(lake, wait_seconds):
        damaged = current_name(lake)
        if damaged is None:
            return None
        remove_write_ahead_logs(lake, damaged)
        if not find_problems(lake, damaged):
            return None
        for release in reversed([r for r in list_releases(lake) if r.name < damaged]):
            if not find_problems(lake, release.name):
                move_pointer(lake, release.name)
                set_aside(lake, damaged)
                return replace(release, is_current=True, outcome="rolled_back", note=f"damaged: {damaged}")
    raise Refused(
        f"release {damaged} is damaged",
        "no earlier release is whole",
        "start the nightly run again from the kept snapshots",
    )


def set_aside(lake: Lake, name: str) -> None:
    """Take a damaged release out of the list; its folder is kept as evidence until the next publish."""
    folder = lake.releases / name
    if folder.exists():
        folder.rename(folder.with_name(f".{name}.damaged.tmp"))
        sync_folder(lake.releases)


# -- withdrawn releases -----------------------------------------------------------------------------------------------


def withdrawn_ids(lake: Lake) -> frozenset[str]:
    """Return the release_ids that an operator rolled back from and that are not to come back by themselves."""
    path = lake.releases / "withdrawn.json"
    try:
        return frozenset(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else frozenset()
    except (ValueError, TypeError) as error:
        raise ReleaseError(
            f"the list of withdrawn releases ({path.name})",
            "it is damaged",
            'write the release ids that must not come back into it, as ["..."]; or [] where there are none',
        ) from error


def write_withdrawn(lake: Lake, release_ids: frozenset[str]) -> None:
    """Replace the list of withdrawn releases, if it changes."""
    if release_ids != withdrawn_ids(lake):
        write_atomically(lake.releases / "withdrawn.json", json.dumps(sorted(release_ids)).encode())


def release_name(built_at: dt.datetime, release_id: str) -> str:
    """Return the folder name of a release; microseconds, because two nightly runs on one day must not meet (a collision was seen)."""
    return f"{built_at.strftime(STAMP)}-{release_id}"


def release_id_of(name: str) -> str:
    """Return the release_id in a folder name; a name may end with `-2` when the first folder of that name was damaged."""
    parts = name.split("-")
    return parts[1] if len(parts) > 1 else name  # a pointer that somebody has bent leads to any name


def built_at_of(name: str) -> dt.datetime:
    """Return the stamp in a folder name."""
    return dt.datetime.strptime(name.split("-", maxsplit=1)[0], STAMP).replace(tzinfo=dt.UTC)

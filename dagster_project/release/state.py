"""The fingerprint of everything a release is made from: the test for "nothing is new"."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from dagster_project.contracts.source import Source
from dagster_project.contracts.suite import EXPECTATIONS
from dagster_project.lake.paths import Lake, Origin
from dagster_project.release.errors import ReleaseError
from dagster_project.release.inputs import links_in_use
from dagster_project.release.releases import current_release, withdrawn_ids
from dagster_project.release.versions import library_versions
from dagster_project.returns.area import ReturnsArea
from dagster_project.settings import PROJECT_ROOT

DBT_FOLDER = PROJECT_ROOT / "dbt"
PACKAGE = PROJECT_ROOT / "dagster_project"
DBT_PARTS = ("models", "macros", "seeds", "indicators", "tests", "analyses", "snapshots")
CODE_PARTS = ("contracts", "publish", "quality", "release", "report")
State = Literal["current", "withdrawn", "new"]


def inputs_fingerprint(lake: Lake, sources: Iterable[Source], origin: Origin, *, project: str = "") -> str:
    """Return a sha256 that changes with the project (`project_fingerprint`, asked for where it is not given), the vintages in use,
    and the clean tables of the returns.
    """
    chosen = list(sources)
    digest = hashlib.sha256(_line("project", project or project_fingerprint(chosen, origin)))
    for part in (
        *(
            _line("input", s.slug, entity, link.stem, link.readlink().name)
            for s, entity, link in links_in_use(lake, chosen, origin)
        ),
        *_return_lines(ReturnsArea.of(lake)),
    ):
        digest.update(part)
    return digest.hexdigest()


def project_fingerprint(
    sources: Iterable[Source],
    origin: Origin,
    *,
    dbt_folder: Path = DBT_FOLDER,
    expectations: Path = EXPECTATIONS,
    package: Path = PACKAGE,
    extra: Mapping[str, str] | None = None,
) -> str:
    """Return a sha256 that changes with everything but data: the source contracts, dbt's files, the suites, and the code and
    libraries that make and judge a release; `extra` takes in what else a release is made from.
    """
    digest = hashlib.sha256()
    for part in (
        _line("origin", origin),
        *(_line("source", source.slug, source.fingerprint) for source in sources),
        *(_line("library", name, version) for name, version in sorted(library_versions().items())),
        *(_line("extra", name, value) for name, value in sorted((extra or {}).items())),
        *_file_lines(dbt_folder, _dbt_files(dbt_folder)),
        *_file_lines(expectations, _files(expectations / "marts", expectations / "thresholds.yml")),
        *_file_lines(package, _files(*(package / part for part in CODE_PARTS), package / "duck.py")),
    ):
        digest.update(part)
    return digest.hexdigest()


def _line(*parts: str) -> bytes:
    return ("\x1f".join(parts) + "\n").encode()


def _dbt_files(folder: Path) -> list[Path]:
    return _files(*(folder / part for part in DBT_PARTS), folder / "dbt_project.yml", folder / "profiles.yml")


def _files(*places: Path) -> list[Path]:
    """All files in the places, hidden ones and bytecode aside."""
    found = [path for place in places for path in ([place] if place.is_file() else place.rglob("*"))]
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc" and not path.name.startswith("."))


def _file_lines(root: Path, files: Iterable[Path]) -> Iterator[bytes]:
    for path in files:
        yield _line("file", root.name, path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())


def _return_lines(area: ReturnsArea) -> Iterator[bytes]:
    """The clean tables of the returns. A submission's rows are named by the hash of its file; what is judged of it, and
    what is expected, is in the two registers, which are small.
    """
    for path in sorted(area.clean_root.glob("*/*.parquet")):
        yield _line("return", path.parent.name, path.name)
    yield from _file_lines(area.clean_root, _files(area.clean("submission"), area.clean("expected")))


def fingerprint_state(lake: Lake, fingerprint: str) -> State:
    """Say whether a release of this fingerprint is current, or was rolled back from, or would be something new."""
    try:
        current = current_release(lake)
    except ReleaseError:
        current = None
    if current is not None and current.fingerprint == fingerprint:
        return "current"
    return "withdrawn" if fingerprint[:12] in withdrawn_ids(lake) else "new"

"""A release built again from what is kept, and compared with itself table by table: the answer of `hiw verify`.

The files of the sources are parsed again from raw/, each found by the sha256 in the release's `meta.inputs`. The clean tables of the
returns are those of that day by their sha256 (made_of.py); intake is not repeated. dbt builds the models in a temporary folder. Nothing of
the data folder changes. Hashes of tables ignore the order of rows.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts.source import Source, load_sources
from dagster_project.duck import connection
from dagster_project.lake.acceptance import point_to
from dagster_project.lake.clean_writer import build_clean_table, write_empty
from dagster_project.lake.files import hash_file
from dagster_project.lake.paths import EMPTY, VERIFYING, Lake
from dagster_project.lake.run import Run
from dagster_project.lake.snapshots import Snapshot, read_provenance
from dagster_project.release.candidate import selected
from dagster_project.release.contents import MAIN, attach, columns_of, content_hash, qualified, tables_of
from dagster_project.release.dbt_artifacts import ExposedModel, read_exposed_models
from dagster_project.release.errors import ReleaseError
from dagster_project.release.made_of import MadeOf
from dagster_project.release.publication import FILLED, PUBLICATION
from dagster_project.release.releases import Release, find_problems
from dagster_project.release.state import inputs_fingerprint
from dagster_project.returns.area import ReturnsArea, make_private_folder, write_private
from dagster_project.returns.clean_tables import write_empty_returns
from dagster_project.transform.dbt import BUILD, prepare_manifest, run_dbt
from dagster_project.transform.indicator_table import write_indicator_tables
from dagster_project.transform.source_table import write_source_table

MODELS = (*BUILD, "--exclude-resource-type", "test")
RETURNS = "returns"
SAID = "verify.log"


@dataclass(frozen=True)
class Difference:
    """A table that is not the same when it is built again, without its values."""

    table: str
    rows_published: int | None
    """None where the release has no such table."""
    rows_again: int | None
    """None where the project builds no such table."""
    columns: tuple[str, ...] = ()
    """Columns whose values differ; empty where each column is the same and only rows differ in what they combine."""

    def __str__(self) -> str:
        if self.rows_again is None or self.rows_published is None:
            return f"{self.table}: " + ("not built any more" if self.rows_again is None else "not in the release")
        where = ", ".join(self.columns) or "which values are in one row"
        return f"{self.table}: differs in {where} ({self.rows_published:,} rows published, {self.rows_again:,} built again)"


@dataclass(frozen=True)
class Verification:
    """What came of building a release again."""

    release: str
    tables: int
    """Tables that were compared."""
    differences: tuple[Difference, ...] = ()
    lost: tuple[str, ...] = ()
    """Inputs that are no longer kept, or not with the bytes that they had: nothing was built."""
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Say whether every table has the same content."""
        return not self.differences and not self.lost

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for --json."""
        return asdict(self) | {"same": self.same}

    def lines(self) -> list[str]:
        """Return the lines for people."""
        if self.lost:
            verdict = f"{self.release} cannot be built again: {len(self.lost):,} of its inputs are no longer kept"
            return [verdict, *(f"  {one}" for one in self.lost), *self.notes]
        if self.same:
            return [f"{self.release}: the same, all {self.tables} tables", *self.notes]
        verdict = f"{self.release}: {len(self.differences)} of {self.tables} tables differ"
        return [verdict, *(f"  {one}" for one in self.differences), *self.notes]


def verify(run: Run, release: Release) -> Verification:
    """Build a kept release again and compare.

    Raises LakeError when a file cannot be parsed any more, dbt fails, or another run keeps the data folder.
    """
    lake = run.lake
    with run.lock():
        lake.temporary.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=lake.temporary, prefix=VERIFYING) as folder:
            return _verify(run, release, run.elsewhere(Path(folder), release.origin))


def _verify(run: Run, release: Release, again: Run) -> Verification:
    lake = run.lake
    snapshots, lost = _snapshots(lake, release)
    found = dict(MadeOf(ReturnsArea.of(lake), release.release_id).kept())
    tables = {name: path for name, path in found.items() if path is not None}
    lost += [f"returns: {name}" for name in found if name not in tables]
    lost += [] if found else ["returns: there is no record of what was in use"]
    if lost:
        return Verification(release.name, 0, lost=tuple(lost))
    _lay_out_returns(ReturnsArea.of(again.lake), tables)
    _parse(again, snapshots)
    _build(again, ReturnsArea.of(lake))
    notes = list(find_problems(lake, release.name))
    if inputs_fingerprint(again.lake, load_sources().values(), release.origin) != release.fingerprint:
        notes.append(f"the project is not the one that built the release (then {release.code_version})")
    compared, differences = _compare(again, release)
    return Verification(release.name, compared, tuple(differences), notes=tuple(notes))


# -- what is kept -----------------------------------------------------------------------------------------------------


def _snapshots(lake: Lake, release: Release) -> tuple[list[Snapshot], list[str]]:
    """The files of the sources that the release names, and those that are not kept as they were."""
    with connection(release.marts, read_only=True) as con:
        listed = con.execute(
            "select slug, entity, period, url, sha256 from meta.inputs where slug <> ? order by all", [RETURNS]
        ).fetchall()
    found, lost = [], []
    for slug, entity, period, url, sha256 in listed:
        folder = lake.snapshot(slug, period, sha256)
        try:
            path = folder / str(read_provenance(folder)["file"])
            if hash_file(path) != sha256:
                raise ValueError(path)
        except (OSError, ValueError, KeyError):
            lost.append(f"{slug}: {entity} {period}, sha256 {sha256} ({url})")
            continue
        found.append(Snapshot(slug, entity, period, url, sha256, release.origin, path))
    return found, lost


def _lay_out_returns(area: ReturnsArea, tables: Mapping[str, Path]) -> None:
    write_empty_returns(area)
    for name, path in tables.items():
        target = area.clean_root / name
        make_private_folder(target.parent, within=area.root)
        shutil.copyfile(path, target)


# -- building ---------------------------------------------------------------------------------------------------------


def _parse(again: Run, snapshots: list[Snapshot]) -> None:
    sources = load_sources()
    again.lake.temporary.mkdir(parents=True)
    for source in sources.values():
        for entity in source.entities:
            folder = again.lake.current(source.slug, entity.name, again.origin)
            folder.mkdir(parents=True)
            write_empty(entity, folder / EMPTY)
    gone = sorted({one.source for one in snapshots} - set(sources))
    if gone:
        raise ReleaseError(
            "the release cannot be built again",
            f"the project has no source {', '.join(gone)} any more",
            "check out the commit that built it (code_version in its manifest.json)",
        )

    def parse(snapshot: Snapshot) -> None:
        _parse_one(again, sources[snapshot.source], snapshot)

    with ThreadPoolExecutor(again.limits.threads) as pool:
        for _ in pool.map(parse, snapshots):
            pass


def _parse_one(again: Run, source: Source, snapshot: Snapshot) -> None:
    lake = again.lake
    vintage = lake.clean_vintage(source.slug, snapshot.entity, snapshot.period, snapshot.sha256, source.fingerprint)
    with tempfile.TemporaryDirectory(dir=lake.temporary) as workspace:
        build_clean_table(source, snapshot, vintage, Path(workspace), replace(again.limits, threads=1))
    point_to(lake.current(source.slug, snapshot.entity, snapshot.origin) / f"{snapshot.period}.parquet", vintage)


def _build(again: Run, area: ReturnsArea) -> None:
    write_source_table(again.lake)
    write_indicator_tables(again.lake)
    prepare_manifest(again)
    built = run_dbt(again, *MODELS)
    if built.returncode:
        write_private(area.made_of_root / SAID, (built.stdout + built.stderr).encode(), area)
        raise ReleaseError(
            "the release could not be built again",
            f"dbt ended with {built.returncode}",
            f"read returns/made_of/{SAID}; where the project has changed since, check out the commit that built the release",
        )


# -- comparing --------------------------------------------------------------------------------------------------------


def _compare(again: Run, release: Release) -> tuple[int, list[Difference]]:
    models = {model.name: model for model in read_exposed_models(again.lake.dbt_target / "manifest.json")}
    with connection(None, limits=again.limits) as con:
        attach(con, again.lake.warehouse, "warehouse")
        attach(con, release.marts, "published")
        relations = {name: _built(model, release.release_id) for name, model in models.items()}
        published = {name: _published(name) for schema, name in tables_of(con, "published") if schema == MAIN}
        names = sorted(relations.keys() | published.keys())
        found = [_difference(con, name, published.get(name), relations.get(name)) for name in names]
    return len(names), [one for one in found if one is not None]


def _built(model: ExposedModel, release_id: str) -> str:
    columns = selected(model, release_id, leave_out=FILLED if model.name == PUBLICATION else ())
    return f"(select {columns} from {qualified('warehouse', model.schema, model.alias)})"


def _published(name: str) -> str:
    """The table without what only the sealing knows."""
    left_out = f"exclude ({', '.join(FILLED)})" if name == PUBLICATION else ""
    return f"(select * {left_out} from {qualified('published', MAIN, name)})"


def _difference(
    con: duckdb.DuckDBPyConnection, name: str, published: str | None, again: str | None
) -> Difference | None:
    hashes = [content_hash(con, relation) if relation else ("", None) for relation in (published, again)]
    if hashes[0] == hashes[1]:
        return None
    columns = tuple(_differing(con, published, again)) if published and again else ()
    return Difference(name, hashes[0][1], hashes[1][1], columns)


def _differing(con: duckdb.DuckDBPyConnection, published: str, again: str) -> Iterator[str]:
    for column, _ in columns_of(con, published):
        cells = [f"(select {qualified(column)} from {relation})" for relation in (published, again)]
        try:
            if content_hash(con, cells[0]) != content_hash(con, cells[1]):
                yield column
        except duckdb.BinderException:
            yield column

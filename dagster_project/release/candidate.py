"""The candidate: one fresh DuckDB file with the exposed marts and the schema `meta`, and nothing else.

A draft is a candidate that gate 2 has not judged yet. Not here: the judging (quality/marts.py) and what follows from it
(evidence.py, publish.py).
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Container, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import quote_literal
from dagster_project.lake.files import require_free_space
from dagster_project.lake.paths import Origin
from dagster_project.lake.warehouse import attach_warehouse, is_there
from dagster_project.release.changes import find_changes
from dagster_project.release.contents import (
    MAIN,
    TableContent,
    attach,
    attach_to_write,
    columns_of,
    count_rows,
    discard,
    qualified,
    read_contents,
    sync_file,
    tables_of,
)
from dagster_project.release.dbt_artifacts import RELEASE_ID, ExposedModel
from dagster_project.release.dictionary import WAREHOUSE, Ancestry, describe_column
from dagster_project.release.errors import ReleaseError, failed
from dagster_project.release.grown import Grown
from dagster_project.release.inputs import Input, inputs_in_use, source_statuses
from dagster_project.release.macros import add_measure_macros, read_measure_macros
from dagster_project.release.meta import META_BY_NAME, comment, create_meta, insert, with_unit
from dagster_project.release.project import ReleaseProject
from dagster_project.release.releases import built_at_of, current_release, list_releases, release_name, release_names
from dagster_project.release.versions import code_version
from dagster_project.release.worked_examples import read_examples

DRAFT_PREFIX = "draft-"
UNTOUCHED = "what is published is untouched, start the nightly run again"
ABANDONED_AFTER_SECONDS = 3600
"""A draft that is older was left by a killed run: building and judging one takes seconds."""


@dataclass(frozen=True)
class Draft:
    """A candidate before it is judged. `contents` are the published tables as they were built."""

    path: Path
    release_id: str
    fingerprint: str
    built_at: dt.datetime
    origin: Origin
    contents: tuple[TableContent, ...]

    @property
    def rows(self) -> dict[str, int]:
        """Return the rows of each published table."""
        return {table.name: table.rows for table in self.contents}


def build_candidate(project: ReleaseProject, *, origin: Origin, fingerprint: str) -> Draft:
    """Copy the exposed marts out of the warehouse into a new file, describe them, and fill `meta`.

    `fingerprint` is that of everything the release is made from (state.py). Raises ReleaseError when the warehouse and the
    manifest do not agree, or when something that is to be published has no description.
    """
    lake = project.lake
    _sweep_abandoned(lake.candidates)
    if not is_there(project.run):
        raise ReleaseError("there is no warehouse to release", f"{lake.warehouse.name} does not exist", "run dbt build")
    if lake.warehouse.exists():
        require_free_space(lake.candidates, 2 * lake.warehouse.stat().st_size)
    built_at = _next_stamp(project)
    lake.candidates.mkdir(parents=True, exist_ok=True)
    path = lake.candidates / f"{DRAFT_PREFIX}{release_name(built_at, fingerprint[:12])}.duckdb"
    try:
        _write(path, project, origin, fingerprint, built_at)
        return open_draft(project, path)
    except BaseException as error:
        discard(path)
        if isinstance(error, duckdb.Error | OSError):
            raise failed("the candidate could not be built", error, UNTOUCHED) from error
        raise


def _write(path: Path, project: ReleaseProject, origin: Origin, fingerprint: str, built_at: dt.datetime) -> None:
    with project.engine() as con:
        attach_warehouse(con, project.run)
        for model in project.models:
            _require_described(con, model)
        grown = Grown(project.lake.build / "grown.duckdb").copy(con, project.models, path)
        attach_to_write(con, path, "draft")
        # One transaction: two hundred comments, each synced by itself, took a second.
        con.execute("begin transaction")
        for model in project.models:
            (_complete_mart if model.name in grown else _copy_mart)(con, model, fingerprint[:12])
            texts = {column.name: with_unit(column.description, column.unit) for column in model.columns}
            comment(con, qualified("draft", MAIN, model.name), model.description, texts)
        add_measure_macros(con, read_measure_macros(project.manifest))
        create_meta(con, "draft")
        _fill_meta(con, project, origin, fingerprint, built_at)
        con.execute("commit")
        con.execute("checkpoint draft")
        con.execute("detach draft")
    sync_file(path)


def _sweep_abandoned(folder: Path) -> None:
    for path in folder.glob(f"{DRAFT_PREFIX}*"):
        if time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS:
            path.unlink(missing_ok=True)


def _next_stamp(project: ReleaseProject) -> dt.datetime:
    """Now, but never before the newest release or draft: names keep their order even if the clock is put back."""
    now = project.run.clock()
    drafts = project.lake.candidates.glob(f"{DRAFT_PREFIX}*.duckdb")
    names = [*release_names(project.lake), *(path.stem.removeprefix(DRAFT_PREFIX) for path in drafts)]
    stamps = [built_at_of(name) for name in names]
    return max([now, *(stamp + dt.timedelta(microseconds=1) for stamp in stamps)])


def _copy_mart(con: duckdb.DuckDBPyConnection, model: ExposedModel, release_id: str) -> None:
    """One mart, ordered by its key: the same rows give the same file, and equal codes beside each other compress well."""
    con.execute(
        f"create table {qualified('draft', MAIN, model.name)} as select {selected(model, release_id)} "
        f"from {model.built} order by {_order(model)}"
    )


def _complete_mart(con: duckdb.DuckDBPyConnection, model: ExposedModel, release_id: str) -> None:
    """A mart that came with the file (grown.py): the column of the release, which takes no room, and the periods that are newer."""
    target, column, part = qualified("draft", MAIN, model.name), qualified(RELEASE_ID.name), qualified(model.part)
    con.execute(f"alter table {target} add column {column} varchar default {quote_literal(release_id)}")
    con.execute(f"alter table {target} alter column {column} drop default")
    con.execute(
        f"insert into {target} select {selected(model, release_id)} from {model.built} "
        f"where {part} not in (select distinct {part} from {target}) order by {_order(model)}"
    )


def _order(model: ExposedModel) -> str:
    return ", ".join(qualified(name) for name in model.key)


def selected(model: ExposedModel, release_id: str, *, leave_out: Container[str] = ()) -> str:
    """Return the columns of a mart in a release, some left out; the column of the release is added here."""
    names = [qualified(name) for name in model.built_names if name not in leave_out]
    return ", ".join([*names, f"{quote_literal(release_id)} as {qualified(RELEASE_ID.name)}"])


def _require_described(con: duckdb.DuckDBPyConnection, model: ExposedModel) -> None:
    try:
        found = {name for name, _ in columns_of(con, model.built)}
    except duckdb.CatalogException as error:
        raise ReleaseError(f"the warehouse has no {model.name}", str(error), "run dbt build") from error
    if found != set(model.built_names):
        raise ReleaseError(
            f"{model.name} in the warehouse is not as the manifest describes it",
            f"only on one side: {', '.join(sorted(found ^ set(model.built_names)))}",
            "describe every column in the YAML beside the model, then run dbt build",
        )


# -- meta -------------------------------------------------------------------------------------------------------------


def _fill_meta(
    con: duckdb.DuckDBPyConnection, project: ReleaseProject, origin: Origin, fingerprint: str, built_at: dt.datetime
) -> None:
    sources = list(project.sources.values())
    inputs = inputs_in_use(project.lake, sources, origin)
    statuses = source_statuses(project.lake, sources, origin, built_at.date())
    insert(con, "draft", "source_status", [asdict(status) for status in statuses])
    insert(con, "draft", "inputs", [*(_input_row(item) for item in inputs), *_return_rows(con)])
    insert(con, "draft", "rejects", [row for item in inputs for row in _reject_rows(con, item)])
    insert(con, "draft", "example_queries", example_rows(project, {}))
    insert(con, "draft", "glossary", [term.row() for term in project.dictionary.terms])
    tables = [model.name for model in project.models]
    insert(con, "draft", "worked_examples", list(read_examples(project.manifest, tables)))
    insert(con, "draft", "data_dictionary", list(_dictionary(con, project)))
    insert(con, "draft", "releases", list(_release_rows(con, project, origin, fingerprint, built_at)))
    insert(con, "draft", "changes", find_changes(con, project, current_marts(project)))


def current_marts(project: ReleaseProject) -> Path | None:
    """Return the file that is published now; None before the first release and when the pointer leads nowhere."""
    try:
        release = current_release(project.lake)
    except ReleaseError:
        return None
    return None if release is None or not release.marts.exists() else release.marts


def _input_row(item: Input) -> dict[str, Any]:
    row = {name: getattr(item, name) for name in ("slug", "entity", "period", "sha256", "url", "retrieved_at", "file")}
    return row | {"rows_count": int(item.report["clean_rows"])}


def example_rows(project: ReleaseProject, rows: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the rows of meta.example_queries: those that give rows first, else in the order of their files. `rows` are known by name."""
    listed = [query.model_dump() | {"rows_count": rows.get(query.name)} for query in project.example_queries]
    return sorted(listed, key=lambda row: not row["rows_count"])


def _return_rows(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """The submissions in use, by hash and id: no path, no address, and no count of rows, which nobody has rounded."""
    table = "int_returns__submission"
    there = "select 1 from duckdb_tables() where database_name = 'warehouse' and table_name = ?"
    if not con.execute(there, [table]).fetchall():
        return
    found = con.execute(
        "select lower(collection_code), strftime(period_end, '%Y-%m'), file_sha256, received_at, submission_id "
        f"from {qualified('warehouse', 'restricted', table)} where is_in_use order by all"
    ).fetchall()
    for entity, period, sha256, received_at, submission in found:
        yield {
            "slug": "returns",
            "entity": entity,
            "period": period,
            "sha256": sha256,
            "url": "",
            "retrieved_at": received_at,
            "file": submission,
            "rows_count": None,
        }


def _reject_rows(con: duckdb.DuckDBPyConnection, item: Input) -> Iterator[dict[str, Any]]:
    listed = item.clean.with_suffix(".rejects.parquet")
    if not listed.exists():
        return
    counted = "select column_name, rule, count(distinct record_number) from read_parquet(?) group by all order by all"
    place = {"slug": item.slug, "entity": item.entity, "period": item.period, "sha256": item.sha256, "file": item.file}
    for column, rule, rows in con.execute(counted, [str(listed)]).fetchall():
        yield place | {"column_name": column, "rule": rule, "rejected_rows_count": rows}


def _dictionary(con: duckdb.DuckDBPyConnection, project: ReleaseProject) -> Iterator[dict[str, Any]]:
    """One row for each column of each table, in the order of the catalogue."""
    ancestry = Ancestry.read(project.manifest)
    marts = {model.name: model for model in project.models}
    for schema, table in tables_of(con, "draft"):
        for position, (name, kind) in enumerate(columns_of(con, qualified("draft", schema, table)), start=1):
            place = {"table_schema": schema, "table_name": table, "column_position": position, "column_name": name}
            said = (
                _said_of_mart(project, ancestry, marts[table], name, kind)
                if schema == MAIN
                else _said_of_meta(table, name)
            )
            yield place | {"data_type": kind} | said


def _said_of_mart(
    project: ReleaseProject, ancestry: Ancestry, model: ExposedModel, name: str, kind: str
) -> dict[str, Any]:
    column = next(column for column in model.columns if column.name == name)
    words = {"description": column.description, "table_description": model.description}
    return words | describe_column(project.dictionary, ancestry, model, column, kind)


def _said_of_meta(table: str, name: str) -> dict[str, Any]:
    column = next(column for column in META_BY_NAME[table].columns if column.name == name)
    words = {"description": column.description, "table_description": META_BY_NAME[table].description}
    return words | {"unit": column.unit or None, "code_list": None, "source": WAREHOUSE, "caveat": None}


def _release_rows(
    con: duckdb.DuckDBPyConnection, project: ReleaseProject, origin: Origin, fingerprint: str, built_at: dt.datetime
) -> Iterator[dict[str, Any]]:
    yield {
        "release_id": fingerprint[:12],
        "this_release": True,
        "built_at": _naive(built_at),
        "published_at": None,
        "data_origin": origin,
        "fingerprint": fingerprint,
        "code_version": code_version(),
        "table_count": len(project.models),
        "row_count": sum(count_rows(con, qualified("draft", MAIN, model.name)) for model in project.models),
        "sha256": None,
    }
    for release in reversed(list_releases(project.lake)):
        yield {
            "release_id": release.release_id,
            "this_release": False,
            "built_at": _naive(release.built_at),
            "published_at": _naive(release.published_at),
            "data_origin": release.origin,
            "fingerprint": release.fingerprint,
            "code_version": release.code_version,
            "table_count": len(release.rows),
            "row_count": release.row_count,
            "sha256": release.sha256,
        }


def _naive(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat()


# -- opening a draft again --------------------------------------------------------------------------------------------


def open_draft(project: ReleaseProject, path: Path) -> Draft:
    """Open the draft in that file and hash its tables. Raises ReleaseError when it is not a whole draft."""
    try:
        with project.engine() as con:
            attach(con, path, "draft")
            contents = read_contents(con, "draft", (MAIN,))
            query = "select release_id, fingerprint, built_at, data_origin from draft.meta.releases where this_release"
            row = con.execute(query).fetchone()
    except duckdb.Error as error:
        raise failed(f"{path.name} is not a whole draft", error, UNTOUCHED) from error
    if row is None:
        raise ReleaseError(
            f"{path.name} is not a whole draft", "it does not say which release it is", "build the candidate again"
        )
    return Draft(path, row[0], row[1], row[2].replace(tzinfo=dt.UTC), row[3], contents)


def newest_draft(project: ReleaseProject) -> Draft:
    """Return the draft built last, for a step that runs in another process."""
    drafts = sorted(project.lake.candidates.glob(f"{DRAFT_PREFIX}*.duckdb"))
    if not drafts:
        raise ReleaseError(
            "there is no draft to judge", "none was built, or it is sealed already", "build the candidate"
        )
    return open_draft(project, drafts[-1])

"""Write the clean table of a snapshot as Parquet, with its report and its rejected rows beside it."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts.source import CleanColumn, Correction, Entity, Source
from dagster_project.duck import MACHINE_ERRORS, EngineLimits, quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.clean import ParseJob, one_cell
from dagster_project.lake.files import part_of, sync_folder, write_atomically
from dagster_project.lake.parse_report import ParseReport
from dagster_project.lake.snapshots import Snapshot


def build_clean_table(
    source: Source, snapshot: Snapshot, destination: Path, workspace: Path, limits: EngineLimits
) -> ParseReport:
    """Parse one snapshot into `destination` (Parquet), with its report and its rejected rows beside it.

    Raises LakeError (ParseError, or what an archive or a text file may raise); nothing is left at `destination` then.
    """
    entity = source.entity(snapshot.entity)
    report = ParseReport(
        source.slug, entity.name, snapshot.period, snapshot.sha256, snapshot.path.name, source.fingerprint
    )
    parse = importlib.import_module(f"dagster_project.sources.{source.slug}.parse").parse
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(destination)
    try:
        with scratch_connection(replace(limits, spill=workspace.parent)) as con:
            job = ParseJob(con, source, entity, snapshot, workspace, report)
            with _said_of_the_file(job):
                _write(job, parse(job), part)
            _check_clean(job, part)
            _write_rejects(job, destination.with_suffix(".rejects.parquet"))
        write_atomically(destination.with_suffix(".report.json"), json.dumps(asdict(report), indent=1).encode())
        _put_in_place(part, destination)
    finally:
        part.unlink(missing_ok=True)
    return report


def read_report(clean: Path) -> dict[str, Any]:
    """Return what was written down when a clean table was made (the fields of ParseReport); raises OSError and ValueError."""
    report: dict[str, Any] = json.loads(clean.with_suffix(".report.json").read_text(encoding="utf-8"))
    return report


@contextmanager
def _said_of_the_file(job: ParseJob) -> Iterator[None]:
    """Refuse a file whose layout a parser did not foresee, instead of ending the nightly run of all others."""
    try:
        yield
    except MACHINE_ERRORS:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, duckdb.Error) as error:
        places = [frame for frame in traceback.extract_tb(error.__traceback__) if job.source.slug in frame.filename]
        where = f" (line {places[-1].lineno} of its parse.py)" if places else ""
        raise job.error(
            f"it is not laid out as its parser expects{where}", "look whether rows or columns of the file are missing"
        ) from error


def _write_rejects(job: ParseJob, path: Path) -> None:
    if job.report.records_rejected:
        query = f"copy (select * from rejects order by all) to {quote_literal(str(path))} (format parquet)"
        job.connection.execute(query)
        job.report.rejects_file = "/".join(path.parts[-6:])


def _put_in_place(part: Path, destination: Path) -> None:
    """Give a file that DuckDB wrote its name, so that after a power loss it is whole or absent."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(destination)
    sync_folder(destination.parent)


def _write(job: ParseJob, select: str, part: Path) -> None:
    columns = job.entity.clean_columns
    job.connection.execute(f"create or replace temp view refined as {select}")
    found = [row[0] for row in job.connection.execute("describe refined").fetchall()]
    if set(found) != {column.name for column in columns}:
        difference = sorted(set(found) ^ {column.name for column in columns})
        raise job.error(
            f"the parser and the contract disagree about the columns {difference}", "fix parse.py or source.yml"
        )
    select_list = ", ".join(_corrected(column, job) for column in columns)
    sha256 = quote_literal(job.snapshot.sha256)
    job.on_text(
        f"copy (select {select_list}, {sha256} as snapshot_sha256 from refined) to {quote_literal(str(part))} "
        "(format parquet, compression zstd, row_group_size 32768)"
    )
    job.report.clean_rows = int(one_cell(job.connection, f"select count(*) from {_parquet(part)}"))
    if job.streamed:  # a row is in the table or set aside
        job.prove_streamed(job.report.clean_rows + sum(job.report.set_aside.values()))


def _corrected(column: CleanColumn, job: ParseJob) -> str:
    """The column, cast to its clean type, with the publisher's known errors put right."""
    value = f"cast({quote_identifier(column.name)} as {column.type})"
    for correction in job.entity.corrections:
        covered = _covered(correction)
        if not correction.first_period <= job.snapshot.period <= correction.last_period:
            continue
        if column.name == correction.column:
            value = f"case when {covered} then null else {value} end"
        if column.name == f"{correction.column}_status":
            value = f"case when {covered} then '{correction.status}' else {value} end"
    return f"{value} as {quote_identifier(column.name)}"


def _covered(correction: Correction) -> str:
    codes = ", ".join(quote_literal(code) for code in correction.organisation_codes)
    return f"organisation_code in ({codes})"


def _parquet(path: Path) -> str:
    return f"read_parquet({quote_literal(str(path))})"


def _check_clean(job: ParseJob, part: Path) -> None:
    entity, relation = job.entity, _parquet(part)
    key = ", ".join(quote_identifier(name) for name in entity.key)
    repeated = f"select {key}, count(*) from {relation} group by {key} having count(*) > 1 order by all limit 3"
    if job.connection.execute(repeated).fetchone() is not None:
        _leave_out_equal_rows(job, part)
    job.require_none(
        repeated,
        f"rows with the same key ({', '.join(entity.key)})",
        "look whether the file holds two editions of the same rows",
    )
    if entity.period_column:
        job.require_none(
            f"select distinct {quote_identifier(entity.period_column)} from {relation} "
            f"where {quote_identifier(entity.period_column)} is distinct from date {quote_literal(job.period_start.isoformat())}",
            f"the file is listed as {job.snapshot.period} but holds another period",
            "look whether the publisher linked the wrong file; the snapshot is kept",
        )
    _guard_corrections(job)
    _count_statuses(job, relation)


def _leave_out_equal_rows(job: ParseJob, part: Path) -> None:
    """Rows that are equal in every column, the key included, say one thing twice; others are left to be refused."""
    once = job.workspace / "once.parquet"
    job.connection.execute(
        f"copy (select distinct * from {_parquet(part)}) to {quote_literal(str(once))} "
        "(format parquet, compression zstd, row_group_size 32768)"
    )
    shutil.move(once, part)
    rows = int(one_cell(job.connection, f"select count(*) from {_parquet(part)}"))
    job.set_aside("rows equal to another row", job.report.clean_rows - rows)
    job.report.clean_rows = rows


def _guard_corrections(job: ParseJob) -> None:
    for correction in job.entity.corrections:
        if not correction.first_period <= job.snapshot.period <= correction.last_period:
            continue
        column = quote_identifier(correction.column)
        job.require_none(
            f"select organisation_code, {column} from refined where {_covered(correction)} and {column} <> {correction.when_value}",
            f"the correction of {correction.column} no longer fits, the publisher seems to have fixed it",
            "take the correction out of source.yml, or narrow its organisations or periods",
        )
        applied = job.report.corrections_applied
        applied[correction.column] = applied.get(correction.column, 0) + job.count("refined", _covered(correction))


def _count_statuses(job: ParseJob, relation: str) -> None:
    statuses = [column.name for column in job.entity.clean_columns if column.name.endswith("_status")]
    for name in statuses:
        query = f"select {quote_identifier(name)}, count(*) from {relation} where {quote_identifier(name)} <> 'published' group by 1 order by 1"
        for status, cells in job.connection.execute(query).fetchall():
            job.report.statuses[status] = job.report.statuses.get(status, 0) + cells


def write_empty(entity: Entity, path: Path) -> None:
    """Write an empty table of the entity's shape, so that staging finds columns before the first file has come."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(
        f"cast(null as {column.type}) as {quote_identifier(column.name)}" for column in entity.clean_columns
    )
    part = part_of(path)
    with scratch_connection() as con:
        con.execute(
            f"copy (select {columns}, cast(null as varchar) as snapshot_sha256 limit 0) to {quote_literal(str(part))} (format parquet)"
        )
    part.replace(path)
